// FairnessTests.swift — which products a real broker turns away when the queue for the service grows.

import Foundation
import Testing
import VarveAccess
import VarveChannel

@Suite(.serialized, .timeLimit(.minutes(5))) struct FairnessTests {
    private static let post = HoldTests.post
    private static let fixed = 1024 + post.utf8.count

    @Test(
        "the product that fills the queue is turned away and then cut off, others are not; reports let it in again"
    )
    func parts() throws {
        let broker = try PluginBroker(HoldTests.base, options: ["plugin_opt_queue_limit 100000"])
        let service = try HoldTests.service(broker)
        let sender = try HoldTests.channel(broker, id: "sender")
        try sender.publish(Self.post, String(repeating: "x", count: 70_000 - Self.fixed))
        let late = try HoldTests.channel(broker, id: "late")
        #expect(!late.isAccepted && late.refusal == nil, "closed without an answer")
        let refused = try broker.event("refused") { $0.kind == .refused && $0.clientID == "late" }
        #expect(refused.detail.contains("the queue is full") && refused.channel == "one")
        #expect(!sender.isLost)
        try sender.publish(Self.post, String(repeating: "x", count: 6000 - Self.fixed))
        try sender.drive("it is disconnected") { sender.isLost }
        _ = try broker.event("the reason") {
            $0.kind == .disconnected && $0.clientID == "sender" && $0.detail.contains("queue is full")
        }
        let neighbour = try HoldTests.channel(broker, id: "neighbour", product: "other")
        try neighbour.publish(HoldTests.otherPost, "mine")
        try service.drive("both messages that were taken arrive") { service.received.count >= 2 }
        #expect(service.received.last?.payload == "mine" && !neighbour.isLost)
        #expect(service.received.count == 2, "what is over the limit is not queued")
        // A report from any other client is refused by the rights.
        try neighbour.publish(ControlTopic.consumption, "consumed 90000 9 pk")
        #expect(try !HoldTests.channel(broker, id: "late").isAccepted)
        try service.publish(ControlTopic.consumption, "consumed 19000 0 pk\nconsumed 1100 1 other")
        #expect(try !HoldTests.channel(broker, id: "late").isAccepted, "still above one half")
        try service.publish(ControlTopic.consumption, "consumed 2000 0 pk")
        let room = try broker.event("room") { $0.kind == .overload && $0.detail.contains("room again") }
        #expect(room.product == "pk" && room.channel == "one")
        #expect(try HoldTests.channel(broker, id: "late").isAccepted)
    }

    @Test(
        "a flood is cut off for a moment while another product sends, and the other product is not",
        arguments: [0, 1])
    func pause(quality: UInt8) throws {
        let broker = try PluginBroker(HoldTests.base)
        let service = try HoldTests.service(broker)
        let neighbour = try HoldTests.channel(broker, id: "neighbour", product: "other")
        try neighbour.publish(HoldTests.otherPost)
        let flood = try RawClient(broker)
        #expect(flood.login("flood"))
        let message = RawClient.publish(Self.post, [UInt8](repeating: 1, count: 100), quality: quality)
        flood.send(Array(repeatElement(message, count: 20_000).joined()))
        let pause = try broker.event("the pause") {
            $0.kind == .overload && $0.detail.contains("messages of others wait behind those of product pk")
        }
        #expect(pause.product == "pk" && pause.channel == "one")
        let gone = try broker.event("the end") { $0.kind == .disconnected && $0.clientID == "flood" }
        #expect(gone.detail.contains("faster than the service reads"))
        #expect(try !HoldTests.channel(broker, id: "flood").isAccepted)
        let refused = try broker.event("refused") { $0.kind == .refused && $0.clientID == "flood" }
        #expect(refused.detail.contains("again in"))
        try neighbour.publish(HoldTests.otherPost)
        #expect(!neighbour.isLost)
        try service.publish(ControlTopic.consumption, "drained")
        try broker.wait("it may log in again") { try HoldTests.channel(broker, id: "flood").isAccepted }
    }

    @Test("without a neighbour a flood may use its part of the queue")
    func alone() throws {
        let broker = try PluginBroker(HoldTests.base)
        let service = try HoldTests.service(broker)
        let flood = try RawClient(broker)
        #expect(flood.login("flood"))
        let message = RawClient.publish(Self.post, [UInt8](repeating: 1, count: 100))
        flood.send(Array(repeatElement(message, count: 8000).joined()))
        try service.drive("all arrive") { service.received.count >= 8000 }
        #expect(!flood.isLost)
        #expect(try HoldTests.channel(broker, id: "more").isAccepted)
    }

    @Test("waiting messages are counted by product after a restart of the broker")
    func restart() throws {
        let broker = try PluginBroker(HoldTests.base, options: ["plugin_opt_queue_limit 100000"])
        let service = try HoldTests.service(broker)
        service.drop()
        _ = try broker.event("gone") { $0.kind == .disconnected }
        let sender = try HoldTests.channel(broker, id: "sender")
        try sender.publish(Self.post, String(repeating: "x", count: 70_000 - Self.fixed))
        broker.stop()
        try broker.start()
        #expect(try !HoldTests.channel(broker, id: "sender").isAccepted)
        #expect(try HoldTests.channel(broker, id: "neighbour", product: "other").isAccepted)
    }

    @Test(
        "a client with two reasons to be disconnected is disconnected once, and its session stays whole")
    func once() throws {
        let broker = try PluginBroker(HoldTests.base, options: ["plugin_opt_queue_limit 10000"])
        let other = try RawClient(broker)
        let sender = try RawClient(broker)
        #expect(sender.login("sender", isClean: false))
        try broker.whilePaused {
            // The login makes the plugin read the credentials, which no longer have the sender's channel.
            var credentials = HoldTests.base
            credentials.channels.removeFirst()
            try CredentialsFile.write(credentials, to: broker.credentialsPath)
            other.sendLogin("other", product: "other")
            sender.send(RawClient.publish(Self.post, [UInt8](repeating: 1, count: 9000), quality: 1))
        }
        _ = try broker.event("the end") { $0.kind == .disconnected && $0.clientID == "sender" }
        #expect(try HoldTests.channel(broker, id: "third", product: "other").isAccepted)
        let ends = broker.log.split(separator: "\n").filter {
            $0.contains("Client sender been disconnected by administrative action")
        }
        #expect(ends.count == 1, "mosquitto ends a session a second time that it has already put away")
        let reasons = broker.events.filter {
            $0.kind == .refusedMessage && $0.detail.contains("queue is full")
        }
        #expect(!reasons.isEmpty && broker.log.contains("its channel or device is gone"), "both were there")
    }
}
