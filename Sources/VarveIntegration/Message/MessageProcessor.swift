// MessageProcessor.swift — from a group of messages to their answers, with one commit in between.
//
// It knows nothing of MQTT: the caller sends the answers after `process` has returned.
//
// Invariants:
// - If `process` returns, every message that it processed has its answer, except messages on reply topics, which get
//   none. That is at least one message of the slice.
// - If `process` throws, no message of the group may be acknowledged.
// - A message is stored as a whole or not at all, and other messages do not depend on it.
// - Messages of a slice that failed are not logged: they come again.

import VarveAccess
import VarveChannel
public import VarveModel
import VarvePlatform
public import VarveScript

/// How messages are taken.
public struct MessageLimits: Sendable {
    /// The largest payload, in bytes; a larger one is answered with code 1008.
    ///
    /// Default: 1 MiB.
    public var payloadBytes = 1 << 20
    /// How much of each payload goes into the channel's log, in bytes.
    ///
    /// Default: 512.
    public var loggedBytes = 512
    /// The most bytes of payloads that are unpacked and decoded for one commit, and of the answers made by scripts.
    ///
    /// Default: 16 MiB. One payload and what comes at once from a script may exceed it.
    public var preparedBytes = 16 << 20

    /// Makes limits with the defaults.
    public init() {}
}

/// What `MessageProcessor.process` did.
public struct ProcessedMessages: Hashable, Sendable {
    /// The number of samples that reached the store.
    public var samples: UInt64
    /// Where the messages end that were processed; the others of the slice are left for the next call.
    public var end: Int
}

/// Answers messages.
public struct MessageProcessor: ~Copyable {
    /// What was decided about a message before the commit.
    private struct Pending {
        var route: TopicRoute
        var id: Range<Int>?
        var skipped = 0
        /// Those of `skipped` that the policy does not store.
        var notStored = 0
        /// Of a message that can be stored.
        var items: Int?
        /// The only device of such a message.
        var device: String?
        var note: String?
        var errors = ItemErrors()
        /// The `data` of the answer, where it is not made of the outcome.
        var data: [UInt8]?
        var decision: MessageDecision
    }

    /// The sink returned fewer results than it got batches.
    private struct SinkAnswersMissing: Error, CustomStringConvertible {
        var description: String { "the store answered for fewer batches than it was given" }
    }

    private let directory: any PointDirectory
    private let sink: any SampleSink
    private let log: any ChannelLog
    private let limits: MessageLimits
    private var parser: RequestParser
    private var cache = DirectoryCache()
    private var lastRoute: TopicRoute?
    private var resends = ResendMemory()
    private var preparation: PayloadPreparation
    private let conversion: AnswerConversion

    /// Makes a processor with an empty cache.
    ///
    /// - Parameters:
    ///   - directory: Knows the devices and their points.
    ///   - sink: Makes samples durable.
    ///   - log: Records every message.
    ///   - limits: How messages are taken.
    ///   - scripts: Turns payloads of products with the format `custom` into JSON; nil: their raw messages are refused.
    public init(
        directory: any PointDirectory, sink: any SampleSink, log: any ChannelLog,
        limits: MessageLimits = MessageLimits(), scripts: (any PayloadScripts)? = nil
    ) {
        preparation = PayloadPreparation(scripts: scripts, limits: limits)
        conversion = AnswerConversion(scripts: scripts, limits: limits)
        self.directory = directory
        self.sink = sink
        self.log = log
        self.limits = limits
        parser = RequestParser(directory: directory)
    }

    /// Checks, stores and answers some messages of a group, in one commit.
    ///
    /// Durability: when this returns, the samples of every message that is answered with code 200 are on disk.
    /// - Parameters:
    ///   - group: The messages.
    ///   - slice: Which messages of the group are processed; perhaps only the first of them are.
    ///   - replies: Emptied, then filled with the answers.
    /// - Returns: What was done.
    /// - Throws: What the directory, the sink or the scripts failed with. No message of the group may then be
    ///   acknowledged.
    public mutating func process(
        _ group: MessageGroup, _ slice: Range<Int>, into replies: inout ReplyGroup
    ) throws -> ProcessedMessages {
        replies.removeAll()
        resends.beginCommit()
        try cache.refresh(directory, loaded: &parser.items.points)
        return try group.withBytes { bytes in
            let prepared = try preparation.prepare(group.messages, slice, bytes, directory)
            let slice = slice.lowerBound..<prepared.end
            var pending: [Pending] = []
            pending.reserveCapacity(slice.count)
            var batches: [SampleBatch] = []
            for index in slice {
                pending.append(
                    try decide(group.messages[index], prepared.payloads[index], bytes, &batches))
            }
            let outcomes = try commit(batches)
            let committed = SystemClock.nanoseconds()
            var done = ProcessedMessages(samples: 0, end: slice.upperBound)
            var converted: [PreparedAnswer] = []
            for (index, decision) in zip(slice, pending) {
                let payload = prepared.payloads[index]
                let reply = replies.replies.count
                let event = finish(group.messages[index], decision, payload, outcomes, bytes, &replies)
                done.samples += event.receipt.map { $0.stored + $0.replayed } ?? 0
                if let payload, replies.replies.count > reply {
                    converted.append(PreparedAnswer(reply: reply, payload: payload, event: event))
                } else {
                    log.add(event.answered(at: committed))
                }
            }
            let events = conversion.convert(converted, &replies)
            let end = events.isEmpty ? committed : SystemClock.nanoseconds()
            for event in events { log.add(event.answered(at: end)) }
            return done
        }
    }

    private mutating func decide(
        _ message: MessageGroup.Message, _ prepared: PreparedPayload?, _ bytes: UnsafeRawBufferPointer,
        _ batches: inout [SampleBatch]
    ) throws -> Pending {
        let sent = UnsafeRawBufferPointer(rebasing: bytes[message.payload])
        let route = route(UnsafeRawBufferPointer(rebasing: bytes[message.topic]))
        guard let prepared else { return try decide(message, route, route.handler, sent, bytes, &batches) }
        let handler = prepared.form.map { TopicRoute.Handler.request($0) } ?? route.handler
        return try prepared.withRequest(sent) { request in
            guard let refusal = prepared.refusal else {
                return try decide(message, route, handler, request, bytes, &batches)
            }
            // What a script could not turn into JSON has no id.
            let id = prepared.script == nil || prepared.made != nil ? RequestID.find(in: request) : nil
            return Pending(route: route, id: id, decision: .refused(refusal))
        }
    }

    /// Decides about a payload, which is JSON if it is valid.
    private mutating func decide(
        _ message: MessageGroup.Message, _ route: TopicRoute, _ handler: TopicRoute.Handler,
        _ payload: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, _ batches: inout [SampleBatch]
    ) throws -> Pending {
        if case .subDevices(let kind) = handler { return try answer(kind, route, payload) }
        let form: RequestForm
        switch accept(handler, route, payload) {
        case .success(let accepted): form = accepted
        case .failure(let refusal):
            return Pending(route: route, id: RequestID.find(in: payload), decision: .refused(refusal))
        }
        try load(route.product ?? "")
        let parsed = try parser.parse(
            payload, as: form, device: route.device, arrival: message.arrival.nanoseconds)
        switch parsed.result {
        case .failure(let failure):
            return Pending(route: route, id: parsed.id, errors: parsed.errors, decision: .refused(failure))
        case .success(let content):
            let decision = recognise(
                message, payload, bytes, content, parsed.id, batch: batches.count,
                hasNoFault: parsed.errors.count == 0)
            if case .batch = decision { batches.append(content.batch) }
            return Pending(
                route: route, id: parsed.id, skipped: content.skipped, notStored: content.notStored,
                items: content.items,
                device: content.device, note: content.note, errors: parsed.errors, decision: decision)
        }
    }

    /// Decides about a message by which a gateway logs its sub-devices in or out.
    private func answer(
        _ kind: SubDeviceRequest.Kind, _ route: TopicRoute, _ payload: UnsafeRawBufferPointer
    ) throws -> Pending {
        var id: Range<Int>?
        var answer: SubDeviceAnswer
        do {
            guard payload.count <= limits.payloadBytes else {
                id = RequestID.find(in: payload)
                throw RequestFailure.tooLarge(payload.count, limit: limits.payloadBytes)
            }
            let request = try SubDeviceRequest(payload, kind, id: &id)
            answer = try SubDeviceAnswer(
                request, kind, product: route.product ?? "", gateway: route.gateway ?? "", directory)
        } catch let failure as RequestFailure {
            answer = SubDeviceAnswer(refusing: failure, kind)
        }
        return Pending(
            route: route, id: id, items: answer.items, device: answer.device, data: answer.data,
            decision: answer.failure.map { .refused($0) } ?? .answered)
    }

    /// Finds out whether a message without times is one that came before, if its product has a resend window.
    ///
    /// Of packed and raw messages, the JSON that was made of them counts.
    private mutating func recognise(
        _ message: MessageGroup.Message, _ payload: UnsafeRawBufferPointer,
        _ bytes: UnsafeRawBufferPointer, _ content: MessageContent, _ id: Range<Int>?, batch: Int,
        hasNoFault: Bool
    ) -> MessageDecision {
        let window = parser.items.points.settings?.resendWindow ?? 0
        // Without a client and an id, two samples of an even value could not be told from one that was sent twice.
        guard window > 0, content.batch.reapply, let client = message.client, let id,
            payload[id.lowerBound] != UInt8(ascii: "n")
        else { return .batch(batch, key: nil) }
        // What was left out once may fit when the message comes again; what the policy leaves out stays out.
        guard content.skipped == content.notStored, hasNoFault else { return .batch(batch, key: nil) }
        resends.check(generation: cache.generation) { try? sink.removals() }
        let key = ResendMemory.key(
            topic: UnsafeRawBufferPointer(rebasing: bytes[message.topic]), client: client, payload: payload)
        return resends.decide(key, batch: batch, arrival: message.arrival.nanoseconds, window: window)
    }

    /// Makes the parser ready for a product.
    private mutating func load(_ product: String) throws {
        if !parser.items.points.product.sameBytes(as: product) {
            cache.load(product, into: &parser.items.points)
        }
        if parser.items.points.settings == nil {
            parser.items.points.settings = try directory.settings(ofProduct: product)
        }
    }

    /// What a message is, or why it is refused before its payload is parsed.
    private func accept(
        _ handler: TopicRoute.Handler, _ route: TopicRoute, _ payload: UnsafeRawBufferPointer
    ) -> Result<RequestForm, RequestFailure> {
        let form: RequestForm
        switch handler {
        case .request(let accepted): form = accepted
        case .raw, .subDevices, .unknown, .reply: return .failure(route.refusal)
        }
        if payload.isEmpty { return .failure(.empty) }
        if payload.count > limits.payloadBytes {
            return .failure(.tooLarge(payload.count, limit: limits.payloadBytes))
        }
        return .success(form)
    }

    /// The route of a topic; most messages come on the same topic as the one before.
    private mutating func route(_ topic: UnsafeRawBufferPointer) -> TopicRoute {
        let text = topic.assumingMemoryBound(to: UInt8.self)
        if let lastRoute, lastRoute.topic.utf8.elementsEqual(text) { return lastRoute }
        let route = TopicRoute(text)
        lastRoute = route
        return route
    }

    /// Commits the batches; each result is an outcome, or the reason why that batch is refused.
    ///
    /// - Throws: The first failure that concerns the store and not one batch.
    private func commit(_ batches: [SampleBatch]) throws -> [Result<BatchOutcome, RequestFailure>] {
        if batches.isEmpty { return [] }
        let results = sink.commit(group: batches)
        guard results.count == batches.count else { throw SinkAnswersMissing() }
        return try results.map { result in
            switch result {
            case .success(let outcome): return .success(outcome)
            case .failure(let error as any BatchRefusal) where error.refusesBatch:
                return .failure(RequestFailure(.modelMismatch, "\(error)"))
            case .failure(let error): throw error
            }
        }
    }

    /// What is odd about a message that was taken: also which samples were left out, and how many expired by which rules.
    private func note(_ pending: Pending, _ outcome: BatchOutcome) -> String? {
        var parts: [String] = []
        if let first = pending.errors.entries.first {
            parts.append("\(pending.errors.count) invalid, skipped; the first: \(first.reason)")
        }
        if let note = pending.note { parts.append(note) }
        if outcome.receipt.expired > 0 {
            let rules = outcome.rules.isEmpty ? "" : ": " + outcome.rules.joined(separator: ", ")
            parts.append("\(outcome.receipt.expired) samples are too old to be stored\(rules)")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// Answers a message.
    ///
    /// - Returns: What the log records.
    private mutating func finish(
        _ message: MessageGroup.Message, _ pending: Pending, _ prepared: PreparedPayload?,
        _ outcomes: [Result<BatchOutcome, RequestFailure>],
        _ bytes: UnsafeRawBufferPointer, _ replies: inout ReplyGroup
    ) -> ChannelEvent {
        let sent = UnsafeRawBufferPointer(rebasing: bytes[message.payload])
        guard let prepared else { return finish(message, pending, sent, sent, outcomes, bytes, &replies) }
        return prepared.withUnpacked(sent) { payload in
            prepared.withRequest(sent) { request in
                finish(message, pending, payload, request, outcomes, bytes, &replies)
            }
        }
    }

    /// Answers a message with a payload, of which a request was made that has the id.
    private mutating func finish(
        _ message: MessageGroup.Message, _ pending: Pending, _ payload: UnsafeRawBufferPointer,
        _ request: UnsafeRawBufferPointer, _ outcomes: [Result<BatchOutcome, RequestFailure>],
        _ bytes: UnsafeRawBufferPointer, _ replies: inout ReplyGroup
    ) -> ChannelEvent {
        let id = pending.id.map { UnsafeRawBufferPointer(rebasing: request[$0]) }
        let outcome = resends.outcome(of: pending.decision, outcomes, arrival: message.arrival)
        var event = ChannelEvent(
            time: message.received, product: pending.route.product, client: message.client,
            device: pending.route.device ?? pending.device ?? pending.route.gateway,
            topic: pending.route.topic,
            id: id.map { String(decoding: $0, as: UTF8.self) }, code: .success, reason: nil,
            note: nil, payloadBytes: payload.count,
            // The signature of a sub-device opens the broker too, so the log must not have it.
            excerpt: pending.route.gateway == nil ? Array(payload.prefix(limits.loggedBytes)) : [],
            receipt: nil, isReplay: false)
        switch outcome {
        case .success(let outcome):
            var receipt = outcome.receipt
            receipt.skipped += UInt64(pending.skipped)
            receipt.rejected += UInt64(pending.errors.count)
            event.receipt = receipt
            // A message without samples replays nothing, however often it comes.
            event.isReplay = outcome.isReplay && outcome.receipt.samples > 0
            event.note = note(pending, outcome)
            event.items = pending.items
            event.commit = outcome.receipt.samples > 0 ? outcome.commit : nil
        case .failure(let failure):
            event.code = failure.code
            event.reason = failure.message
            event.device = failure.device ?? event.device
            event.category = failure.category ?? failure.code.category
            event.scriptLine = failure.scriptLine
        }
        if pending.route.handler != .reply {
            replies.append(
                topic: replyTopic(of: message, pending.route, bytes), qos: message.qos,
                client: message.client,
                correlation: UnsafeRawBufferPointer(rebasing: bytes[message.correlation]),
                id: id, code: event.code, message: event.reason, receipt: event.receipt,
                notStored: pending.notStored, errors: pending.errors, data: pending.data)
        }
        return event.withCount(of: pending.errors)
    }

    /// The topic that the sender wants its answer on, if it may; else that of its message.
    private func replyTopic(
        of message: MessageGroup.Message, _ route: TopicRoute, _ bytes: UnsafeRawBufferPointer
    ) -> String {
        let wanted = UnsafeRawBufferPointer(rebasing: bytes[message.responseTopic])
        let request = UnsafeRawBufferPointer(rebasing: bytes[message.topic])
        guard !wanted.isEmpty, TopicRights.isReplyTopic(wanted, toMessageOn: request) else {
            return route.replyTopic
        }
        return String(decoding: wanted, as: UTF8.self)
    }
}
