// ActivationTests.swift — activations and replaced secrets in a real broker with the built plugin.
//
// The service is the test: it decides what is sent to whom.

import Testing
import VarveAccess
import VarveChannel
import VarvePlatform

@Suite(.serialized, .timeLimit(.minutes(3))) struct ActivationTests {
    private static let info = "/ext/session/pk/d1/thing/activate/info"
    private static let base = Credentials(
        service: .init(username: "varve-service", password: "sp"),
        channels: [
            .init(product: "pk", name: "one", isEnabled: true, productSecret: "psecret", password: "fixed")
        ],
        devices: [
            .init(product: "pk", key: "d1", secret: "dsecret"), .init(product: "pk", key: "d2", secret: "x"),
        ])

    private func service(_ broker: PluginBroker, _ id: String) throws -> Client {
        try Client(
            broker, clientID: id, username: "varve-service",
            password: try #require(ServiceProof(secret: "sp", clientID: id)).password,
            keepsSession: id == ServiceClient.id, usesVersion5: true)
    }

    private func device(_ broker: PluginBroker, _ key: String = "d1", id: String = "c") throws -> Client {
        let signature = try #require(
            Signature(
                clientID: id, deviceKey: key, productKey: "pk", timestamp: "1", secret: "psecret",
                method: .sha256))
        return try Client(
            broker, clientID: "\(id)|securemode=3,signmethod=sha256,timestamp=1|", username: "\(key)&pk",
            password: signature.password)
    }

    private func tell(_ replies: Client, _ payload: String, to id: String, topic: String = info) throws {
        let answer = BundledAnswer(
            payload, to: "\(id)|securemode=3,signmethod=sha256,timestamp=1|", topic: topic)
        try replies.publish(ControlTopic.replies, bytes: BundledAnswer.bundle([answer]), qos: 1)
        try replies.publish(ControlTopic.consumption, "consumed 0 0")
    }

    @Test(
        "a device is told its secret on its own connection alone, with and without a subscription",
        arguments: [false, true])
    func told(subscribes: Bool) throws {
        let broker = try PluginBroker(Self.base)
        let reader = try service(broker, ServiceClient.id)
        let replies = try service(broker, ServiceClient.repliesID)
        #expect(reader.isAccepted && replies.isAccepted)
        let client = try device(broker)
        #expect(client.isAccepted)
        let other = try device(broker, "d2", id: "e")
        let listener = try Client(broker, clientID: "l", username: "%channel%&pk", password: "fixed")
        #expect(try listener.subscribe("/ext/#") == 128)
        #expect(try listener.subscribe("/sys/pk/#") == 1)
        #expect(try other.subscribe(Self.info) == 128)
        if subscribes { #expect(try client.subscribe(Self.info) == 1) }
        let event = try broker.event("an activation") { $0.kind == .activation && $0.detail == "d1" }
        #expect(event.product == "pk" && event.clientID.hasPrefix("c|") && event.channel == "one")
        try tell(replies, "secret", to: "c")
        try client.drive("it is told") { !client.received.isEmpty }
        #expect(client.received.map(\.topic) == [Self.info] && client.received.map(\.payload) == ["secret"])
        // A message for another device does not reach it, and one for a client that is away reaches nobody.
        try tell(replies, "of d2", to: "c", topic: "/ext/session/pk/d2/thing/activate/info")
        try tell(replies, "of nobody", to: "away")
        _ = try broker.event("unheard") { $0.kind == .unheard && $0.detail.contains("varve device reset") }
        try tell(replies, "last", to: "c")
        try client.drive("the last arrives") { client.received.last?.payload == "last" }
        #expect(client.received.map(\.payload) == ["secret", "last"])
        #expect(other.received.isEmpty && listener.received.isEmpty)
        // The EnOS SDK answers; that is no denied topic.
        try client.publish(Self.info + "_reply", "{}")
        try client.publish("/sys/pk/d1/thing/measurepoint/resume", "{}")
        let denied = try broker.event("denied") { $0.kind == .deniedPublish }
        #expect(denied.detail == "/sys/pk/d1/thing/measurepoint/resume")
        #expect(reader.received.isEmpty)
        broker.stop()
        try broker.readEvents()
        #expect(!broker.events.contains { $0.detail.contains("secret") })
    }

    @Test(
        "without the service nobody is let in to be activated; a device that was activated is refused with the remedy"
    )
    func refused() throws {
        let broker = try PluginBroker(Self.base)
        #expect(try !device(broker).isAccepted)
        _ = try broker.event("refused") { $0.kind == .refused && $0.detail.contains("the service is away") }
        let reader = try service(broker, ServiceClient.id)
        let client = try device(broker)
        #expect(client.isAccepted)
        var changed = Self.base
        changed.devices[0].isActivated = true
        try CredentialsFile.write(changed, to: broker.credentialsPath)
        #expect(try device(broker, id: "again").refusal == 5)
        _ = try broker.event("refused") { $0.kind == .refused && $0.detail.contains("varve device reset") }
        #expect(!client.isLost, "the client that is being activated stays")
        _ = reader
    }

    @Test(
        "a client with a replaced password is disconnected when that is not accepted any more, and no other client"
    )
    func replaced() throws {
        let end = SystemClock.nanoseconds() + 1_500_000_000
        var rotated = Self.base
        rotated.channels = [
            .init(
                product: "pk", name: "one", isEnabled: true, productSecret: "psecret", password: "new",
                replacedPassword: .init(secret: "fixed", validUntil: end))
        ]
        let broker = try PluginBroker(Self.base)
        let old = try Client(broker, clientID: "old", username: "%channel%&pk", password: "fixed")
        try CredentialsFile.write(rotated, to: broker.credentialsPath)
        let new = try Client(broker, clientID: "new", username: "%channel%&pk", password: "new")
        #expect(old.isAccepted && new.isAccepted && SystemClock.nanoseconds() < end)
        try old.drive("it is disconnected") { old.isLost }
        #expect(SystemClock.nanoseconds() >= end)
        let event = try broker.event("disconnected") { $0.kind == .disconnected && $0.clientID == "old" }
        #expect(event.detail.contains("the password was replaced"))
        try new.publish("/sys/pk/x")
        #expect(!new.isLost)
        #expect(
            try Client(broker, clientID: "late", username: "%channel%&pk", password: "fixed").refusal == 5)
    }
}
