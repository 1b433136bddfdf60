// BrokerPluginTests.swift — logins, rights and overload in a real broker that loads the built plugin.

import Foundation
import Testing
import VarveAccess
import VarveFile

@Suite(.serialized, .timeLimit(.minutes(5))) struct BrokerPluginTests {
    private static let base = Credentials(
        service: .init(username: "varve-service", password: "sp"),
        channels: [
            .init(product: "pk", name: "one", isEnabled: true, productSecret: "psecret", password: "fixed"),
            .init(product: "other", name: "three", isEnabled: true, productSecret: "o", password: "fixed"),
            .init(product: "off", name: "two", isEnabled: false, productSecret: "s", password: "p"),
        ],
        devices: [.init(product: "pk", key: "d1", secret: "dsecret")])

    private static let post = "/sys/pk/integration/measurepoint/post"

    private func channel(
        _ broker: PluginBroker, id: String = "gw", product: String = "pk", keepsSession: Bool = false
    ) throws -> Client {
        try Client(
            broker, clientID: id, username: "%channel%&\(product)", password: "fixed",
            keepsSession: keepsSession)
    }

    private func service(_ broker: PluginBroker) throws -> Client {
        try Client(
            broker, clientID: "varve-service", username: "varve-service",
            password: try #require(ServiceProof(secret: "sp", clientID: "varve-service")).password,
            keepsSession: true, usesVersion5: true)
    }

    @Test("a fixed password logs in under any client id, and both ends of it are events")
    func fixedPassword() throws {
        let broker = try PluginBroker(Self.base)
        for id in ["gw", "another one"] {
            let client = try channel(broker, id: id)
            #expect(client.isAccepted)
            let event = try broker.event("connected") { $0.kind == .connected && $0.clientID == id }
            #expect(event.product == "pk" && event.channel == "one" && event.address == "127.0.0.1")
            client.drop()
            _ = try broker.event("disconnected") { $0.kind == .disconnected && $0.clientID == id }
        }
        _ = try service(broker)
        let event = try broker.event("the service") { $0.username == "varve-service" }
        #expect(event.channel == nil && event.product == nil)
    }

    @Test("signatures of a channel and of a device log in, by every method, in either case of hex digits")
    func signatures() throws {
        let broker = try PluginBroker(Self.base)
        for (key, secret, modes) in [("%channel%", "psecret", ["2", "4"]), ("d1", "dsecret", ["2"])] {
            for (mode, name) in zip(modes + modes + modes, ["sha256", "hmacSHA1", "MD5"]) {
                let method = try #require(Signature.Method(named: name))
                let signed = "c{ip=1.2.3.4,compress=GZIP}"
                let signature = try #require(
                    Signature(
                        clientID: signed, deviceKey: key, productKey: "pk", timestamp: "1548753362502.5",
                        secret: secret, method: method))
                let hex = signature.digest.map { String(format: "%02x", $0) }.joined()
                for password in [hex, hex.uppercased()] {
                    let client = try Client(
                        broker,
                        clientID:
                            "\(signed)|securemode=\(mode), signmethod=\(name),timestamp=1548753362502.5|",
                        username: "\(key)&pk", password: password)
                    #expect(client.isAccepted, "\(key) \(mode) \(name)")
                }
            }
        }
    }

    @Test(
        "a wrong login is refused with code 5 and an event that has client and reason",
        arguments: [
            ("%channel%&pk", "wrong", "wrong password", "one"), ("%channel%&nope", "x", "unknown", nil),
            ("%channel%&off", "p", "disabled", "two"), ("someone", "x", "neither", nil),
            ("d9&pk", "x", "unknown", "one"),
        ] as [(String, String, String, String?)])
    func refused(username: String, password: String, reason: String, channel: String?) throws {
        let broker = try PluginBroker(Self.base)
        let client = try Client(broker, clientID: "gw7", username: username, password: password)
        #expect(client.refusal == 5)
        let event = try broker.event("refused") { $0.kind == .refused }
        #expect(event.clientID == "gw7" && event.username == username && event.channel == channel)
        #expect(event.detail.contains(reason))
        broker.stop()
        try broker.readEvents()
        #expect(broker.events.count == 1, "a refused client leaves no other event")
    }

    @Test("only the service may use the service's client id")
    func clientIDOfService() throws {
        let broker = try PluginBroker(Self.base)
        #expect(try channel(broker, id: "varve-service").refusal == 5)
        let event = try broker.event("refused") { $0.kind == .refused }
        #expect(event.detail.contains("the service's own") && event.channel == "one")
        #expect(try channel(broker, id: "varve-service-2").isAccepted)
    }

    @Test("a client id that one product uses is refused to another, also while its client is away")
    func clientIDOfOtherProduct() throws {
        let broker = try PluginBroker(Self.base)
        let first = try channel(broker, id: "shared", keepsSession: true)
        #expect(first.isAccepted)
        #expect(try first.subscribe("/sys/pk/+/+/post_reply") == 1)
        #expect(try channel(broker, id: "shared", product: "other").refusal == 5)
        let event = try broker.event("refused") { $0.kind == .refused }
        #expect(event.detail.contains("another product uses this client id") && event.channel == "three")
        #expect(!first.isLost)
        first.drop()
        _ = try broker.event("gone") { $0.kind == .disconnected && $0.clientID == "shared" }
        #expect(try channel(broker, id: "shared", product: "other").refusal == 5)
        let service = try service(broker)
        try service.publish(Self.post + "_reply", "waiting")
        let again = try channel(broker, id: "shared", keepsSession: true)
        try again.drive("the reply that waited arrives") { !again.received.isEmpty }
        #expect(again.received.map(\.payload) == ["waiting"])
    }

    @Test("a client id is free for others once its session has ended")
    func freeClientID() throws {
        let broker = try PluginBroker(Self.base)
        let first = try channel(broker, id: "shared")
        #expect(first.isAccepted)
        first.drop()
        _ = try broker.event("gone") { $0.kind == .disconnected }
        #expect(try channel(broker, id: "shared", product: "other").isAccepted)
    }

    @Test("publishing or subscribing to another product's topic is refused and recorded as an event")
    func foreignTopics() throws {
        let broker = try PluginBroker(Self.base)
        let service = try service(broker)
        #expect(try service.subscribe("/sys/#") <= 2)
        let client = try channel(broker)
        #expect(try client.subscribe("/sys/pk/#") == 1)
        #expect(try client.subscribe("/sys/other/#") == 128)
        #expect(try client.subscribe("#") == 128)
        try client.publish("/sys/other/integration/measurepoint/post", "stolen")
        try client.publish("/sys/pk/integration/measurepoint/post_reply", "forged")
        try client.publish(Self.post, "mine")
        #expect(!client.isLost)
        try service.drive("the message arrives") { !service.received.isEmpty }
        #expect(service.received.map(\.payload) == ["mine"])
        let write = try broker.event("denied publish") { $0.kind == .deniedPublish }
        #expect(write.detail == "/sys/other/integration/measurepoint/post" && write.clientID == "gw")
        #expect(write.channel == "one")
        let filter = try broker.event("denied subscription") { $0.kind == .deniedSubscribe }
        #expect(filter.detail == "/sys/other/#")
    }

    @Test("a client gets only the replies of its own product, even if it subscribes to more")
    func delivery() throws {
        let broker = try PluginBroker(Self.base)
        let service = try service(broker)
        let client = try channel(broker)
        #expect(try client.subscribe("/sys/pk/#") == 1)
        let other = try channel(broker, id: "other")
        try other.publish(Self.post, "data of a neighbour")
        try service.publish("/sys/pk/integration/measurepoint/post_reply", "answer")
        try client.drive("the answer arrives") { !client.received.isEmpty }
        #expect(client.received.map(\.payload) == ["answer"])
    }

    @Test("messages for a service that is away wait for it, also across a restart of the broker")
    func absentService() throws {
        let broker = try PluginBroker(Self.base)
        let first = try service(broker)
        #expect(try first.subscribe("/sys/#") <= 2)
        first.drop()
        _ = try broker.event("the service is gone") { $0.kind == .disconnected }
        try channel(broker).publish(Self.post, "before")
        broker.stop()
        try broker.start()
        try channel(broker).publish(Self.post, "after")
        let second = try service(broker)
        try second.drive("both arrive") { second.received.count >= 2 }
        #expect(second.received.map(\.payload) == ["before", "after"])
    }

    @Test("replaced credentials let a new product in at once and disconnect a disabled one")
    func replacedCredentials() throws {
        let broker = try PluginBroker(Self.base)
        let client = try channel(broker)
        #expect(client.isAccepted)
        #expect(try channel(broker, id: "new", product: "new").refusal == 5)
        var changed = Self.base
        changed.channels[0].isEnabled = false
        changed.channels.append(
            .init(product: "new", name: "three", isEnabled: true, productSecret: "", password: "fixed"))
        try CredentialsFile.write(changed, to: broker.credentialsPath)
        let new = try channel(broker, id: "new", product: "new")
        #expect(new.isAccepted)
        try client.drive("it is disconnected") { client.isLost }
        _ = try broker.event("disconnected") { $0.kind == .disconnected && $0.clientID == "gw" }
        #expect(try channel(broker).refusal == 5)
        // The plugin reads the file also without a login in between.
        changed.channels.removeLast()
        try CredentialsFile.write(changed, to: broker.credentialsPath)
        try new.drive("it is disconnected") { new.isLost }
    }

    @Test("a damaged or missing credentials file changes nothing; without one nobody logs in")
    func damagedCredentials() throws {
        let broker = try PluginBroker(nil)
        let early = try channel(broker)
        #expect(!early.isAccepted)
        try CredentialsFile.write(Self.base, to: broker.credentialsPath)
        #expect(try channel(broker).isAccepted)
        try POSIXFileSystem().replace(broker.credentialsPath, [0, 1, 2])
        #expect(try channel(broker).isAccepted)
        try POSIXFileSystem().remove(broker.credentialsPath)
        #expect(try channel(broker).isAccepted)
        broker.stop()
        #expect(broker.log.components(separatedBy: "the last good credentials stay").count == 3)
    }

    @Test("a client whose messages are all denied does not fill the log")
    func flood() throws {
        let broker = try PluginBroker(Self.base)
        let client = try channel(broker)
        for _ in 0..<500 { try client.publish("/sys/other/x") }
        client.drop()
        broker.stop()
        try broker.readEvents()
        let denied = broker.events.filter { $0.kind == .deniedPublish }
        #expect(denied.reduce(0) { $0 + $1.count } == 500)
        #expect(denied.count < 200)
    }

    @Test(
        "a broker whose configuration has a wrong option does not start",
        arguments: ["queue_limit lots", "other 1"])
    func wrongOption(option: String) {
        #expect(throws: (any Error).self) { try PluginBroker(Self.base, options: ["plugin_opt_\(option)"]) }
    }
}
