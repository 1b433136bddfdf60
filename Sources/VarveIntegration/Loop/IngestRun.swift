// IngestRun.swift — the loop itself: read a group, commit it, let acknowledgements and answers leave.
//
// Invariants:
// - Nothing is written between reading a message and its commit: `flush` is called in one place, with no message
//   waiting. Acknowledgements and answers of a group are queued in that order and leave behind the commit.
// - Between the accepted login and the broker's proof nothing is written at all, no message committed.
// - Where the commit fails, the connection is dropped with all that is queued; the broker sends the messages again.

import Logging
import Synchronization
import VarveFile
import VarveMQTT
import VarveModel

/// One run of the loop, from start to stop; used by one thread.
final class IngestRun: MQTTReceiver {
    /// The store or the registry failed.
    private struct SinkFailure: Error {
        var reason: String
    }

    private let options: IngestOptions
    private let logger: Logger
    private let control: IngestLoop.Control
    private var processor: MessageProcessor
    private var group = MessageGroup()
    private var replies = ReplyGroup()
    private var proof: ProofExchange
    private var brokerBackoff: Backoff
    private var sinkBackoff: Backoff
    private var isLoggedIn = false
    private var refusal: MQTTError?
    private var subscription: Int32?
    private var isSubscribed = false
    /// Whether the plugin knows that nothing waits.
    private var isDrained = false

    /// How long the broker may take to answer the login and the subscription.
    private static let loginNanoseconds: Int64 = 10_000_000_000
    /// How long the last answers may take to leave.
    private static let goodbyeNanoseconds: Int64 = 800_000_000
    /// A wait of this length without a byte says that the broker has nothing for us.
    private static let idleNanoseconds: Int64 = 900_000_000
    /// Where the broker's plugin is told how much has left the queue.
    private static let controlTopic = "$CONTROL/varve/v1"

    init(
        _ options: IngestOptions, _ processor: consuming MessageProcessor, _ logger: Logger,
        _ control: IngestLoop.Control
    ) {
        self.options = options
        self.processor = processor
        self.logger = logger
        self.control = control
        proof = ProofExchange(options.proof)
        brokerBackoff = Backoff(options.retryMilliseconds)
        sinkBackoff = Backoff(options.retryMilliseconds)
    }

    private var isStopping: Bool { control.isStopping.load(ordering: .relaxed) }

    /// Runs until it is told to stop.
    func run() {
        let login = MQTTOptions(
            host: options.host, port: options.port, clientID: options.clientID, username: options.username,
            password: options.password, keepsSession: true, usesVersion5: true,
            keepAliveSeconds: options.keepAliveSeconds)
        let connection = MQTTConnection(login, receiver: self)
        _ = control.counters.enter(.connecting)
        while !isStopping {
            let wait: Int32
            do {
                try serve(connection)
                continue
            } catch let failure as SinkFailure {
                wait = sinkBackoff.next()
                enter(.withoutSink(failure.reason))
            } catch {
                // The library calls a refused login a breach of the protocol.
                let error = refusal.map { proof.refusal($0, place: options.place) } ?? error
                wait = brokerBackoff.next()
                control.counters.refusal = (error as? BrokerRefusal)?.description
                enter(.withoutBroker("\(error)"))
            }
            // What is queued must not leave: its messages are not durable.
            connection.drop()
            group.removeAll()
            _ = control.wakeup.wait(milliseconds: wait)
        }
        _ = control.counters.enter(.stopped)
    }

    /// Logs in and takes messages until it is told to stop.
    private func serve(_ connection: MQTTConnection) throws {
        isLoggedIn = false
        refusal = nil
        subscription = nil
        isSubscribed = false
        isDrained = false
        group.removeAll()
        try proof.open(connection, options)
        let deadline = SystemClock.monotonicNanoseconds() + Self.loginNanoseconds
        while !isStopping {
            let began = SystemClock.monotonicNanoseconds()
            let isReadable = connection.wait(milliseconds: 1000, wakeup: control.wakeup.descriptor)
            let isIdle = !isReadable && SystemClock.monotonicNanoseconds() - began > Self.idleNanoseconds
            if isReadable {
                try connection.readAvailable(until: isFull)
                if isLoggedIn { proof.note(at: SystemClock.monotonicNanoseconds()) }
            }
            try checkProof()
            if proof.isGiven { try commit(connection) }
            try checkLogin(connection, deadline)
            if isIdle, isSubscribed, !isDrained {
                // Nothing came for a whole wait: nothing waits, whatever was counted.
                isDrained = true
                try report("drained", connection)
            }
            try connection.housekeeping()
            // What came before the proof must not be acknowledged.
            if !isLoggedIn || proof.isGiven { try connection.flush() }
        }
        if isLoggedIn, !proof.isGiven { return connection.drop() }
        try sayGoodbye(connection)
    }

    private func isFull() -> Bool {
        // The proof comes behind what waited at the broker, however much that is; its limit is the proof's.
        guard proof.isGiven else { return group.payloadBytes > options.proof?.heldBytes ?? 0 }
        return group.count >= options.groupMessages || group.payloadBytes >= options.groupBytes
    }

    private func checkProof() throws {
        if let refusal { throw refusal }
        try proof.check(
            now: SystemClock.monotonicNanoseconds(), heldBytes: group.payloadBytes, place: options.place)
    }

    /// Follows the login: subscribes once it is accepted, and gives up where the broker is silent.
    private func checkLogin(_ connection: MQTTConnection, _ deadline: Int64) throws {
        if isSubscribed { return }
        if isLoggedIn, proof.isGiven, subscription == nil {
            subscription = try connection.subscribe(
                options.topics, qos: 1, leavesOutOwn: true, leavesOutKnownRetained: true)
        }
        if SystemClock.monotonicNanoseconds() > deadline {
            throw MQTTError.lost("it did not answer the login within 10 seconds")
        }
    }

    /// Commits the group in hand and queues its answers.
    private func commit(_ connection: MQTTConnection) throws {
        guard !group.isEmpty else { return }
        let samples: UInt64
        do {
            samples = try control.processing.withLock { _ in try processor.process(group, into: &replies) }
        } catch {
            control.counters.count { $0.failedCommits += 1 }
            throw SinkFailure(reason: "\(error)")
        }
        sinkBackoff.reset()
        enter(.serving)
        try queueReplies(connection)
        let (messages, bytes) = (UInt64(group.count), UInt64(group.payloadBytes))
        let (answers, refused) = (UInt64(replies.replies.count), UInt64(replies.refused))
        control.counters.count { counts in
            counts.messages += messages
            counts.payloadBytes += bytes
            counts.samples += samples
            counts.commits += 1
            counts.replies += answers
            counts.refused += refused
        }
        group.removeAll()
    }

    private func queueReplies(_ connection: MQTTConnection) throws {
        try replies.forEach { reply, payload in
            do throws(MQTTError) {
                _ = try connection.publish(topic: reply.topic, payload: payload, qos: reply.qos)
            } catch .invalid(let reason) {
                // A topic so long that its reply topic is too long: the message is stored, its sender will not know.
                logger.warning("a reply could not be sent", metadata: ["reason": "\(reason)"])
            }
        }
        try report("consumed \(group.payloadBytes) \(group.count)", connection)
        isDrained = false
    }

    /// Tells the broker's plugin how much no longer waits.
    private func report(_ text: String, _ connection: MQTTConnection) throws {
        try Array(text.utf8).withUnsafeBytes { payload in
            _ = try connection.publish(topic: Self.controlTopic, payload: payload, qos: 0)
        }
    }

    /// Lets the last answers leave and ends the connection; the broker keeps the session.
    private func sayGoodbye(_ connection: MQTTConnection) throws {
        let deadline = SystemClock.monotonicNanoseconds() + Self.goodbyeNanoseconds
        try connection.flush()
        while connection.wantsFlush, SystemClock.monotonicNanoseconds() < deadline {
            _ = connection.wait(milliseconds: 10)
            try connection.flush()
        }
        connection.disconnect()
    }

    /// Takes note of a state, and tells the logger if it is a new one.
    private func enter(_ state: IngestState) {
        guard control.counters.enter(state) else { return }
        let place: Logger.Metadata = ["broker": "\(options.place)"]
        switch state {
        case .serving: logger.info("taking messages from the broker", metadata: place)
        case .withoutBroker(let reason):
            logger.warning(
                "no messages can be taken; trying again",
                metadata: place.merging(["reason": "\(reason)"]) { $1 })
        case .withoutSink(let reason):
            logger.error(
                "messages cannot be stored and stay at the broker; trying again",
                metadata: place.merging(["reason": "\(reason)"]) { $1 })
        case .stopped, .connecting: break
        }
    }

    // MARK: MQTTReceiver

    func connected(refusal: MQTTError?, hasSession: Bool) {
        self.refusal = refusal
        isLoggedIn = refusal == nil
    }

    func subscribed(id: Int32, codes: [Int32]) {
        guard id == subscription else { return }
        guard codes.count == options.topics.count, codes.allSatisfy({ $0 < 128 }) else {
            let reason = "the broker refused the subscription to \(options.topics.joined(separator: ", "))"
            refusal = .refused(code: codes.first { $0 >= 128 } ?? 128, reason: reason)
            return
        }
        isSubscribed = true
        control.counters.refusal = nil
        brokerBackoff.reset()
        control.counters.count { $0.logins += 1 }
        // After a failure of the sink, only a commit shows that it works again.
        if case .withoutSink = control.counters.state { return }
        enter(.serving)
    }

    func received(_ message: MQTTMessageView) {
        if proof.takes(topic: message.topic, payload: message.payload) { return }
        group.append(
            topic: message.topic, payload: message.payload, qos: message.qos,
            arrival: Timestamp(nanoseconds: SystemClock.nanoseconds()),
            client: message.userProperty(options.senderProperty))
    }

    func published(id: Int32) {}
}
