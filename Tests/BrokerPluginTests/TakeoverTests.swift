// TakeoverTests.swift — two clients with one client id: what the events say, and in which order.

import Testing
import VarveAccess

@Suite(.serialized, .timeLimit(.minutes(2))) struct TakeoverTests {
    private func channel(_ broker: PluginBroker, id: String) throws -> Client {
        try Client(broker, clientID: id, username: "%channel%&pk", password: "fixed")
    }

    @Test(
        "the end of a client that is taken over comes before the login that caused it, once, with its reason")
    func order() throws {
        let broker = try PluginBroker(.twoProducts)
        let first = try channel(broker, id: "gw")
        let second = try channel(broker, id: "gw")
        try first.drive("the first is ended") { first.isLost }
        #expect(second.isAccepted)
        let third = try channel(broker, id: "gw")
        try second.drive("the second is ended") { second.isLost }
        third.drop()
        _ = try broker.event("the third is gone") { $0.kind == .disconnected && $0.detail.isEmpty }
        broker.stop()
        try broker.readEvents()
        let kinds = broker.events.map { "\($0.kind) \($0.detail)" }
        let takenOver = "disconnected taken over by a new connection with the same client id"
        #expect(kinds == ["connected ", takenOver, "connected ", takenOver, "connected ", "disconnected "])
        #expect(broker.events.allSatisfy { $0.clientID == "gw" && $0.channel == "one" })
    }

    @Test("a refused login with the id of a connected client ends nothing and is no takeover")
    func refused() throws {
        let broker = try PluginBroker(.twoProducts)
        let first = try channel(broker, id: "gw")
        let wrong = try Client(broker, clientID: "gw", username: "%channel%&pk", password: "wrong")
        #expect(wrong.refusal == 5)
        try first.publish("/sys/pk/x")
        #expect(!first.isLost)
        try broker.readEvents()
        #expect(broker.events.map(\.kind) == [.connected, .refused])
    }

    @Test("a client of AWS logs in with what it adds to its user name, and keeps its own topics")
    func clientMark() throws {
        let broker = try PluginBroker(.twoProducts)
        let client = try Client(
            broker, clientID: "aws", username: "%channel%&pk?SDK=PythonV2&Version=0.36.1", password: "fixed")
        #expect(client.isAccepted)
        #expect(try client.subscribe("/sys/pk/#") == 1)
        #expect(try client.subscribe("/sys/other/#") == 128)
        let event = try broker.event("connected") { $0.kind == .connected }
        #expect(event.product == "pk" && event.channel == "one")
    }
}
