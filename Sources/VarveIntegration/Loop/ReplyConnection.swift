// ReplyConnection.swift — the connection on which answers leave, in bundles that the broker's plugin publishes.
//
// It is not the connection of the messages, because answers would wait there behind the acknowledgements. The broker
// reads one packet of a client and then one of each other client: under a flood of 20 senders, one acknowledgement
// leaves for 20 messages that come.
//
// Invariants:
// - An answer is queued only after its commit, and only `exchange` and `disconnect` send it.
// - If this connection breaks, the loop drops the connection of the messages as well: messages that it has not
//   acknowledged come again and are answered again.

import Synchronization
import VarveAccess
import VarveChannel
import VarveMQTT
import VarvePlatform

/// Sends answers; used by the loop's thread.
final class ReplyConnection: MQTTReceiver {
    private let login: MQTTOptions
    private let options: IngestOptions
    private var proof: ProofExchange
    /// The loop also waits for its socket.
    private(set) lazy var connection = MQTTConnection(login, receiver: self)
    private var session: SessionStateMachine
    private var bundle = ReplyBundle()
    /// Bytes that were queued since the last time that nothing waited to be sent.
    private var unsentBytes = 0

    /// Bytes of answers that may wait; above it, no message is read until all answers have left.
    private static let maximumUnsentBytes = 16 << 20

    init(_ login: MQTTOptions, _ options: IngestOptions) {
        self.login = login
        self.options = options
        proof = ProofExchange(options.proof)
        session = SessionStateMachine(options.terms(subscribes: false))
    }

    /// Whether so many answers wait that no more messages should be read.
    var isFull: Bool { unsentBytes >= Self.maximumUnsentBytes }
    /// Whether something waits to be sent.
    var wantsFlush: Bool { connection.wantsFlush }

    private static var now: Int64 { SystemClock.monotonicNanoseconds() }

    /// Logs in and waits until the broker has accepted the login and proved itself, or until the loop is to stop.
    ///
    /// - Throws: `SessionStateMachine.Failure` if the login fails, and what `ProofExchange.open` throws.
    func logIn(_ control: IngestLoop.Control) throws {
        // A session of its own for each attempt: the loop's session makes the pauses between attempts.
        session = SessionStateMachine(options.terms(subscribes: false))
        unsentBytes = 0
        bundle.removeAll()
        while !session.isReady, !control.isStopping.load(ordering: .relaxed) {
            switch session.next(now: Self.now) {
            case .connect:
                try proof.open(connection, options)
                session.note(.opened, now: Self.now)
            case .exchange:
                do {
                    try exchangeLogin(control)
                } catch {
                    // The library reports a refused login as a breach of the protocol too: the first failure counts.
                    session.note(.failed(SessionStateMachine.Failure(error)), now: Self.now)
                }
            case .drop(let failure), .giveUp(let failure): throw failure
            case .wait, .subscribe, .sayGoodbye, .end: return
            }
        }
    }

    private func exchangeLogin(_ control: IngestLoop.Control) throws {
        if session.mayWrite { try connection.flush() }
        guard connection.wait(milliseconds: 1000, wakeup: control.wakeup.descriptor) else { return }
        try connection.readAvailable { false }
        session.note(.heard(heldBytes: 0), now: Self.now)
    }

    /// Queues answers; their commit must be durable.
    ///
    /// - Parameter unsendable: Called with the reply topic of each answer that cannot be sent.
    /// - Throws: `MQTTError` if the connection is broken.
    func queue(_ replies: ReplyGroup, unsendable: (String) -> Void) throws {
        try replies.forEach { reply, payload, correlation in
            var (topic, client) = (reply.topic, reply.client ?? "")
            let isAdded = try topic.withUTF8 { topic in
                try client.withUTF8 { client in
                    let answer = ForwardedReply(
                        qos: reply.qos, topic: UnsafeRawBufferPointer(topic),
                        client: UnsafeRawBufferPointer(client), correlation: correlation, payload: payload)
                    if !bundle.hasRoom(for: answer.byteCount + client.count) { try send() }
                    return bundle.append(answer)
                }
            }
            if !isAdded { unsendable(reply.topic) }
        }
        try send()
    }

    /// Queues a message of the service that is no answer; drops it if the plugin would not publish it.
    ///
    /// - Throws: `MQTTError` if the connection is broken.
    func queue(_ notice: ClientNotice) throws {
        var (topic, client) = (notice.topic, notice.client)
        _ = topic.withUTF8 { topic in
            client.withUTF8 { client in
                notice.payload.withUnsafeBytes { payload in
                    bundle.append(
                        ForwardedReply(
                            qos: 1, topic: UnsafeRawBufferPointer(topic),
                            client: UnsafeRawBufferPointer(client),
                            correlation: UnsafeRawBufferPointer(start: nil, count: 0), payload: payload))
                }
            }
        }
        try send()
    }

    /// Queues the bundle as one message and empties it.
    private func send() throws {
        guard !bundle.isEmpty else { return }
        try bundle.bytes.withUnsafeBytes { payload in
            _ = try connection.publish(topic: ControlTopic.replies, payload: payload, qos: 0)
        }
        unsentBytes += bundle.bytes.count
        bundle.removeAll()
    }

    /// Reads what the broker has sent, and sends what is queued, as far as the socket takes it.
    ///
    /// - Throws: `MQTTError` if the connection is broken.
    func exchange() throws {
        // The last look at the socket was before the commit. If the broker has closed it since, answers would be lost.
        if connection.wait(milliseconds: 0) { try connection.readAvailable { false } }
        try connection.housekeeping()
        try connection.flush()
        if !connection.wantsFlush { unsentBytes = 0 }
    }

    /// Closes the connection at once; queued answers are not sent.
    func drop() { connection.drop() }

    /// Sends what is queued and a DISCONNECT, as far as the socket takes them at once, and closes.
    func disconnect() {
        guard session.isReady else { return connection.drop() }
        connection.disconnect()
    }

    // MARK: MQTTReceiver

    func connected(refusal: MQTTError?, hasSession: Bool) {
        session.note(refusal.map { .failed(.loginRefused($0)) } ?? .accepted, now: Self.now)
    }

    func subscribed(id: Int32, codes: [Int32]) {}

    func received(_ message: MQTTMessageView) {
        // The proof is the only message that this connection takes.
        guard proof.answer(topic: message.topic, payload: message.payload) == .right else { return }
        session.note(.proven, now: Self.now)
    }

    func published(id: Int32) {}
}
