// NullSubscriber.swift — the other side of the comparison: it takes every message, stores nothing, and sends
// the replies.
//
// It is the service's own loop without the work, with the same client library, session, subscription and
// batch limit.

import Glibc
import Synchronization
import VarveChannel
import VarveMQTT

/// A subscriber on a thread of its own.
final class NullSubscriber: MQTTReceiver, @unchecked Sendable {
    private let options: MQTTOptions
    private let isStopping = Atomic<Bool>(false)
    private let ready = Atomic<Bool>(false)
    private var connection: MQTTConnection?
    private(set) var failure: String?
    private var consumed: [String: (cost: Int, messages: Int)] = [:]
    private var replies: [(topic: String, payload: [UInt8])] = []

    /// The most messages of one flush, as in the service.
    private static let batchMessages = 4096

    init(_ options: MQTTOptions) { self.options = options }

    var isReady: Bool { ready.load(ordering: .acquiring) }

    func stop() { isStopping.store(true, ordering: .releasing) }

    /// Runs until `stop`.
    func run() throws {
        let connection = MQTTConnection(options, receiver: self)
        try connection.connect()
        self.connection = connection
        while !isStopping.load(ordering: .acquiring) {
            if connection.wait(milliseconds: 100) {
                try connection.readAvailable { self.replies.count >= Self.batchMessages }
            }
            for reply in replies {
                _ = try reply.payload.withUnsafeBytes { bytes -> Result<Int32, MQTTError> in
                    Result { () throws(MQTTError) in
                        try connection.publish(topic: reply.topic, payload: bytes, qos: 1)
                    }
                }.get()
            }
            if !replies.isEmpty { try report(connection) }
            replies.removeAll(keepingCapacity: true)
            try connection.flush()
            try connection.housekeeping()
        }
        connection.disconnect()
    }

    /// Reports what was consumed, as the service does.
    ///
    /// Otherwise the broker's plugin would consider the queue full.
    private func report(_ connection: MQTTConnection) throws {
        let report = ConsumptionReport.consumed(
            consumed.map { .init(cost: $1.cost, messages: $1.messages, product: $0) })
        consumed.removeAll(keepingCapacity: true)
        for payload in report.payloads {
            _ = try payload.withUnsafeBytes { bytes -> Result<Int32, MQTTError> in
                Result { () throws(MQTTError) in
                    try connection.publish(topic: ControlTopic.consumption, payload: bytes, qos: 0)
                }
            }.get()
        }
    }

    func connected(refusal: MQTTError?, hasSession _: Bool) {
        if let refusal { return failure = refusal.description }
        _ = try? connection?.subscribe(["/sys/#", "sys/#"], qos: 1, leavesOutOwn: true)
    }

    func subscribed(id _: Int32, codes _: [Int32]) { ready.store(true, ordering: .releasing) }

    func received(_ message: MQTTMessageView) {
        // The messages of this benchmark begin with {"id":"…", so finding the id needs no parser.
        let topic = String(decoding: message.topic, as: UTF8.self)
        // A topic is /sys/{product}/…, as the senders of this benchmark write it.
        let product = String(topic.split(separator: "/", maxSplits: 2)[1])
        consumed[product, default: (0, 0)].cost += ConsumptionReport.cost(
            topicBytes: message.topic.count, payloadBytes: message.payload.count)
        consumed[product, default: (0, 0)].messages += 1
        let id = message.payload.dropFirst(6).prefix { $0 != UInt8(ascii: ",") }
        let payload = Array(#"{"id":"#.utf8) + id + Array(#","code":200,"data":{}}"#.utf8)
        replies.append((topic + "_reply", payload))
    }

    func published(id _: Int32) {}
}
