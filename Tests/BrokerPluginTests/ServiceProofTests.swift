// ServiceProofTests.swift — the service's login at a real broker: only the service gets the answer, and a login is
// accepted once.

import Foundation
import Testing
import VarveAccess
import VarveChannel

@Suite(.serialized, .timeLimit(.minutes(2))) struct ServiceLoginTests {
    private static let credentials = Credentials(
        service: .init(username: "varve-service", password: "sp"),
        channels: [
            .init(product: "pk", name: "one", isEnabled: true, productSecret: "psecret", password: "fixed")
        ])

    private static let post = "/sys/pk/integration/measurepoint/post"

    private func proof(secret: String = "sp", age: Int64 = 0) throws -> ServiceProof {
        try #require(ServiceProof(secret: secret, clientID: "varve-service", age: age))
    }

    private func service(_ broker: PluginBroker, password: String) throws -> Client {
        try Client(
            broker, clientID: "varve-service", username: "varve-service", password: password,
            keepsSession: true,
            usesVersion5: true)
    }

    private func channel(_ broker: PluginBroker) throws -> Client {
        try Client(broker, clientID: "gw", username: "%channel%&pk", password: "fixed")
    }

    @Test("the plugin's answer reaches the service without a subscription, and no other client")
    func answer() throws {
        let broker = try PluginBroker(Self.credentials)
        let other = try channel(broker)
        #expect(try other.subscribe("/sys/pk/#") == 1)
        #expect(try other.subscribe(ControlTopic.proof) == 128, "nobody may listen there")
        let proof = try proof()
        let service = try service(broker, password: proof.password)
        try service.drive("the answer") { !service.proofs.isEmpty }
        let wanted = String(decoding: try #require(proof.answer(secret: "sp")), as: UTF8.self)
        #expect(service.proofs == [wanted])
        // A message that is published now comes after anything that the broker sent before.
        try service.publish(Self.post + "_reply", "answer")
        try other.drive("the reply") { !other.received.isEmpty }
        #expect(other.proofs.isEmpty && other.received.map(\.payload) == ["answer"])
    }

    @Test("a login that was used, is old, or is the secret itself is refused, with the reason in the log")
    func refused() throws {
        let broker = try PluginBroker(Self.credentials)
        let used = try proof().password
        #expect(try service(broker, password: used).isAccepted)
        for (password, reason) in [
            (used, "used before"), (try proof(age: 300).password, "clock"),
            (try proof(age: -300).password, "clock"), ("sp", "wrong password"),
            (try proof(secret: "guess").password, "wrong password"),
        ] {
            #expect(try service(broker, password: password).refusal == 135, "\(reason)")
            let event = try broker.event(reason) { $0.kind == .refused && $0.detail.contains(reason) }
            #expect(event.clientID == "varve-service" && !event.detail.contains("sp:"))
        }
    }

    @Test("an old login is refused after a restart of the broker too")
    func replayAfterRestart() throws {
        let broker = try PluginBroker(Self.credentials)
        let old = try proof(age: 61).password
        broker.stop()
        try broker.start()
        #expect(try service(broker, password: old).refusal == 135)
    }

    @Test(
        "messages that wait for the service survive refused logins, and arrive before the answer to the right one"
    )
    func waitingMessages() throws {
        let broker = try PluginBroker(Self.credentials)
        let first = try service(broker, password: try proof().password)
        #expect(try first.subscribe("/sys/#") <= 2)
        first.drop()
        _ = try broker.event("the service is gone") { $0.kind == .disconnected }
        try channel(broker).publish(Self.post, "waiting")
        let stranger = try service(broker, password: "sp")
        #expect(stranger.refusal == 135 && stranger.received.isEmpty)
        let second = try service(broker, password: try proof().password)
        try second.drive("message and answer") { !second.received.isEmpty && !second.proofs.isEmpty }
        #expect(second.received.map(\.payload) == ["waiting"])
    }
}
