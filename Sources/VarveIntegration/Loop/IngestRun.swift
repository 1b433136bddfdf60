// IngestRun.swift — the loop itself: read a group, commit it, let acknowledgements and answers leave.
//
// Two connections: messages come, and acknowledgements and reports leave, on the one that has the session; answers leave
// on another (see ReplyConnection.swift).
//
// Invariants:
// - Nothing is written between reading a message and its commit: `flush` is called in one place, with no message
//   waiting. What was read at once is committed in slices within the limits of a commit, all of them before the flush.
// - The report of a group stands behind its acknowledgements: the plugin counts a message until the broker has let it
//   go.
// - Between the accepted login and the broker's proof nothing is written at all, and no message committed.
// - Where a commit fails, both connections are dropped with all that is queued; the broker sends the messages again.
// - Memory is bounded whatever the broker sends, see <doc:Memory>.

import Logging
import Synchronization
import VarveAccess
import VarveChannel
import VarveMQTT
import VarveModel
import VarvePlatform

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
    private let answers: ReplyConnection
    private var tally = ConsumptionTally()
    /// Whether more was handed over at once than is held.
    private var isOverrun = false
    /// Acknowledgements queued since none waited to be sent.
    private var unsentAcknowledgements = 0
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
    /// How long messages that were read wait for others before their commit: under a flood there are always more.
    private static let gatherNanoseconds: Int64 = 25_000_000
    /// A wait of this length without a byte says that the broker has nothing for us.
    private static let idleNanoseconds: Int64 = 900_000_000
    /// What is held besides a full group before the connection is dropped.
    ///
    /// libmosquitto 2.0 hands over one message more, as nothing with a quality of service above 0 is published on the
    /// connection.
    private static let overrunMessages = 65_536
    private static let overrunBytes = 64 << 20
    /// Acknowledgements that may wait to be sent; then no message is read until all have left.
    private static let maximumUnsent = 262_144

    init(
        _ options: IngestOptions, _ processor: consuming MessageProcessor, _ logger: Logger,
        _ control: IngestLoop.Control
    ) {
        self.options = options
        self.processor = processor
        self.logger = logger
        self.control = control
        proof = ProofExchange(options.proof)
        answers = ReplyConnection(
            Self.login(options, clientID: options.repliesClientID, keepsSession: false), options)
        brokerBackoff = Backoff(options.retryMilliseconds)
        sinkBackoff = Backoff(options.retryMilliseconds)
    }

    private var isStopping: Bool { control.isStopping.load(ordering: .relaxed) }

    private static func login(_ options: IngestOptions, clientID: String, keepsSession: Bool) -> MQTTOptions {
        MQTTOptions(
            host: options.host, port: options.port, clientID: clientID, username: options.username,
            password: options.password, keepsSession: keepsSession, usesVersion5: true,
            keepAliveSeconds: options.keepAliveSeconds)
    }

    /// Runs until it is told to stop.
    func run() {
        let login = Self.login(options, clientID: options.clientID, keepsSession: true)
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
                control.counters.refusal = (error as? BrokerRefusal)?.description
                wait = brokerBackoff.next()
                enter(.withoutBroker("\(error)"))
            }
            // What is queued must not leave: its messages are not durable.
            connection.drop()
            answers.drop()
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
        isOverrun = false
        unsentAcknowledgements = 0
        group.removeAll()
        try answers.logIn(control)
        if isStopping { return answers.disconnect() }
        try proof.open(connection, options)
        let deadline = SystemClock.monotonicNanoseconds() + Self.loginNanoseconds
        while !isStopping {
            let began = SystemClock.monotonicNanoseconds()
            let ready = MQTTConnection.wait(
                for: [(connection, mayRead), (answers.source, true)], milliseconds: 1000,
                wakeup: control.wakeup.descriptor)
            let isIdle = !ready[0] && SystemClock.monotonicNanoseconds() - began > Self.idleNanoseconds
            if ready[0] { try gather(connection) }
            try checkProof()
            if proof.isGiven { try commit(connection) }
            try checkLogin(connection, deadline)
            if isIdle, mayRead, isSubscribed, !isDrained {
                // Nothing came for a whole wait: nothing waits, whatever was counted.
                isDrained = true
                try report(.drained, connection)
            }
            try answers.turn()
            try connection.housekeeping()
            // What came before the proof must not be acknowledged.
            if !isLoggedIn || proof.isGiven { try connection.flush() }
            if !connection.wantsFlush { unsentAcknowledgements = 0 }
        }
        if isLoggedIn, !proof.isGiven {
            connection.drop()
            return answers.drop()
        }
        try sayGoodbye(connection)
    }

    /// Whether what waits to be sent leaves room for more messages.
    private var mayRead: Bool { unsentAcknowledgements < Self.maximumUnsent && !answers.isFull }

    /// Reads messages until no more are there, a commit's are, or others have waited long enough.
    private func gather(_ connection: MQTTConnection) throws {
        let end = SystemClock.monotonicNanoseconds() + Self.gatherNanoseconds
        try connection.readAvailable {
            group.count >= options.groupMessages || group.heldBytes >= options.groupBytes
                || SystemClock.monotonicNanoseconds() >= end
        }
        if isLoggedIn { proof.note(at: SystemClock.monotonicNanoseconds()) }
    }

    private func checkProof() throws {
        if let refusal { throw refusal }
        try proof.check(
            now: SystemClock.monotonicNanoseconds(), heldBytes: group.heldBytes, place: options.place)
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

    /// Commits the group in hand, slice by slice, and queues its answers.
    private func commit(_ connection: MQTTConnection) throws {
        if isOverrun {
            throw MQTTError.lost(
                "more was handed over at once than \(group.count) messages of \(group.heldBytes) bytes; they come again"
            )
        }
        guard !group.isEmpty else { return }
        var counted = IngestCounts()
        var start = 0
        while start < group.count {
            let slice = group.slice(
                from: start, messages: options.groupMessages, bytes: options.groupBytes)
            counted.samples += try commit(slice)
            counted.commits += 1
            counted.replies += UInt64(replies.replies.count)
            counted.refused += UInt64(replies.refused)
            try answers.queue(replies) { topic in
                // A topic so long that its reply topic is too long: the message is stored, its sender will not know.
                logger.warning(
                    "a reply could not be sent: its topic is too long",
                    metadata: ["topic": "\(topic.prefix(80))"])
            }
            start = slice.upperBound
        }
        sinkBackoff.reset()
        enter(.serving)
        try reportGroup(connection)
        counted.messages = UInt64(group.count)
        counted.payloadBytes = UInt64(group.payloadBytes)
        control.counters.add(counted)
        group.removeAll()
    }

    /// Commits some messages of the group; their answers are in `replies` then.
    private func commit(_ slice: Range<Int>) throws -> UInt64 {
        do {
            return try control.processing.withLock { _ in try processor.process(group, slice, into: &replies)
            }
        } catch {
            control.counters.count { $0.failedCommits += 1 }
            throw SinkFailure(reason: "\(error)")
        }
    }

    /// Tells the broker's plugin what of the group no longer waits, behind its acknowledgements.
    private func reportGroup(_ connection: MQTTConnection) throws {
        tally.removeAll()
        group.withBytes { bytes in
            for message in group.messages {
                tally.add(
                    topic: UnsafeRawBufferPointer(rebasing: bytes[message.topic]),
                    payloadBytes: message.payload.count, cost: message.cost)
                if message.qos > 0 { unsentAcknowledgements += 1 }
            }
        }
        try report(tally.report, connection)
        isDrained = false
    }

    private func report(_ report: ConsumptionReport, _ connection: MQTTConnection) throws {
        for payload in report.payloads {
            try payload.withUnsafeBytes { payload in
                _ = try connection.publish(topic: ControlTopic.consumption, payload: payload, qos: 0)
            }
        }
    }

    /// Lets the last answers leave and ends the connection; the broker keeps the session.
    private func sayGoodbye(_ connection: MQTTConnection) throws {
        let deadline = SystemClock.monotonicNanoseconds() + Self.goodbyeNanoseconds
        try answers.turn()
        try connection.flush()
        while connection.wantsFlush || answers.wantsFlush, SystemClock.monotonicNanoseconds() < deadline {
            _ = MQTTConnection.wait(for: [(connection, false), (answers.source, false)], milliseconds: 10)
            try answers.turn()
            try connection.flush()
        }
        answers.disconnect()
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
        // Before the proof comes all that the broker may send at once, and the proof has its own limit.
        let limit = proof.isGiven ? options.groupBytes + Self.overrunBytes : Int.max
        guard group.count < options.groupMessages + Self.overrunMessages, group.heldBytes < limit else {
            isOverrun = true
            return
        }
        let (client, cost) = message.userProperties(options.senderProperty, MessageProperty.cost)
        group.append(
            topic: message.topic, payload: message.payload, qos: message.qos,
            arrival: Timestamp(nanoseconds: SystemClock.nanoseconds()), client: client,
            cost: cost.flatMap { Int($0) })
    }

    func published(id: Int32) {}
}
