// AnswerDeliveryTests.swift — which clients of a real broker get an answer that the service gives to one of them.
//
// The service is the test: it takes the messages and sends bundles, so the tests choose when and to whom.

import Testing
import VarveAccess
import VarveChannel

extension BrokerPluginTests {
    @Suite struct AnswerDeliveryTests {
        private static let post = "/sys/pk/integration/measurepoint/post"
        private let broker: PluginBroker

        init() throws { broker = try PluginBroker(.twoProducts) }

        private func channel(
            _ id: String, product: String = "pk", keepsSession: Bool = false, usesVersion5: Bool = false
        ) throws -> Client {
            let client = try Client(
                broker, clientID: id, username: "%channel%&\(product)", password: "fixed",
                keepsSession: keepsSession, usesVersion5: usesVersion5)
            #expect(client.isAccepted)
            return client
        }

        private func service() throws -> Client {
            try Client(
                broker, clientID: ServiceClient.repliesID, username: "varve-service",
                password: try #require(ServiceProof(secret: "sp", clientID: ServiceClient.repliesID))
                    .password,
                usesVersion5: true)
        }

        /// Sends answers and waits until the broker has published them.
        private func answer(_ service: Client, _ answers: BundledAnswer...) throws {
            try answer(service, answers)
        }

        private func answer(_ service: Client, _ answers: [BundledAnswer]) throws {
            try service.publish(ControlTopic.replies, bytes: BundledAnswer.bundle(answers), qos: 1)
            // A turn of the broker later the answers are delivered.
            try service.publish(ControlTopic.consumption, "consumed 0 0")
        }

        private func payloads(_ client: Client) -> [String] { client.received.map(\.payload) }

        /// Waits until a client has this answer, and everything that came before it.
        private func awaitLast(_ payload: String, _ client: Client) throws {
            try client.drive("\(payload) arrives") { client.received.last?.payload == payload }
        }

        private func drop(_ client: Client, _ id: String) throws {
            client.drop()
            _ = try broker.event("gone") { $0.kind == .disconnected && $0.clientID == id }
        }

        @Test(
            "two clients that publish get the answers to their own messages, and one that only listens gets all",
            arguments: [false, true])
        func senders(usesVersion5: Bool) throws {
            let service = try service()
            let (a, b) = (
                try channel("a", usesVersion5: usesVersion5), try channel("b", usesVersion5: usesVersion5)
            )
            let listener = try channel("listener", usesVersion5: usesVersion5)
            for client in [a, b, listener] {
                // Two filters that overlap: an answer still comes once to who publishes.
                #expect(try client.subscribe("/sys/pk/#") == 1)
            }
            #expect(try a.subscribe("/sys/pk/+/+/post_reply") == 1)
            for client in [a, b] { try client.publish(Self.post) }
            try answer(
                service, .init("1a", to: "a"), .init("1b", to: "b"), .init("2a", to: "a", qos: 0),
                .init("2b", to: "b"), .init("3a", to: "a"))
            try awaitLast("3a", a)
            try awaitLast("2b", b)
            try awaitLast("3a", listener)
            try answer(service, .init("end", to: "a"), .init("end", to: "b"))
            for client in [a, b] { try awaitLast("end", client) }
            #expect(payloads(a) == ["1a", "2a", "3a", "end"] && a.qualities == [1, 0, 1, 1])
            #expect(payloads(b) == ["1b", "2b", "end"])
            #expect(payloads(listener).prefix(5) == ["1a", "1b", "2a", "2b", "3a"])
        }

        @Test("a client that comes back without a subscription gets its answer, also before it publishes")
        func reconnected() throws {
            let service = try service()
            let first = try channel("a")
            #expect(try first.subscribe(BundledAnswer.topic) == 1)
            try first.publish(Self.post)
            try drop(first, "a")
            try answer(service, .init("lost", to: "a"))
            let again = try channel("a")
            try answer(service, .init("to b", to: "b"), .init("1", to: "a"))
            try awaitLast("1", again)
            try again.publish(Self.post)
            #expect(try again.subscribe("/sys/pk/#") == 1)
            try answer(service, .init("to b", to: "b"), .init("2", to: "a"))
            try awaitLast("2", again)
            #expect(payloads(again) == ["1", "2"])
        }

        @Test("a takeover: the new connection gets the answers to what the old one sent")
        func takeover() throws {
            let service = try service()
            let old = try channel("a")
            try old.publish(Self.post)
            let new = try channel("a")
            try old.drive("the old one is disconnected") { old.isLost }
            try answer(service, .init("1", to: "a"))
            try awaitLast("1", new)
            #expect(old.received.isEmpty)
        }

        @Test(
            "an answer for a client that is away waits in its own session only, also across a restart of the broker",
            arguments: [false, true])
        func away(usesVersion5: Bool) throws {
            var service = try service()
            for id in ["a", "b", "quiet"] {
                let client = try channel(id, keepsSession: true, usesVersion5: usesVersion5)
                #expect(try client.subscribe("/sys/pk/#") == 1)
                if id != "quiet" { try client.publish(Self.post) }
                try drop(client, id)
            }
            try answer(service, .init("1a", to: "a"), .init("1b", to: "b"), .init("no", to: "a", qos: 0))
            broker.stop()
            try broker.start()
            service = try self.service()
            try answer(service, .init("2a", to: "a"), .init("2b", to: "b"))
            let a = try channel("a", keepsSession: true, usesVersion5: usesVersion5)
            try answer(service, .init("3b", to: "b"), .init("3a", to: "a"))
            try awaitLast("3a", a)
            #expect(payloads(a) == ["1a", "2a", "3a"])
            let b = try channel("b", keepsSession: true, usesVersion5: usesVersion5)
            try awaitLast("3b", b)
            #expect(payloads(b) == ["1b", "2b", "3b"])
            let quiet = try channel("quiet", keepsSession: true, usesVersion5: usesVersion5)
            try answer(service, .init("all", to: "a"))
            try awaitLast("all", quiet)
            #expect(payloads(quiet) == ["all"], "it listens while it is connected")
        }

        @Test("a session that goes on is that of a sender: it sees no answers to others before it publishes")
        func resumed() throws {
            let service = try service()
            let first = try channel("a", keepsSession: true)
            #expect(try first.subscribe("/sys/pk/#") == 1)
            try first.publish(Self.post)
            try drop(first, "a")
            let again = try channel("a", keepsSession: true)
            try answer(service, .init("to b", to: "b"), .init("mine", to: "a"))
            try awaitLast("mine", again)
            #expect(payloads(again) == ["mine"])
        }

        @Test("what was sent by client id and not acknowledged comes again when the session goes on")
        func unacknowledged() throws {
            let service = try service()
            let raw = try RawClient(broker)
            #expect(raw.login("a", isClean: false))
            raw.subscribe("/sys/pk/#")
            raw.send(RawClient.publish(Self.post, Array("x".utf8), quality: 1))
            try broker.wait("both are acknowledged") {
                raw.read()
                return raw.bytes.count >= 9
            }
            try answer(service, .init("1", to: "a"), .init("2", to: "a"))
            try broker.wait("the answers come, and nobody acknowledges them") {
                raw.read()
                return raw.bytes.count > 100
            }
            let again = try channel("a", keepsSession: true)
            try awaitLast("2", again)
            #expect(payloads(again) == ["1", "2"])
        }

        @Test("a client id that another product took over gets nothing of its former owner")
        func otherProduct() throws {
            let service = try service()
            let first = try channel("shared")
            try first.publish(Self.post)
            try drop(first, "shared")
            let other = try channel("shared", product: "other")
            #expect(try other.subscribe("/sys/other/#") == 1)
            try answer(
                service, .init("not for it", to: "shared"),
                .init("its own", to: "shared", topic: "/sys/other/x_reply"))
            try awaitLast("its own", other)
            #expect(payloads(other) == ["its own"])
        }

        @Test("the quality of an answer is at most that of the subscription; correlation data come back")
        func qualities() throws {
            let service = try service()
            let (low, listener) = (
                try channel("low", usesVersion5: true), try channel("l", usesVersion5: true)
            )
            #expect(try low.subscribe("/sys/pk/#", qos: 0) == 0)
            #expect(try listener.subscribe("/sys/pk/#") == 1)
            try low.publish(Self.post)
            try answer(service, .init("1", to: "low", correlation: "c\u{0}1"), .init("2", to: "low"))
            for client in [low, listener] {
                try awaitLast("2", client)
                #expect(client.correlations == ["c\u{0}1", ""])
            }
            #expect(low.qualities == [0, 0] && listener.qualities == [1, 1])
        }

        @Test("an answer that nobody gets is an event with the likely reason; one that somebody gets is not")
        func unheard() throws {
            let service = try service()
            let kept = try channel("kept", keepsSession: true)
            #expect(try kept.subscribe("/sys/pk/#") == 1)
            try drop(kept, "kept")
            let taken = try channel("taken", product: "other")
            try answer(
                service, .init("1", to: "gone"), .init("2", to: "kept", qos: 0), .init("3", to: "taken"),
                .init("4", to: "kept"))
            for (id, words) in [
                ("gone", "has no session"), ("kept", "quality of service 0"), ("taken", "another product"),
            ] {
                let event = try broker.event(words) { $0.kind == .unheard && $0.clientID == id }
                #expect(event.detail.contains(words) && event.detail.contains(BundledAnswer.topic))
                #expect(event.channel == "one")
            }
            #expect(!taken.isLost)
            let listener = try channel("listener")
            #expect(try listener.subscribe("/sys/pk/#") == 1)
            try answer(service, .init("5", to: "gone"))
            try awaitLast("5", listener)
            broker.stop()
            try broker.readEvents()
            #expect(broker.events.filter { $0.kind == .unheard }.count == 3)
        }

        @Test("a client without a subscription gets thousands of answers at once if it reads them")
        func burst() throws {
            let service = try service()
            let client = try channel("a")
            try client.publish(Self.post)
            for _ in 0..<3 {
                try answer(service, (0..<4000).map { .init("\($0)", to: "a") })
                try awaitLast("3999", client)
            }
            #expect(payloads(client) == (0..<3).flatMap { _ in (0..<4000).map(String.init) })
        }

        @Test("a client without a subscription that never reads is held little, and its neighbour gets all")
        func silentSender() throws {
            let service = try service()
            let silent = try RawClient(broker)
            #expect(silent.login("silent"))
            silent.send(RawClient.publish(Self.post, Array("x".utf8)))
            let neighbour = try channel("n")
            try neighbour.publish(Self.post)
            let large = BundledAnswer(String(repeating: "x", count: 20_000), to: "silent")
            for _ in 0..<30 {
                try answer(service, Array(repeating: large, count: 40) + [.init("y", to: "n")])
            }
            let event = try broker.event("too many wait") { $0.kind == .overload }
            #expect(event.clientID == "silent" && event.detail.contains("its client has not read"))
            try answer(service, .init("end", to: "n"))
            try awaitLast("end", neighbour)
            #expect(neighbour.received.count == 31)
        }
    }
}
