// HoldTests.swift — what a client can make a real broker hold: each way has a limit, and the log reports it.

import Foundation
import Testing
import VarveAccess
import VarveChannel
import VarveFile
import VarveModel

@Suite(.serialized, .timeLimit(.minutes(5))) struct HoldTests {
    static let base = Credentials(
        service: .init(username: "varve-service", password: "sp"),
        channels: [
            .init(product: "pk", name: "one", isEnabled: true, productSecret: "psecret", password: "fixed"),
            .init(product: "other", name: "three", isEnabled: true, productSecret: "o", password: "fixed"),
        ],
        devices: [])

    static let post = "/sys/pk/integration/measurepoint/post"
    static let otherPost = "/sys/other/integration/measurepoint/post"

    static func channel(
        _ broker: PluginBroker, id: String, product: String = "pk", keepsSession: Bool = false
    ) throws -> Client {
        try Client(
            broker, clientID: id, username: "%channel%&\(product)", password: "fixed",
            keepsSession: keepsSession)
    }

    static func service(_ broker: PluginBroker) throws -> Client {
        let service = try Client(
            broker, clientID: "varve-service", username: "varve-service",
            password: try #require(ServiceProof(secret: "sp", clientID: "varve-service")).password,
            keepsSession: true, usesVersion5: true)
        #expect(try service.subscribe("/sys/#") <= 2)
        return service
    }

    /// Waits for an event whose detail has these words.
    private func event(
        _ broker: PluginBroker, kind: ConnectionEvent.Kind = .overload, _ words: String
    ) throws -> ConnectionEvent {
        try broker.event(words) { $0.kind == kind && $0.detail.contains(words) }
    }

    @Test("nothing is retained: the flag is cleared, and messages retained before the plugin are removed")
    func retained() throws {
        let broker = try PluginBroker(Self.base, usesPlugin: false)
        let early = try RawClient(broker)
        #expect(early.login("early"))
        early.send(RawClient.publish(Self.post, Array("old".utf8), quality: 1, isRetained: true))
        try broker.wait("it is acknowledged") {
            early.read()
            return early.bytes.count >= 4
        }
        broker.stop()
        #expect(try BrokerDatabase(path: broker.databasePath).retained == [Self.post])
        try broker.start()
        let sender = try RawClient(broker)
        #expect(sender.login("r"))
        sender.send(RawClient.publish(Self.post + "/x", Array("new".utf8), quality: 1, isRetained: true))
        try broker.wait("it is acknowledged") {
            sender.read()
            return sender.bytes.count >= 4
        }
        let service = try Self.service(broker)
        try Self.channel(broker, id: "later").publish(Self.post, "after")
        try service.drive("the message arrives") { !service.received.isEmpty }
        #expect(service.received.map(\.payload) == ["after"])
        broker.stop()
        #expect(try BrokerDatabase(path: broker.databasePath).retained == [])
    }

    @Test(
        "a last will is refused, retained or not, when its client is lost or replaced",
        arguments: [false, true])
    func wills(isReplaced: Bool) throws {
        let broker = try PluginBroker(Self.base)
        let service = try Self.service(broker)
        var client: RawClient? = try RawClient(broker)
        #expect(client?.login("w", will: (Self.post, "will", true)) == true)
        if isReplaced { #expect(try Self.channel(broker, id: "w").isAccepted) } else { client = nil }
        let event = try event(broker, "a last will is not taken")
        #expect(event.clientID == "w" && event.channel == "one" && event.detail.contains(Self.post))
        #expect(event.address == "127.0.0.1" && event.username == "%channel%&pk")
        #expect(event.detail.contains("taken over") == isReplaced)
        try Self.channel(broker, id: "later").publish(Self.post, "after")
        try service.drive("the message arrives") { !service.received.isEmpty }
        #expect(service.received.map(\.payload) == ["after"])
        broker.stop()
        #expect(try BrokerDatabase(path: broker.databasePath).retained == [])
        _ = client
    }

    @Test("quality 2, long topics and many properties are refused, and the client goes on")
    func messages() throws {
        let broker = try PluginBroker(Self.base)
        let service = try Self.service(broker)
        let sender = try RawClient(broker)
        #expect(sender.login("five", version: 5))
        let many = (0..<33).map { ("k\($0)", "v") }
        sender.send(RawClient.publish(Self.post, Array("two".utf8), quality: 2, properties: []))
        sender.send(RawClient.publish("/sys/pk/" + String(repeating: "x", count: 505), properties: []))
        sender.send(RawClient.publish(Self.post, Array("many".utf8), properties: many))
        sender.send(
            RawClient.publish(
                Self.post, Array("long".utf8), properties: [("k", String(repeating: "v", count: 8200))]))
        sender.send(RawClient.publish(Self.post, Array("good".utf8), properties: [("a", "bc")]))
        sender.send(RawClient.publish(Self.post, Array("plain".utf8), properties: []))
        try service.drive("the good ones arrive") { service.received.count >= 2 }
        #expect(service.received.map(\.payload) == ["good", "plain"])
        let cost = ConsumptionReport.cost(topicBytes: Self.post.utf8.count, payloadBytes: 4) + 8 + 128
        #expect(service.costs == ["\(cost)", nil], "told where the properties count")
        for words in ["quality of service 2", "the topic has 513 bytes", "too many properties"] {
            let event = try event(broker, kind: .refusedMessage, words)
            #expect(event.clientID == "five" && event.channel == "one")
        }
    }

    @Test(
        "subscriptions are limited in length and depth and not in number, and the names of a login in length")
    func names() throws {
        let broker = try PluginBroker(Self.base)
        let client = try Self.channel(broker, id: "many")
        for number in 0..<300 { #expect(try client.subscribe("/sys/pk/\(number)/thing/x_reply") == 1) }
        let other = try Self.channel(broker, id: "deep")
        #expect(try other.subscribe("/sys/pk/" + String(repeating: "a/", count: 14) + "#") == 128)
        #expect(try other.subscribe("/sys/pk/" + String(repeating: "a/", count: 12) + "#") == 1)
        _ = try event(broker, "the filter has 18 levels")
        #expect(try Self.channel(broker, id: String(repeating: "i", count: 513)).refusal == 5)
        _ = try event(broker, kind: .refused, "the client id has 513 bytes")
        #expect(try Self.channel(broker, id: String(repeating: "i", count: 512)).isAccepted)
    }

    @Test("a product has three quarters of the connections, and others have the rest")
    func connections() throws {
        let broker = try PluginBroker(Self.base, options: ["plugin_opt_connections 20"])
        var clients = try (0..<15).map { try Self.channel(broker, id: "c\($0)") }
        #expect(clients.filter { !$0.isAccepted }.isEmpty)
        #expect(try !Self.channel(broker, id: "late").isAccepted)
        _ = try event(broker, kind: .refused, "this product has 15 clients, the most")
        #expect(try Self.channel(broker, id: "neighbour", product: "other").isAccepted)
        clients.removeLast().drop()
        _ = try broker.event("one has gone") { $0.kind == .disconnected && $0.clientID == "c14" }
        #expect(try Self.channel(broker, id: "late").isAccepted)
    }

    @Test("sessions that are kept are limited for a product and in all; a clean login frees one")
    func sessions() throws {
        let broker = try PluginBroker(Self.base, options: ["plugin_opt_sessions 8"])
        for id in ["s1", "s2"] { #expect(try Self.channel(broker, id: id, keepsSession: true).isAccepted) }
        #expect(try Self.channel(broker, id: "s3", keepsSession: true).refusal == 5)
        let event = try event(broker, kind: .refused, "keeps 2 sessions, the most")
        #expect(event.clientID == "s3" && event.channel == "one")
        #expect(try Self.channel(broker, id: "s3").isAccepted)
        #expect(try Self.channel(broker, id: "s1", keepsSession: true).isAccepted, "its own goes on")
        #expect(try Self.channel(broker, id: "n1", product: "other", keepsSession: true).isAccepted)
        #expect(try Self.channel(broker, id: "s2").isAccepted)
        #expect(try Self.channel(broker, id: "s3", keepsSession: true).isAccepted)
    }

    @Test(
        "a session's owner is known after a restart of the broker, and a product without a channel owns nothing"
    )
    func owners() throws {
        let broker = try PluginBroker(Self.base)
        let service = try Self.service(broker)
        for id in ["shared", "second"] {
            let client = try Self.channel(broker, id: id, keepsSession: true)
            #expect(try client.subscribe("/sys/pk/+/+/post_reply") == 1)
            client.drop()
            _ = try broker.event("gone") { $0.kind == .disconnected && $0.clientID == id }
        }
        try service.publish(Self.post + "_reply", "waiting")
        broker.stop()
        try broker.start()
        let other = try Self.channel(broker, id: "shared", product: "other")
        #expect(other.refusal == 5)
        let event = try event(broker, kind: .refused, "another product uses this client id")
        #expect(event.clientID == "shared" && event.channel == "three")
        let again = try Self.channel(broker, id: "shared", keepsSession: true)
        try again.drive("the answer that waited arrives") { !again.received.isEmpty }
        #expect(again.received.map(\.payload) == ["waiting"])
        var changed = Self.base
        changed.channels.removeFirst()
        try CredentialsFile.write(changed, to: broker.credentialsPath)
        #expect(try Self.channel(broker, id: "second", product: "other").isAccepted)
    }

    @Test("the database shows sessions, answers and waiting messages, and a damaged one shows less")
    func database() throws {
        let broker = try PluginBroker(Self.base)
        let service = try Self.service(broker)
        let client = try Self.channel(broker, id: "kept", keepsSession: true)
        #expect(try client.subscribe("/sys/pk/+/+/post_reply") == 1)
        client.drop()
        _ = try broker.event("gone") { $0.kind == .disconnected && $0.clientID == "kept" }
        try service.publish(Self.post + "_reply", "12345")
        service.drop()
        _ = try broker.event("gone") { $0.kind == .disconnected && $0.username == "varve-service" }
        let sender = try Self.channel(broker, id: "s")
        for _ in 0..<3 { try sender.publish(Self.post, "0123456789") }
        broker.stop()
        let found = try BrokerDatabase(path: broker.databasePath)
        let answer = ConsumptionReport.cost(topicBytes: Self.post.utf8.count + 6, payloadBytes: 5)
        let session = try #require(found.sessions["kept"])
        #expect(session.username == "%channel%&pk" && session.keepsAnswers && found.sessions.count == 1)
        #expect(session.answerCost == answer && session.answers == 1)
        let waiting = try #require(found.waiting["%channel%&pk"])
        let cost = ConsumptionReport.cost(topicBytes: Self.post.utf8.count, payloadBytes: 10)
        #expect(waiting.cost == 3 * cost && waiting.messages == 3 && found.waiting.count == 1)
        let files = POSIXFileSystem()
        let bytes = try files.readAll(broker.databasePath)
        for count in stride(from: 0, to: bytes.count, by: 7) {
            let path = broker.folder + "/damaged"
            try files.replace(path, Array(bytes[..<count]))
            #expect(try BrokerDatabase(path: path).sessions.count <= 1)
        }
    }

    @Test("answers for a client that is away are kept up to a limit, and an event reports the others")
    func awayAnswers() throws {
        let broker = try PluginBroker(Self.base)
        let service = try Self.service(broker)
        let client = try Self.channel(broker, id: "away", keepsSession: true)
        #expect(try client.subscribe("/sys/pk/+/+/post_reply") == 1)
        client.drop()
        _ = try broker.event("gone") { $0.kind == .disconnected && $0.clientID == "away" }
        let payload = String(repeating: "x", count: 200_000)
        for _ in 0..<8 { try service.publish(Self.post + "_reply", payload) }
        let event = try event(broker, "too many wait that its client has not read")
        #expect(event.clientID == "away" && event.channel == "one")
        let again = try Self.channel(broker, id: "away", keepsSession: true)
        try service.publish(Self.post + "_reply", "now")
        try again.drive("the newest arrives") { again.received.last?.payload == "now" }
        #expect(again.received.count == 6, "5 of 200 kB are 1 MiB")
    }

    @Test(
        "answers for the sessions of a full product are refused and counted without a check of each session")
    func fullProduct() throws {
        let broker = try PluginBroker(Self.base)
        let service = try Self.service(broker)
        for number in 0..<24 {
            let client = try Self.channel(broker, id: "away\(number)", keepsSession: true)
            #expect(try client.subscribe("/sys/pk/+/+/post_reply") == 1)
            client.drop()
        }
        _ = try broker.event("all are gone") { $0.kind == .disconnected && $0.clientID == "away23" }
        let payload = String(repeating: "x", count: 200_000)
        for _ in 0..<4 { try service.publish(Self.post + "_reply", payload) }
        let event = try event(broker, "too many of its product wait")
        #expect(event.clientID.isEmpty && event.product == "pk" && event.channel == "one" && event.count > 1)
    }

    @Test("answers for a client that does not read are limited; others get theirs; reading ends the limit")
    func slowReader() throws {
        let broker = try PluginBroker(Self.base)
        let service = try Self.service(broker)
        let slowOnes = try ["slow", "slow2", "slow3"].map { id in
            let client = try RawClient(broker)
            #expect(client.login(id))
            client.subscribe("/sys/pk/+/+/post_reply", quality: 0)
            return client
        }
        let slow = slowOnes[0]
        let reader = try Self.channel(broker, id: "reader", product: "other")
        #expect(try reader.subscribe("/sys/other/+/+/post_reply") == 1)
        let payload = String(repeating: "x", count: 1 << 20)
        for _ in 0..<24 { try service.publish(Self.post + "_reply", payload) }
        let sibling = try Self.channel(broker, id: "sibling")
        #expect(try sibling.subscribe("/sys/pk/+/+/post_reply") == 1)
        try service.publish(Self.post + "_reply", "small")
        try sibling.drive("a sibling that reads gets its answer") { !sibling.received.isEmpty }
        let event = try event(broker, "too many wait that its ")
        #expect(event.clientID.hasPrefix("slow") && event.channel == "one")
        try service.publish(Self.otherPost + "_reply", "mine")
        try reader.drive("its answer arrives") { !reader.received.isEmpty }
        try broker.wait("what was held is read") {
            let before = slow.bytes.count
            slow.read()
            return slow.bytes.count == before
        }
        let held = slow.bytes.count
        #expect(held < 24 << 20)
        try service.publish(Self.post + "_reply", "again")
        try broker.wait("the next arrives") {
            slow.read()
            return slow.bytes.count > held
        }
        #expect(!slow.isLost)
    }

    @Test("connections that never log in are closed when they are many")
    func unfinishedLogins() throws {
        let broker = try PluginBroker(Self.base, options: ["plugin_opt_connections 20"])
        let client = try Self.channel(broker, id: "there")
        let strangers = try (0..<10).map { _ in try RawClient(broker) }
        for stranger in strangers { stranger.send([0x10, 0x60, 0, 4]) }
        try broker.wait("they are closed") {
            for stranger in strangers { stranger.read() }
            return strangers.allSatisfy { $0.isLost }
        }
        _ = try event(broker, "10 connections that have not logged in are closed")
        #expect(!client.isLost)
        try client.publish(Self.post)
        #expect(!client.isLost)
    }

    @Test("clients that begin large messages and do not end them are disconnected when memory runs out")
    func unfinishedMessages() throws {
        let broker = try PluginBroker(Self.base)
        let neighbour = try Self.channel(broker, id: "n", product: "other")
        let clients = try (0..<44).map { number in
            let client = try RawClient(broker)
            #expect(client.login("u\(number)"))
            return client
        }
        let packet = RawClient.publish(Self.post, [UInt8](repeating: 1, count: 4_000_000), quality: 1)
        for client in clients { client.send(Array(packet.dropLast(1000))) }
        let event = try event(broker, "bytes of unfinished messages are dropped with their clients")
        #expect(event.product == "pk" && event.channel == "one")
        _ = try broker.event("one is gone") {
            $0.kind == .disconnected && $0.clientID.hasPrefix("u") && $0.detail.contains("unfinished")
        }
        try neighbour.publish(Self.otherPost)
        #expect(!neighbour.isLost)
    }
}
