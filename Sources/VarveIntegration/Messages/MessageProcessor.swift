// MessageProcessor.swift — a group of messages: read, committed with one sync, answered.
//
// Invariants:
// - Every message of a group gets exactly one reply, in order, or the group throws and none is answered.
// - A reply of 200 is made only after the commit of its rows returned.

import VarveModel

/// A reply that may leave once the group's acknowledgements may.
struct Reply {
    var topic: String
    var payload: [UInt8]
    var qos: Int32
}

/// Turns messages into commits and replies.
struct MessageProcessor {
    private let sink: any SampleSink
    private let log: any ChannelLog
    private let payloadLimit: Int
    private let loggedBytes: Int
    private let tables: PointTables
    private var parser = MeasurementParser()
    /// Topics met before: all messages of a channel have the same few.
    private var topics: [String: TopicForm] = [:]
    private static let topicLimit = 10_000

    /// - Parameters:
    ///   - payloadLimit: The largest payload that is taken.
    ///   - loggedBytes: How much of a payload the log gets.
    init(
        sink: any SampleSink, directory: any PointDirectory, log: any ChannelLog, payloadLimit: Int,
        loggedBytes: Int
    ) {
        self.sink = sink
        self.log = log
        self.payloadLimit = payloadLimit
        self.loggedBytes = loggedBytes
        tables = PointTables(directory)
    }

    /// What is known of a message before the commit.
    private struct Pending {
        var topic: String
        var product: String
        var id: Range<Int>?
        var fault: MessageFault?
        /// Its place among the batches of the commit.
        var batch: Int?
    }

    /// Commits a group and returns the replies and the number of samples in it.
    ///
    /// - Throws: What kept the group from being committed; nothing may be acknowledged then.
    mutating func process(_ arena: MessageArena) throws -> (replies: [Reply], samples: Int) {
        try tables.refresh()
        var batches: [SampleBatch] = []
        var pending: [Pending] = []
        pending.reserveCapacity(arena.messages.count)
        var samples = 0
        try arena.bytes.withUnsafeBytes { bytes in
            for message in arena.messages {
                let topic = String(decoding: bytes[message.topic], as: UTF8.self)
                let payload = UnsafeRawBufferPointer(rebasing: bytes[message.payload])
                pending.append(try read(topic, payload, message.arrival, &batches, &samples))
            }
        }
        let outcomes = batches.isEmpty ? [] : sink.commit(group: batches)
        for case .failure(let error) in outcomes {
            guard (error as? any BatchRefusal)?.refusesBatch == true else { throw error }
        }
        var replies: [Reply] = []
        replies.reserveCapacity(pending.count)
        for (index, message) in arena.messages.enumerated() {
            replies.append(answer(pending[index], message, arena, outcomes))
        }
        return (replies, samples)
    }

    private mutating func read(
        _ topic: String, _ payload: UnsafeRawBufferPointer, _ arrival: Int64, _ batches: inout [SampleBatch],
        _ samples: inout Int
    ) throws -> Pending {
        let form = form(of: topic)
        var pending = Pending(topic: topic, product: form.product)
        guard payload.count <= payloadLimit else {
            pending.id = MeasurementParser.id(of: payload)
            pending.fault = MessageFault(
                .tooLarge,
                "the payload has \(payload.count) bytes, at most \(payloadLimit) are taken: send smaller batches"
            )
            return pending
        }
        guard form.kind == .measurepoints else {
            pending.id = MeasurementParser.id(of: payload)
            let reason =
                form.kind == .later ? "is not taken by this version of Varve" : "is none that takes data"
            pending.fault = MessageFault(.unknownTopic, "the topic \(topic) \(reason)")
            return pending
        }
        let parsed = try parser.read(payload, tables.table(of: form.product), arrival: arrival)
        pending.id = parsed.id
        switch parsed.result {
        case .failure(let fault): pending.fault = fault
        case .success(let batch):
            samples += parsed.rows
            guard parsed.rows > 0 else { break }
            pending.batch = batches.count
            batches.append(batch)
        }
        return pending
    }

    private func answer(
        _ pending: Pending, _ message: MessageArena.Message, _ arena: MessageArena,
        _ outcomes: [Result<BatchOutcome, any Error>]
    ) -> Reply {
        var fault = pending.fault
        var outcome: BatchOutcome?
        if let batch = pending.batch {
            switch outcomes[batch] {
            case .success(let committed): outcome = committed
            case .failure(let error): fault = MessageFault(.modelMismatch, "\(error)")
            }
        }
        let payload = arena.bytes[message.payload]
        let id = pending.id.map {
            payload[payload.startIndex + $0.lowerBound..<payload.startIndex + $0.upperBound]
        }
        log.add(
            ChannelEvent(
                time: message.arrival, product: pending.product, client: message.client, topic: pending.topic,
                messageID: id.map { String(decoding: $0.prefix(256), as: UTF8.self) },
                code: (fault?.code ?? .success).rawValue, reason: fault?.message, device: fault?.device,
                bytes: payload.count, payload: Array(payload.prefix(loggedBytes)),
                receipt: fault == nil ? outcome?.receipt ?? Receipt() : nil,
                isReplay: outcome?.isReplay ?? false))
        return Reply(
            topic: pending.topic + "_reply", payload: Self.payload(id, fault), qos: min(message.qos, 1))
    }

    /// `{"id":…,"code":…,"message":…,"data":{}}`; the id stands as it was sent.
    private static func payload(_ id: ArraySlice<UInt8>?, _ fault: MessageFault?) -> [UInt8] {
        var bytes = Array(#"{"id":"#.utf8)
        // An id of many kilobytes is no id; an echo of it would only be a weapon.
        if let id, id.count <= 1024 {
            bytes.append(contentsOf: id)
        } else {
            bytes.append(contentsOf: "null".utf8)
        }
        bytes.append(contentsOf: #","code":\#((fault?.code ?? .success).rawValue)"#.utf8)
        if let fault {
            bytes.append(contentsOf: #","message":"#.utf8)
            CanonicalJSON.appendString(fault.message.utf8, to: &bytes)
        }
        bytes.append(contentsOf: #","data":{}}"#.utf8)
        return bytes
    }

    private mutating func form(of topic: String) -> TopicForm {
        if let form = topics[topic] { return form }
        let form = TopicForm(topic)
        if topics.count >= Self.topicLimit { topics.removeAll() }
        topics[topic] = form
        return form
    }
}
