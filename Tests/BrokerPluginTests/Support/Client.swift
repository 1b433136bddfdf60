// Client.swift — a client of the broker under test.

import Foundation
import VarveAccess
import VarveChannel
import VarveMQTT

/// An MQTT client that is driven until something has happened.
final class Client: MQTTReceiver {
    private let broker: PluginBroker
    private var connection: MQTTConnection?
    private var answer: MQTTError?
    private var isConnected = false
    private var codes: [Int32: [Int32]] = [:]
    private var acknowledged: Set<Int32> = []
    /// Topics and payloads that came in.
    private(set) var received: [(topic: String, payload: String)] = []
    /// The plugin's answers to logins of the service.
    private(set) var proofs: [String] = []
    /// The qualities of service of the received messages.
    private(set) var qualities: [Int32] = []
    /// Whether one of the received messages was retained.
    private(set) var hasRetained = false
    /// The costs that the plugin added to the received messages.
    private(set) var costs: [String?] = []
    /// The correlation data of the received messages.
    private(set) var correlations: [String] = []
    /// Whether the broker closed the connection.
    private(set) var isLost = false

    /// Logs in; the answer is in `refusal`.
    init(
        _ broker: PluginBroker, clientID: String, username: String?, password: String?,
        keepsSession: Bool = false,
        usesVersion5: Bool = false
    ) throws {
        self.broker = broker
        let connection = MQTTConnection(
            MQTTOptions(
                host: "127.0.0.1", port: broker.port, clientID: clientID, username: username,
                password: password, keepsSession: keepsSession, usesVersion5: usesVersion5),
            receiver: self)
        self.connection = connection
        try connection.connect()
        try drive("the login is answered") { isConnected || answer != nil || isLost }
    }

    /// Why the login was refused; nil if it was not.
    var refusal: Int32? {
        if case .refused(let code, _)? = answer { code } else { nil }
    }

    /// Whether the login was accepted.
    var isAccepted: Bool { isConnected }

    /// Subscribes and returns the code: 0 to 2, or 128 and more for a refusal.
    func subscribe(_ filter: String, qos: Int32 = 1) throws -> Int32 {
        guard let connection else { return -1 }
        let id = try connection.subscribe([filter], qos: qos)
        try drive("the subscription is answered") { codes[id] != nil || isLost }
        return codes[id]?.first ?? -1
    }

    /// Publishes and waits for the acknowledgement.
    func publish(_ topic: String, _ payload: String = "x", qos: Int32 = 1) throws {
        try publish(topic, bytes: Array(payload.utf8), qos: qos)
    }

    /// Publishes bytes and waits for the acknowledgement.
    func publish(_ topic: String, bytes: [UInt8], qos: Int32) throws {
        guard let connection else { return }
        let id = try bytes.withUnsafeBytes { bytes throws in
            try connection.publish(topic: topic, payload: bytes, qos: qos)
        }
        try drive("the message is acknowledged") { acknowledged.contains(id) || isLost }
    }

    /// Runs the connection until a condition holds.
    func drive(_ fact: String, until holds: () -> Bool) throws {
        try broker.wait(fact) {
            do {
                try connection?.flush()
                if connection?.wait(milliseconds: 10) == true { try connection?.readAvailable { false } }
                try connection?.flush()
            } catch {
                isLost = true
            }
            return holds()
        }
    }

    /// Closes the connection without a DISCONNECT.
    func drop() { connection?.drop() }

    func connected(refusal: MQTTError?, hasSession: Bool) {
        answer = refusal
        isConnected = refusal == nil
    }

    func subscribed(id: Int32, codes: [Int32]) { self.codes[id] = codes }

    func received(_ message: MQTTMessageView) {
        let topic = String(decoding: message.topic, as: UTF8.self)
        let payload = String(decoding: message.payload, as: UTF8.self)
        if topic == ControlTopic.proof {
            proofs.append(payload)
            return
        }
        costs.append(message.userProperty(MessageProperty.cost))
        qualities.append(message.qos)
        correlations.append(String(decoding: message.properties(user: "", "").correlation, as: UTF8.self))
        if message.isRetained { hasRetained = true }
        received.append((topic, payload))
    }

    func published(id: Int32) { acknowledged.insert(id) }
}
