// TestChannel.swift — a message processor with a fake registry, store and log around it.

import Foundation
import Synchronization
import Testing
import VarveModel
import VarveScript
import VarveTestSupport

@testable import VarveIntegration

/// Keeps events.
final class EventList: ChannelLog {
    private let list = Mutex<[ChannelEvent]>([])

    var events: [ChannelEvent] { list.withLock { $0 } }

    func add(_ event: ChannelEvent) { list.withLock { $0.append(event) } }

    private let troubles = Mutex<[ChannelFailure]>([])

    var failures: [ChannelFailure] { troubles.withLock { $0 } }

    func add(_ failure: ChannelFailure) { troubles.withLock { $0.append(failure) } }
}

/// The parts of an answer.
struct Answer: Equatable {
    var topic: String
    var qos: Int32
    var text: String
    var code: Int
    /// The id as the answer has it.
    var id: String
    var message: String?
    /// The counts of samples that were not stored, and of faults that are not listed.
    var data: [String: Int]
    /// The faults of items: why the message was refused.
    var errors: [Fault] = []
    /// The readings that were left out.
    var skipped: [Fault] = []

    /// A fault as the answer has it.
    struct Fault: Equatable {
        var index: Int
        var device: String?
        var point: String?
        var code: Int
        var reason: String

        init(_ value: Any) throws {
            let object = try #require(value as? [String: Any])
            index = try #require(object["index"] as? Int)
            device = object["deviceKey"] as? String
            point = object["point"] as? String
            code = try #require(object["code"] as? Int)
            reason = try #require(object["reason"] as? String)
            #expect(Set(object.keys).isSubset(of: ["index", "deviceKey", "point", "code", "reason"]))
        }

        /// The fault without its reason.
        var place: String { "\(index) \(device ?? "-") \(point ?? "-") \(code)" }
    }
}

extension FakeDirectory {
    /// Product P with devices and points of every type.
    static func channel() -> FakeDirectory {
        FakeDirectory(
            devices: ["d1", "d2", "d\u{E9}"],
            points: [
                "num": .double, "n2": .double, "int": .int64, "flag": .bool, "text": .string, "doc": .json,
                "$event/alarm": .json, "$event/trip": .json, "$attribute/serial": .json,
                "$attribute/place": .json,
            ])
    }
}

/// A message for a channel.
struct SentMessage {
    var payload: [UInt8]
    var topic = TestChannel.topic
    var client: String?
}

/// An answer, byte for byte.
struct SentAnswer: Equatable {
    var topic: String
    var payload: [UInt8]

    var text: String { String(decoding: payload, as: UTF8.self) }
}

/// Processes messages.
struct TestChannel: ~Copyable {
    static let topic = "/sys/P/integration/measurepoint/post"
    static let arrival = Timestamp(nanoseconds: 1_800_000_000_123_456_789)

    let directory = FakeDirectory.channel()
    let sink = FakeStore()
    let log = EventList()
    private var processor: MessageProcessor

    /// - Parameter policy: What becomes of the points of `directory`; nil for no policy.
    init(
        _ limits: MessageLimits = MessageLimits(), scripts: (any PayloadScripts)? = nil,
        policy: (@Sendable (RegisteredPoint) -> PointLookup)? = nil
    ) {
        let directory = directory
        processor = MessageProcessor(
            directory: policy.map { PolicyDirectory(directory, $0) } ?? directory, sink: sink, log: log,
            limits: limits, scripts: scripts)
    }

    /// Processes messages until all of them are done.
    ///
    /// - Returns: The answers of each call.
    mutating func process(_ messages: [SentMessage]) throws -> [[SentAnswer]] {
        var group = MessageGroup()
        for message in messages {
            message.payload.withUnsafeBytes { payload in
                Array(message.topic.utf8).withUnsafeBytes {
                    group.append(
                        topic: $0, payload: payload, qos: 1, arrival: Self.arrival, client: message.client)
                }
            }
        }
        var slices: [[SentAnswer]] = []
        var start = 0
        while start < group.count {
            var replies = ReplyGroup()
            start = try processor.process(group, start..<group.count, into: &replies).end
            var answers: [SentAnswer] = []
            replies.forEach { reply, payload, _ in
                answers.append(SentAnswer(topic: reply.topic, payload: Array(payload)))
            }
            slices.append(answers)
        }
        return slices
    }

    /// The answers to a group of messages.
    mutating func post(
        _ payloads: [[UInt8]], topic: String = TestChannel.topic, qos: Int32 = 1
    ) throws -> [Answer] {
        let replies = try replies(payloads, topic: topic, qos: qos)
        var answers: [Answer] = []
        try replies.forEach { reply, payload, _ in
            answers.append(try Self.answer(reply.topic, reply.qos, Array(payload)))
        }
        return answers
    }

    /// The bytes of the answers to a group of messages.
    mutating func texts(_ payloads: [[UInt8]]) throws -> [[UInt8]] {
        var texts: [[UInt8]] = []
        try replies(payloads, topic: Self.topic, qos: 1).forEach { _, payload, _ in
            texts.append(Array(payload))
        }
        return texts
    }

    /// The answers to a group of equal messages of one client that arrive at these seconds after `arrival`.
    mutating func post(
        _ text: String, client: String?, at seconds: [Int64], topic: String = TestChannel.topic
    ) throws
        -> [Answer]
    {
        var answers: [Answer] = []
        let times = seconds.map { Timestamp(nanoseconds: Self.arrival.nanoseconds + $0 * 1_000_000_000) }
        let payloads = Array(repeating: Array(text.utf8), count: times.count)
        try replies(payloads, topic: topic, qos: 1, client: client, times: times).forEach {
            reply, payload, _ in
            answers.append(try Self.answer(reply.topic, reply.qos, Array(payload)))
        }
        return answers
    }

    private mutating func replies(
        _ payloads: [[UInt8]], topic: String, qos: Int32, client: String? = nil, times: [Timestamp] = []
    ) throws -> ReplyGroup {
        var group = MessageGroup()
        for (index, payload) in payloads.enumerated() {
            payload.withUnsafeBytes { payload in
                Array(topic.utf8).withUnsafeBytes {
                    group.append(
                        topic: $0, payload: payload, qos: qos,
                        arrival: times.isEmpty ? Self.arrival : times[index],
                        client: client)
                }
            }
        }
        var replies = ReplyGroup()
        _ = try processor.process(group, 0..<group.count, into: &replies)
        return replies
    }

    /// The topic, client id and correlation data of the answer to a message of MQTT 5.
    mutating func address(
        _ text: String, client: String?, responseTopic: String?, correlation: [UInt8]
    ) throws -> (topic: String, client: String?, correlation: [UInt8]) {
        var group = MessageGroup()
        Array(text.utf8).withUnsafeBytes { payload in
            Array(Self.topic.utf8).withUnsafeBytes {
                group.append(
                    topic: $0, payload: payload, qos: 1, arrival: Self.arrival, client: client,
                    responseTopic: responseTopic, correlation: correlation)
            }
        }
        var replies = ReplyGroup()
        _ = try processor.process(group, 0..<group.count, into: &replies)
        var found: [(String, String?, [UInt8])] = []
        replies.forEach { found.append(($0.topic, $0.client, Array($2))) }
        return try #require(found.first)
    }

    /// The answer to one message.
    mutating func post(_ text: String, topic: String = TestChannel.topic, qos: Int32 = 1) throws -> Answer {
        let answers = try post([Array(text.utf8)], topic: topic, qos: qos)
        return try #require(answers.first)
    }

    /// Takes an answer apart; it must be valid JSON of exactly the documented members.
    static func answer(_ topic: String, _ qos: Int32, _ payload: [UInt8]) throws -> Answer {
        let text = String(decoding: payload, as: UTF8.self)
        let start = try #require(text.range(of: "{\"id\":")).upperBound
        let end = try #require(text.range(of: ",\"code\":")).lowerBound
        // Foundation cannot read every number that is a valid id.
        let readable = text.replacingCharacters(in: start..<end, with: "0")
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(readable.utf8)) as? [String: Any], "\(text)")
        let code = try #require(object["code"] as? Int)
        var data = try #require(object["data"] as? [String: Any], "\(text)")
        #expect(object.count == (code == 200 ? 3 : 4))
        let errors = try (data.removeValue(forKey: "errors") as? [Any] ?? []).map { try Answer.Fault($0) }
        let skipped = try (data.removeValue(forKey: "skipped") as? [Any] ?? []).map { try Answer.Fault($0) }
        return Answer(
            topic: topic, qos: qos, text: text, code: code, id: String(text[start..<end]),
            message: object["message"] as? String, data: try #require(data as? [String: Int], "\(text)"),
            errors: errors, skipped: skipped)
    }
}

/// A payload with these items.
func payload(_ items: String, id: String = "\"7\"") -> String {
    "{\"id\":\(id),\"version\":\"1.0\",\"method\":\"integration.measurepoint.post\",\"params\":[\(items)]}"
}

/// A payload of any method with this `params`, and perhaps more members in front.
func request(_ method: String, _ params: String, _ members: String = "") -> String {
    "{\"id\":\"7\",\(members)\"version\":\"1.0\",\"method\":\"\(method)\",\"params\":\(params)}"
}

/// A payload with one reading of one point at 1 s.
func reading(_ point: String, _ value: String) -> String {
    payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"\(point)\":\(value)},\"time\":1000}")
}
