// ReplyBundlePluginTests.swift — the service's bundles of answers in a real broker that loads the built plugin.
//
// The answers here have no addressee, so they go to every subscriber.

import Testing
import VarveAccess
import VarveChannel

extension BrokerPluginTests {
    @Suite struct ReplyBundlePluginTests {
        private static let topic = "/sys/pk/integration/measurepoint/post_reply"

        private func channel(
            _ broker: PluginBroker, id: String = "gw", product: String = "pk", keepsSession: Bool = false
        ) throws -> Client {
            try Client(
                broker, clientID: id, username: "%channel%&\(product)", password: "fixed",
                keepsSession: keepsSession)
        }

        private func service(_ broker: PluginBroker) throws -> Client {
            try Client(
                broker, clientID: ServiceClient.repliesID, username: "varve-service",
                password: try #require(ServiceProof(secret: "sp", clientID: ServiceClient.repliesID))
                    .password,
                usesVersion5: true)
        }

        private func bundle(_ answers: [(topic: String, payload: String, qos: Int32)]) -> [UInt8] {
            BundledAnswer.bundle(
                answers.map { BundledAnswer($0.payload, to: "", topic: $0.topic, qos: $0.qos) })
        }

        @Test("answers of quality 0 that a client got do not count towards those kept while it is away")
        func readAnswers() throws {
            let broker = try PluginBroker(.twoProducts)
            let (service, client) = (try service(broker), try channel(broker, keepsSession: true))
            #expect(try client.subscribe("/sys/pk/#") == 1)
            let answers = (0..<2100).map { (topic: Self.topic, payload: "\($0)", qos: Int32(0)) }
            try service.publish(ControlTopic.replies, bytes: bundle(answers), qos: 0)
            try client.drive("all arrive") { client.received.count == 2100 }
            client.drop()
            _ = try broker.event("gone") { $0.kind == .disconnected && $0.clientID == "gw" }
            let kept = (topic: Self.topic, payload: "kept", qos: Int32(1))
            try service.publish(ControlTopic.replies, bytes: bundle([kept]), qos: 0)
            // This comes after the bundle: the bundle's answers are published once this is answered.
            #expect(try service.subscribe("/sys/#") <= 2)
            let again = try channel(broker, keepsSession: true)
            try again.drive("what was kept arrives") { !again.received.isEmpty }
            #expect(again.received.map(\.payload) == ["kept"])
        }

        @Test(
            "each answer of a bundle is published in order, with its quality, not retained, to its product only"
        )
        func published() throws {
            let broker = try PluginBroker(.twoProducts)
            let (service, client) = (try service(broker), try channel(broker))
            let other = try channel(broker, id: "other", product: "other")
            #expect(try client.subscribe("/sys/pk/#") == 1)
            #expect(try other.subscribe("/sys/other/#") == 1)
            #expect(try service.subscribe("/sys/#") <= 2)
            let answers = (0..<300).map { (topic: Self.topic, payload: "\($0)", qos: Int32($0 % 2)) }
            let last = (topic: "/sys/other/x_reply", payload: "last", qos: Int32(1))
            try service.publish(ControlTopic.replies, bytes: bundle(answers + [last]), qos: 0)
            try client.drive("all arrive") { client.received.count >= 300 }
            try other.drive("the last arrives") { !other.received.isEmpty }
            #expect(client.received.map(\.payload) == answers.map(\.payload))
            #expect(client.qualities == answers.map(\.qos))
            #expect(!client.hasRetained)
            #expect(other.received.map(\.payload) == ["last"])
            // Its next message comes after anything that the bundle would have brought it.
            try client.publish("/sys/pk/integration/measurepoint/post", "mark")
            try service.drive("the mark arrives") { !service.received.isEmpty }
            #expect(service.received.map(\.payload) == ["mark"], "the service gets no answers")
            // A later subscriber gets no answer either.
            let late = try channel(broker, id: "late")
            #expect(try late.subscribe("/sys/pk/#") == 1)
            try service.publish(ControlTopic.replies, bytes: bundle([(Self.topic, "new", 1)]), qos: 0)
            try late.drive("the new one arrives") { !late.received.isEmpty }
            #expect(late.received.map(\.payload) == ["new"])
        }

        @Test("answers of quality 1 wait for a session that is away")
        func absentSession() throws {
            let broker = try PluginBroker(.twoProducts)
            let first = try channel(broker, keepsSession: true)
            #expect(try first.subscribe("/sys/pk/#") == 1)
            first.drop()
            _ = try broker.event("gone") { $0.kind == .disconnected && $0.clientID == "gw" }
            try service(broker).publish(
                ControlTopic.replies, bytes: bundle([(Self.topic, "kept", 1), (Self.topic, "not", 0)]),
                qos: 1)
            let again = try channel(broker, keepsSession: true)
            try again.drive("the answer arrives") { !again.received.isEmpty }
            #expect(again.received.map(\.payload) == ["kept"])
        }

        @Test(
            "a bundle that is damaged or not from the service publishes nothing and harms nobody")
        func refused() throws {
            let broker = try PluginBroker(.twoProducts)
            let (service, client) = (try service(broker), try channel(broker))
            #expect(try client.subscribe("/sys/pk/#") == 1)
            let forged = bundle([(Self.topic, "forged", 1)])
            try client.publish(ControlTopic.replies, bytes: forged, qos: 1)
            _ = try broker.event("denied") {
                $0.kind == .deniedPublish && $0.detail == ControlTopic.replies
            }
            // One whole answer, and a second one that is cut off.
            let cut = Array(bundle([(Self.topic, "whole", 1), (Self.topic, "cut", 1)]).dropLast())
            for bytes in [cut, [], [9], [UInt8](repeating: 0xFF, count: 1000)] {
                try service.publish(ControlTopic.replies, bytes: bytes, qos: 1)
            }
            try service.publish(ControlTopic.replies, bytes: bundle([(Self.topic, "good", 1)]), qos: 1)
            try client.drive("the good one arrives") { !client.received.isEmpty }
            #expect(client.received.map(\.payload) == ["good"])
            #expect(!service.isLost && broker.log.contains("is not a bundle of the service"))
        }

        @Test("only the service may use the client id of its answers")
        func clientID() throws {
            let broker = try PluginBroker(.twoProducts)
            #expect(try channel(broker, id: ServiceClient.repliesID).refusal == 5)
        }
    }
}
