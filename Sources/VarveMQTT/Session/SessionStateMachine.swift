// SessionStateMachine.swift — login and session at a broker, decided without a socket, a clock or a thread.
//
// The owner does the I/O: it reports what happened (`note`) and asks what to do (`next`), each with the time. The states
// and their order are drawn in <doc:Sessions>.
//
// Invariants:
// - Between an accepted login and the broker's proof `mayWrite` is false: nothing is acknowledged to a broker that may
//   be another. Only from the proof on `isTrusted` is true, and what came may be believed.
// - `isReady` is true only once the login was accepted, the proof given and the subscription granted, as far as they
//   are wanted.
// - The first failure of a connection is the one that is told; after it nothing counts until the owner has dropped
//   the connection.
// - `next` may be asked any number of times: only `drop`, `giveUp` and `subscribe` change the state.

/// What happens between a client and its broker, from one connection to the next.
public struct SessionStateMachine: Sendable {
    /// What the owner wants of a session.
    public struct Terms: Sendable {
        /// The proof that a broker must give before it is believed.
        public struct Proof: Sendable {
            /// The bytes that may come before the proof; a broker that sends more is dropped.
            public var heldBytes: Int
            /// How long the broker may be silent before the proof, in nanoseconds.
            public var patience: Int64

            /// Describes a proof.
            public init(heldBytes: Int, patience: Int64) {
                self.heldBytes = heldBytes
                self.patience = patience
            }
        }

        /// The proof that is wanted; nil: every broker is believed.
        public var proof: Proof?
        /// Whether there is something to subscribe to.
        public var subscribes: Bool
        /// Whether a refused login or subscription ends all attempts.
        public var givesUpRefused: Bool
        /// How long the broker may take for its answer to the login, and to the subscription, in nanoseconds.
        public var answerTime: Int64 = 10_000_000_000
        /// The waits between attempts.
        public var backoff: Backoff

        /// Describes what is wanted.
        public init(proof: Proof? = nil, subscribes: Bool, givesUpRefused: Bool = false, backoff: Backoff) {
            self.proof = proof
            self.subscribes = subscribes
            self.givesUpRefused = givesUpRefused
            self.backoff = backoff
        }
    }

    /// What happened.
    public enum Event: Equatable, Sendable {
        /// The connection is open and the login queued.
        case opened
        /// The broker accepted the login.
        case accepted
        /// Bytes of the broker came; so many are held and wait for its proof.
        case heard(heldBytes: Int)
        /// The broker has given the right proof.
        case proven
        /// The broker granted the subscription.
        case subscribed
        /// The connection could not be opened, broke, or the broker refused something.
        case failed(Failure)
        /// The owner cannot go on at the moment, whatever the broker does; it tries again after these nanoseconds.
        case interrupted(pause: Int64)
        /// The owner has closed the connection by itself, and may open another at once.
        case closed
        /// The owner wants to end.
        case stopping
    }

    /// Why a connection is given up.
    public enum Failure: Error, Hashable, Sendable {
        /// The broker could not be reached, or the connection broke.
        case lost(MQTTError)
        /// The broker refused the login.
        case loginRefused(MQTTError)
        /// The broker refused a subscription, with this code.
        case subscriptionRefused(code: Int32)
        /// The broker did not answer the login or the subscription in time.
        case silent
        /// The broker did not prove itself: it was silent, or sent too much before.
        case unproven
        /// Who listens at the broker's place is not the broker; why.
        case distrusted(String)
        /// The owner could not go on.
        case interrupted
    }

    /// What the owner is to do.
    public enum Action: Equatable, Sendable {
        /// Wait until this time, and open no connection before.
        case wait(until: Int64)
        /// Open a connection; then note `opened` or `failed`.
        case connect
        /// Send what is queued if `mayWrite`, read what comes, and note what it was.
        case exchange
        /// Queue the subscription.
        case subscribe
        /// Close the connection; nothing that is queued may leave.
        case drop(Failure)
        /// As `drop`, and there is no use in trying again.
        case giveUp(Failure)
        /// Send what is queued, say goodbye and close; the end.
        case sayGoodbye
        /// Close the connection, if there is one, without a word; the end.
        case end
    }

    private enum State: Equatable, Sendable {
        /// There is no connection, and none is to be opened before this time.
        case down(until: Int64)
        /// `isProven`: the proof came first.
        case awaitingLogin(deadline: Int64, isProven: Bool)
        /// `heard`: when the broker last said something.
        case awaitingProof(deadline: Int64, heard: Int64)
        /// All is there for the subscription.
        case trusted
        case awaitingSubscription(deadline: Int64)
        case ready
        /// `pause`: how long to wait then; nil for what the backoff says.
        case failed(Failure, pause: Int64?)
    }

    private let terms: Terms
    private var backoff: Backoff
    private var state = State.down(until: .min)
    private var isStopping = false

    /// How often the session became ready.
    public private(set) var generation = 0

    /// Begins without a connection.
    public init(_ terms: Terms) {
        self.terms = terms
        backoff = terms.backoff
    }
}

// MARK: - What may be done

extension SessionStateMachine {
    /// Whether messages may be sent, and are taken.
    public var isReady: Bool { state == .ready }

    /// Whether what the broker sends may be believed, committed and answered.
    public var isTrusted: Bool {
        switch state {
        case .trusted, .awaitingSubscription, .ready: true
        case .down, .awaitingLogin, .awaitingProof, .failed: false
        }
    }

    /// Whether what is queued may leave: the login itself, and everything from the proof on.
    public var mayWrite: Bool {
        if case .awaitingLogin = state { return true }
        return isTrusted
    }

    /// Whether there is a connection that may still become ready.
    public var isOpening: Bool {
        switch state {
        case .awaitingLogin, .awaitingProof, .trusted, .awaitingSubscription: true
        case .down, .ready, .failed: false
        }
    }

    /// Whether the connection has failed and is to be dropped.
    public var hasFailed: Bool {
        if case .failed = state { true } else { false }
    }
}

// MARK: - Events and actions

extension SessionStateMachine {
    /// Takes note of what happened; allowed inside a receiver's calls, too.
    ///
    /// - Parameter now: Nanoseconds of a clock that never goes back.
    public mutating func note(_ event: Event, now: Int64) {
        switch (event, state) {
        case (.stopping, _): isStopping = true
        case (.closed, _): state = .down(until: now)
        case (_, .failed): break
        case (.failed(let failure), _): state = .failed(failure, pause: nil)
        case (.interrupted(let pause), _): state = .failed(.interrupted, pause: pause)
        case (.opened, .down):
            state = .awaitingLogin(deadline: now + terms.answerTime, isProven: terms.proof == nil)
        case (.accepted, .awaitingLogin(_, isProven: true)): trust()
        case (.accepted, .awaitingLogin(let deadline, _)):
            state = .awaitingProof(deadline: deadline, heard: now)
        case (.proven, .awaitingLogin(let deadline, _)):
            state = .awaitingLogin(deadline: deadline, isProven: true)
        case (.proven, .awaitingProof): trust()
        case (.heard(let heldBytes), .awaitingProof(let deadline, _)):
            let isTooMuch = heldBytes > terms.proof?.heldBytes ?? 0
            state =
                isTooMuch ? .failed(.unproven, pause: nil) : .awaitingProof(deadline: deadline, heard: now)
        case (.subscribed, .awaitingSubscription): becomeReady()
        case (.opened, _), (.accepted, _), (.proven, _), (.heard, _), (.subscribed, _): break
        }
    }

    /// What the owner is to do now.
    ///
    /// - Parameter now: Nanoseconds of the clock of `note`.
    public mutating func next(now: Int64) -> Action {
        expire(now: now)
        if case .failed(let failure, let pause) = state { return leave(failure, pause, now: now) }
        if isStopping { return mayWrite ? .sayGoodbye : .end }
        switch state {
        case .down(let until): return now >= until ? .connect : .wait(until: until)
        case .trusted:
            state = .awaitingSubscription(deadline: now + terms.answerTime)
            return .subscribe
        case .awaitingLogin, .awaitingProof, .awaitingSubscription, .ready, .failed: return .exchange
        }
    }

    private mutating func trust() {
        if terms.subscribes { state = .trusted } else { becomeReady() }
    }

    private mutating func becomeReady() {
        state = .ready
        generation += 1
        backoff.reset()
    }

    /// Fails where the broker has let a time pass.
    private mutating func expire(now: Int64) {
        switch state {
        case .awaitingLogin(let deadline, _) where now > deadline,
            .awaitingSubscription(let deadline) where now > deadline,
            .awaitingProof(let deadline, _) where now > deadline:
            state = .failed(.silent, pause: nil)
        case .awaitingProof(_, let heard) where now - heard >= terms.proof?.patience ?? .max:
            state = .failed(.unproven, pause: nil)
        default: break
        }
    }

    private mutating func leave(_ failure: Failure, _ pause: Int64?, now: Int64) -> Action {
        if terms.givesUpRefused, failure.isRefusal {
            state = .down(until: now)
            return .giveUp(failure)
        }
        state = .down(until: now + (pause ?? backoff.next()))
        return .drop(failure)
    }
}

extension SessionStateMachine.Failure {
    fileprivate var isRefusal: Bool {
        switch self {
        case .loginRefused, .subscriptionRefused: true
        case .lost, .silent, .unproven, .distrusted, .interrupted: false
        }
    }
}
