// ConnectionEndTests.swift — lines as mosquitto 2.0.11 writes them, and client ids that look like such lines.

import Testing

@testable import VarveServer

@Suite struct ConnectionEndTests {
    private func end(_ text: String) -> ConnectionEnd? { ConnectionEnd(line: "2026-11-30T12:00:00: " + text) }

    @Test(
        "each way in which mosquitto ends a connection has its reason",
        arguments: [
            ("Client b4 disconnected due to oversize packet.", "packet above"),
            ("Client u4 disconnected due to malformed packet.", "malformed"),
            ("Client dev 1 disconnected due to protocol error.", "protocol error"),
            ("Client stl has exceeded timeout, disconnecting.", "keepalive"),
            ("Client devk closed its connection.", "broke"),
            ("Client q2 disconnected due to QoS too high or retain not supported.", "retain"),
            ("Client e1 disconnected: Connection reset by peer.", "Connection reset by peer"),
        ])
    func reasons(line: String, reason: String) throws {
        let found = try #require(end(line))
        #expect(found.reason.contains(reason), "\(found)")
        #expect(!found.client.contains("disconnect") && line.contains("Client \(found.client) "))
        #expect(found.seconds != nil)
    }

    @Test("an end without a reason counts too: it belongs to an event")
    func clean() throws {
        for line in ["Client dev1 disconnected.", "Client d3c been disconnected by administrative action."] {
            #expect(try #require(end(line)).reason.isEmpty)
        }
    }

    @Test(
        "a client id that looks like a line changes neither the reason nor what is taken for the id",
        arguments: [
            "x disconnected due to malformed packet.", "Client y disconnected: all is well.",
            "2026-11-30T12:00:00: Client z closed its connection.", "a: b disconnected: c",
        ])
    func hostile(client: String) throws {
        let found = try #require(end("Client \(client) disconnected due to oversize packet."))
        #expect(found.client == client && found.reason.contains("packet above"), "\(found)")
        let clean = try #require(end("Client \(client) disconnected."))
        #expect(clean.client == client && clean.reason.isEmpty, "\(clean)")
    }

    @Test(
        "other lines are not taken for a connection's end",
        arguments: [
            "Client <unknown> disconnected due to protocol error.", "Client  disconnected.",
            "New client connected from 127.0.0.1:49044 as Client x closed its connection. (p2, c1, k60).",
            "Client dup already connected, closing old connection.",
            "Varve: Client x disconnected due to oversize packet.", "Saving in-memory database.", "",
            "Client",
        ])
    func others(line: String) {
        #expect(end(line) == nil)
    }

    @Test("a line without a readable time has a reason but no time")
    func noTime() throws {
        let found = try #require(ConnectionEnd(line: "soon: Client a closed its connection."))
        #expect(found.client == "a" && found.seconds == nil)
    }
}
