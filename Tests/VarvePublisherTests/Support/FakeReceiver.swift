// FakeReceiver.swift — the receiver of a test: takes messages from the broker on its own thread and answers them.

import Foundation
import Synchronization
import VarveMQTT
import VarvePlatform
import VarveTestSupport

/// A message as it arrived.
struct Received: Sendable {
    var topic: String
    var payload: [UInt8]
    /// The text of `id`.
    var id: String

    /// The readings in the message, in order.
    var readings: [Reading] { Payload.readings(payload) }
}

/// A reply to send now.
struct Answer: Sendable {
    var id: String
    var code: Int
    var message = ""

    static func taken(_ message: Received) -> [Answer] { [Answer(id: message.id, code: 200)] }
}

/// Answers each message with the replies that the test decides.
final class FakeReceiver: @unchecked Sendable, MQTTReceiver {
    // Unchecked: `connection` and `pending` belong to the thread, the rest is behind `state`.
    typealias Decide = @Sendable (_ message: Received, _ seen: Int) -> [Answer]

    private struct State {
        var messages: [Received] = []
        /// The number of times that each id arrived.
        var seen: [String: Int] = [:]
        var isReady = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let port: UInt16
    private let decide: Decide
    private var connection: MQTTConnection?
    private var pending: [Received] = []
    private var thread: WorkerThread?

    /// Starts a receiver and waits until it is subscribed.
    ///
    /// - Parameter decide: Gets each message and the number of times that its id has arrived, from 1; returns the
    ///   replies.
    init(_ port: UInt16, _ decide: @escaping Decide = { message, _ in Answer.taken(message) }) throws {
        self.port = port
        self.decide = decide
        thread = try WorkerThread { self.run() }
        try eventually("the receiver is subscribed") { state.withLock(\.isReady) }
    }

    /// Ends the thread, which keeps this object alive until then.
    func stop() {
        state.withLock { $0.isStopped = true }
        thread?.join()
        thread = nil
    }

    /// All messages so far, in order of arrival.
    var messages: [Received] { state.withLock(\.messages) }

    private func run() {
        while !state.withLock(\.isStopped) {
            let connection = MQTTConnection(
                MQTTOptions(host: "127.0.0.1", port: port, clientID: "receiver", keepsSession: true),
                receiver: self)
            self.connection = connection
            do {
                try connection.connect()
                try serve(connection)
            } catch {
                usleep(20_000)
            }
            pending = []
            connection.drop()
        }
    }

    private func serve(_ connection: MQTTConnection) throws {
        while !state.withLock(\.isStopped) {
            if connection.wait(milliseconds: 20) { try connection.readAvailable { false } }
            for message in pending {
                let seen = state.withLock { state in
                    state.messages.append(message)
                    state.seen[message.id, default: 0] += 1
                    return state.seen[message.id] ?? 0
                }
                for answer in decide(message, seen) { try send(answer, connection, message.topic) }
            }
            pending = []
            try connection.flush()
        }
    }

    private func send(_ answer: Answer, _ connection: MQTTConnection, _ topic: String) throws {
        let text = #"{"id":"\#(answer.id)","code":\#(answer.code),"message":"\#(answer.message)","data":{}}"#
        try Array(text.utf8).withUnsafeBytes { bytes in
            _ = try connection.publish(topic: topic + "_reply", payload: bytes, qos: 0)
        }
    }

    func connected(refusal _: MQTTError?, hasSession _: Bool) {
        _ = try? connection?.subscribe(["/sys/+/integration/measurepoint/post"], qos: 1)
    }

    func subscribed(id _: Int32, codes _: [Int32]) { state.withLock { $0.isReady = true } }

    func received(_ message: MQTTMessageView) {
        let payload = Array(message.payload)
        pending.append(
            Received(
                topic: String(decoding: message.topic, as: UTF8.self), payload: payload,
                id: Payload.id(payload)))
    }

    func published(id _: Int32) {}
}
