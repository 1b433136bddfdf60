// TestSender.swift — a third-party system that publishes messages and collects the replies.

import Testing
import VarveIntegration
import VarveMQTT
import VarveTestSupport

/// A client of the broker; used by one thread.
final class TestSender: MQTTReceiver {
    private(set) var replies: [(topic: String, text: String)] = []
    private(set) var acknowledged = 0
    private var isLoggedIn = false
    private var isSubscribed = false
    private var connection: MQTTConnection?

    /// Logs in.
    ///
    /// - Parameters:
    ///   - client: The client id; the service's id takes over the service's session.
    ///   - isService: Whether it logs in as the service and not as the channel of `P`.
    init(
        port: UInt16, client: String, subscribes topics: [String] = [], keepsSession: Bool = false,
        isService: Bool = false
    ) throws {
        let proof = BrokerProof.plugin(secret: "sp", heldBytes: 0, remedy: "").begin(client)
        let options = MQTTOptions(
            host: "127.0.0.1", port: port, clientID: client,
            username: isService ? "varve-service" : "%channel%&P",
            password: isService ? proof?.password : "cp",
            keepsSession: keepsSession, usesVersion5: keepsSession)
        let connection = MQTTConnection(options, receiver: self)
        self.connection = connection
        try connection.connect()
        try turn("the login") { self.isLoggedIn }
        if topics.isEmpty { return }
        _ = try connection.subscribe(topics, qos: 1)
        try turn("the subscription") { self.isSubscribed }
    }

    /// Publishes a message and waits for the broker's acknowledgement.
    func publish(_ text: String, topic: String = TestChannel.topic, retain: Bool = false) throws {
        let wanted = acknowledged + 1
        try Array(text.utf8).withUnsafeBytes {
            _ = try connection?.publish(topic: topic, payload: $0, qos: 1, retain: retain)
        }
        try turn("the acknowledgement") { self.acknowledged >= wanted }
        try connection?.flush()
    }

    /// Talks to the broker until a condition is true; the messages read last are not acknowledged then.
    func turn(_ what: String, until condition: () -> Bool) throws {
        try eventually(what) {
            guard let connection else { return true }
            try connection.flush()
            if connection.wait(milliseconds: 2) { try connection.readAvailable { false } }
            return condition()
        }
    }

    /// Closes the connection without a DISCONNECT.
    func drop() {
        connection?.drop()
        connection = nil
    }

    func connected(refusal: MQTTError?, hasSession: Bool) { isLoggedIn = refusal == nil }
    func subscribed(id: Int32, codes: [Int32]) { isSubscribed = true }
    func published(id: Int32) { acknowledged += 1 }
    func received(_ message: MQTTMessageView) {
        replies.append(
            (
                String(decoding: message.topic, as: UTF8.self),
                String(decoding: message.payload, as: UTF8.self)
            ))
    }
}
