// IngestRun.swift — the loop itself: read a group, commit it, let acknowledgements and answers leave.
//
// There are two connections. Messages come on the one that has the session, and acknowledgements and reports leave on
// it. Answers leave on the other (see ReplyConnection.swift).
//
// Invariants:
// - Nothing is written between reading a message and its commit: only `exchange` and `sayGoodbye` flush, and both only
//   while the group is empty.
// - A group that is larger than a commit may be is committed in slices, all of them before the flush.
// - The report of a group leaves after its acknowledgements. They take the messages out of the broker's queue, and only
//   then may the plugin stop counting them.
// - Between the accepted login and the broker's proof nothing is written, and no message is committed.
// - If a commit fails, both connections are dropped with all that is queued; the broker sends the messages again.
// - Memory is bounded, however much the broker sends: see <doc:Memory>.

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
    private let log: any ChannelLog
    private let logger: Logger
    /// What the log was told to fail.
    private var failing: ChannelFailure.Part?
    private let control: IngestLoop.Control
    private var processor: MessageProcessor
    private var group = MessageGroup()
    private var replies = ReplyGroup()
    private var proof: ProofExchange
    private let answers: ReplyConnection
    private var tally = ConsumptionTally()
    /// Whether the library handed over more messages at once than the loop holds.
    private var isOverrun = false
    /// Acknowledgements that were queued since the last time that nothing waited to be sent.
    private var unsentAcknowledgements = 0
    private var session: SessionStateMachine
    private var sinkBackoff: Backoff
    private var subscription: Int32?
    /// Whether the plugin was informed that nothing waits.
    private var isDrained = false

    /// How long the last answers may take to leave.
    private static let goodbyeNanoseconds: Int64 = 800_000_000
    /// How long reading may gather messages before their commit; under a flood there are always more.
    private static let readingNanoseconds: Int64 = 25_000_000
    /// A wait of this length without a byte means that the broker has nothing for the service.
    private static let idleNanoseconds: Int64 = 900_000_000
    /// How much more than a full group is held before the connection is dropped.
    ///
    /// libmosquitto 2.0 hands over only one message more, because the loop publishes nothing with a quality of service
    /// above 0 on the connection.
    private static let overrunMessages = 65_536
    private static let overrunBytes = 64 << 20
    /// Acknowledgements that may wait to be sent; then no message is read until all have left.
    private static let maximumUnsent = 262_144

    init(
        _ options: IngestOptions, _ processor: consuming MessageProcessor, _ log: any ChannelLog,
        _ logger: Logger, _ control: IngestLoop.Control
    ) {
        self.options = options
        self.log = log
        self.processor = processor
        self.logger = logger
        self.control = control
        proof = ProofExchange(options.proof)
        answers = ReplyConnection(
            Self.login(options, clientID: options.repliesClientID, keepsSession: false), options)
        session = SessionStateMachine(options.terms(subscribes: true))
        sinkBackoff = Backoff(milliseconds: options.retryMilliseconds)
    }

    private var isStopping: Bool { control.isStopping.load(ordering: .relaxed) }

    private static func login(_ options: IngestOptions, clientID: String, keepsSession: Bool) -> MQTTOptions {
        var login = MQTTOptions(
            host: options.host, port: options.port, clientID: clientID, username: options.username,
            password: options.password, keepsSession: keepsSession, usesVersion5: true,
            keepAliveSeconds: options.keepAliveSeconds)
        login.encryption = options.encryption
        return login
    }

    private static var now: Int64 { SystemClock.monotonicNanoseconds() }

    /// Runs until `control` says that the loop is stopping.
    func run() {
        let login = Self.login(options, clientID: options.clientID, keepsSession: true)
        let connection = MQTTConnection(login, receiver: self)
        _ = control.counters.enter(.connecting)
        while !hasEnded(connection) {}
        _ = control.counters.enter(.stopped)
    }

    /// Takes the next step of the session.
    ///
    /// - Returns: Whether it was the last step.
    private func hasEnded(_ connection: MQTTConnection) -> Bool {
        if isStopping { session.note(.stopping, now: Self.now) }
        switch session.next(now: Self.now) {
        case .wait(let until):
            _ = control.wakeup.wait(milliseconds: Int32(clamping: (until - Self.now) / 1_000_000 + 1))
            control.wakeup.clear()
        case .connect: attempt { try connect(connection) }
        case .subscribe:
            attempt {
                subscription = try connection.subscribe(
                    options.topics, qos: 1, leavesOutOwn: true, leavesOutKnownRetained: true)
            }
        case .exchange: attempt { try exchange(connection) }
        case .drop(let failure), .giveUp(let failure):
            report(failure)
            drop(connection)
        case .sayGoodbye:
            try? sayGoodbye(connection)
            return true
        case .end:
            drop(connection)
            return true
        }
        return false
    }

    /// Runs `body` and passes its failure on to the session.
    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch let failure as SinkFailure {
            enter(.withoutSink(failure.reason))
            session.note(.interrupted(pause: sinkBackoff.next()), now: Self.now)
        } catch {
            session.note(.failed(SessionStateMachine.Failure(error)), now: Self.now)
        }
    }

    /// Logs in on the connection of the answers, then opens the connection of the messages.
    private func connect(_ connection: MQTTConnection) throws {
        subscription = nil
        isDrained = false
        isOverrun = false
        unsentAcknowledgements = 0
        group.removeAll()
        try answers.logIn(control)
        if isStopping { return answers.disconnect() }
        try proof.open(connection, options)
        session.note(.opened, now: Self.now)
    }

    /// Closes both connections.
    ///
    /// Queued acknowledgements and answers are not sent; the broker sends their messages again.
    private func drop(_ connection: MQTTConnection) {
        connection.drop()
        answers.drop()
        group.removeAll()
    }

    /// Takes what comes, commits it, and lets acknowledgements, answers and reports leave.
    private func exchange(_ connection: MQTTConnection) throws {
        let began = Self.now
        let ready = MQTTConnection.wait(
            for: [(connection, mayRead), (answers.connection, true)], milliseconds: 1000,
            wakeup: control.wakeup.descriptor)
        let isIdle = !ready[0] && Self.now - began > Self.idleNanoseconds
        if ready[0] { try readMessages(connection) }
        guard !session.hasFailed else { return }
        if session.isTrusted { try commit(connection) }
        if isIdle, mayRead, session.isReady, !isDrained {
            // Nothing came during a whole wait, so nothing waits at the broker, even if the plugin counts otherwise.
            isDrained = true
            try report(.drained, connection)
        }
        try sendNotices()
        try answers.exchange()
        try connection.housekeeping()
        // What came before the proof must not be acknowledged.
        if session.mayWrite { try connection.flush() }
        if !connection.wantsFlush { unsentAcknowledgements = 0 }
    }

    /// Queues what the service wants to tell clients on its own.
    private func sendNotices() throws {
        var notices: [ClientNotice] = []
        control.notices.withLock { waiting in
            guard !waiting.isEmpty else { return }
            // A signal to stop is not lost: the loop looks at `isStopping` before each wait.
            control.wakeup.clear()
            if session.isTrusted { swap(&notices, &waiting) }
        }
        for notice in notices { try answers.queue(notice) }
    }

    /// Whether few enough acknowledgements and answers wait to be sent, so that more messages may be read.
    private var mayRead: Bool { unsentAcknowledgements < Self.maximumUnsent && !answers.isFull }

    /// Reads messages until there are no more, the group is full, or 25 ms have passed.
    private func readMessages(_ connection: MQTTConnection) throws {
        let end = Self.now + Self.readingNanoseconds
        try connection.readAvailable {
            group.count >= options.commitMessages || group.heldBytes >= options.commitBytes || Self.now >= end
        }
        session.note(.heard(heldBytes: group.heldBytes), now: Self.now)
    }

    /// Commits the group, slice by slice, and queues its answers.
    ///
    /// - Throws: `SinkFailure` if a commit fails, `MQTTError` if the group is overrun or an answer cannot be queued.
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
                from: start, messages: options.commitMessages, bytes: options.commitBytes)
            let processed = try commit(slice)
            counted.samples += processed.samples
            counted.commits += 1
            counted.replies += UInt64(replies.replies.count)
            counted.refused += UInt64(replies.refused)
            try answers.queue(replies) { topic in
                // The reply topic of a very long topic is too long. The message is stored, its sender gets no answer.
                logger.warning(
                    "a reply could not be sent: its topic is too long",
                    metadata: ["topic": "\(topic.prefix(80))"])
            }
            start = processed.end
        }
        sinkBackoff.reset()
        enter(.serving)
        try reportGroup(connection)
        counted.messages = UInt64(group.count)
        counted.payloadBytes = UInt64(group.payloadBytes)
        control.counters.add(counted)
        group.removeAll()
    }

    /// Commits some messages of the group and puts their answers into `replies`.
    ///
    /// - Throws: `SinkFailure`.
    private func commit(_ slice: Range<Int>) throws -> ProcessedMessages {
        do {
            return try control.processing.withLock { _ in try processor.process(group, slice, into: &replies)
            }
        } catch {
            control.counters.count { $0.failedCommits += 1 }
            throw SinkFailure(reason: "\(error)")
        }
    }

    /// Queues the report of the group's messages, which no longer wait, for the broker's plugin.
    ///
    /// It leaves after the acknowledgements of the group.
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
        defer {
            answers.disconnect()
            connection.disconnect()
        }
        let deadline = Self.now + Self.goodbyeNanoseconds
        try answers.exchange()
        try connection.flush()
        while connection.wantsFlush || answers.wantsFlush, Self.now < deadline {
            _ = MQTTConnection.wait(
                for: [(connection, false), (answers.connection, false)], milliseconds: 10)
            try answers.exchange()
            try connection.flush()
        }
    }

    /// Reports a failure of the broker; `attempt` has already reported a failure of the sink.
    private func report(_ failure: SessionStateMachine.Failure) {
        if failure == .interrupted { return }
        let error = options.error(of: failure)
        control.counters.refusal = (error as? BrokerRefusal)?.description
        enter(.withoutBroker("\(error)"))
    }

    /// Enters a state, and logs it if it is new.
    private func enter(_ state: IngestState) {
        guard control.counters.enter(state) else { return }
        let place: Logger.Metadata = ["broker": "\(options.place)"]
        switch state {
        case .serving:
            note(nil)
            logger.info("taking messages from the broker", metadata: place)
        case .withoutBroker(let reason):
            note(.broker, reason)
            logger.warning(
                "no messages can be taken; trying again",
                metadata: place.merging(["reason": "\(reason)"]) { $1 })
        case .withoutSink(let reason):
            note(.store, reason)
            logger.error(
                "messages cannot be stored and stay at the broker; trying again",
                metadata: place.merging(["reason": "\(reason)"]) { $1 })
        case .stopped, .connecting: break
        }
    }

    /// Tells the log that a part fails, or that nothing fails any more.
    private func note(_ part: ChannelFailure.Part?, _ reason: String? = nil) {
        guard let named = part ?? failing else { return }
        failing = part
        log.add(
            ChannelFailure(
                time: Timestamp(nanoseconds: SystemClock.nanoseconds()), part: named, reason: reason))
    }

    // MARK: MQTTReceiver

    func connected(refusal: MQTTError?, hasSession: Bool) {
        session.note(refusal.map { .failed(.loginRefused($0)) } ?? .accepted, now: Self.now)
    }

    func subscribed(id: Int32, codes: [Int32]) {
        guard id == subscription else { return }
        guard codes.count == options.topics.count, codes.allSatisfy({ $0 < 128 }) else {
            let code = codes.first { $0 >= 128 } ?? 128
            return session.note(.failed(.subscriptionRefused(code: code)), now: Self.now)
        }
        session.note(.subscribed, now: Self.now)
        control.counters.refusal = nil
        control.counters.count { $0.logins += 1 }
        // After a failure of the sink, only a commit shows that it works again.
        if case .withoutSink = control.counters.state { return }
        enter(.serving)
    }

    func received(_ message: MQTTMessageView) {
        switch proof.answer(topic: message.topic, payload: message.payload) {
        case .right: return session.note(.proven, now: Self.now)
        case .wrong: return
        case .none: break
        }
        // Before the proof, the broker sends all that it may send at once; the limit on these bytes is the proof's own.
        let limit = session.isTrusted ? options.commitBytes + Self.overrunBytes : Int.max
        guard group.count < options.commitMessages + Self.overrunMessages, group.heldBytes < limit else {
            isOverrun = true
            return
        }
        let properties = message.properties(
            user: options.senderProperty, MessageProperty.cost, MessageProperty.arrival)
        group.append(
            topic: message.topic, payload: message.payload, qos: message.qos,
            arrival: Timestamp(nanoseconds: SystemClock.nanoseconds()), client: properties.first,
            responseTopic: properties.responseTopic, correlation: properties.correlation,
            cost: properties.second.flatMap { Int($0) },
            stamp: properties.third.flatMap { Int64($0) }.map { Timestamp(nanoseconds: $0) })
    }

    func published(id: Int32) {}
}
