// Session.swift — what one connection has received and not yet committed.
//
// Invariants:
// - Used by the loop's thread only.

import VarveFile
import VarveMQTT

/// The receiver of the loop's connection.
final class Session: MQTTReceiver {
    private let settings: IngestSettings
    var processor: MessageProcessor
    var arena = MessageArena()
    /// Why the connection is of no use.
    private(set) var failure: MQTTError?
    private(set) var isReady = false
    private weak var connection: MQTTConnection?

    private static let topics = ["/sys/#", "sys/#"]

    init(_ settings: IngestSettings, _ processor: MessageProcessor) {
        self.settings = settings
        self.processor = processor
    }

    /// Whether the group is as large as a group may be.
    var isFull: Bool {
        arena.messages.count >= settings.batchMessages || arena.payloadBytes >= settings.batchBytes
    }

    /// A new connection begins.
    func begin(_ connection: MQTTConnection) {
        end()
        failure = nil
        isReady = false
        self.connection = connection
    }

    /// Forgets what was received and not committed.
    func end() { arena.removeAll() }

    func connected(refusal: MQTTError?, hasSession _: Bool) {
        if let refusal {
            failure = refusal
            return
        }
        do {
            // Said again at each connection: a broker that lost its state has lost the session too.
            _ = try connection?.subscribe(Self.topics, qos: 1, leavesOutOwn: true)
        } catch {
            failure = error
        }
    }

    func subscribed(id _: Int32, codes: [Int32]) {
        if codes.contains(where: { $0 >= 128 }) {
            failure = .invalid(
                "the broker refused the service's subscription: is it one with Varve's plugin?")
        } else {
            isReady = true
        }
    }

    func received(_ message: MQTTMessageView) {
        arena.append(
            message, arrival: SystemClock.nanoseconds(), client: message.userProperty(settings.senderProperty)
        )
    }

    func published(id _: Int32) {}
}
