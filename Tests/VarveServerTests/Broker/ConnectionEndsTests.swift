// ConnectionEndsTests.swift — a reason from the broker's log is joined with its event, or becomes an entry.

import Testing
import VarveAccess
import VarveMessageLog
import VarveModel

@testable import VarveServer

@Suite struct ConnectionEndsTests {
    private func event(_ kind: ConnectionEvent.Kind, _ client: String) -> ConnectionEvent {
        ConnectionEvent(
            time: 1, kind: kind, clientID: client, username: "u", address: "10.0.0.1", product: "wind",
            channel: "farm", detail: "")
    }

    private func end(_ client: String, _ reason: String) -> ConnectionEnd {
        ConnectionEnd(seconds: 1_714_521_600, client: client, reason: reason)
    }

    @Test("the ends of one client id belong to its events in their order, clean ones too")
    func order() {
        var ends = ConnectionEnds()
        for reason in ["", "too large", ""] { ends.add(end("a", reason)) }
        ends.add(end("b", "broke"))
        #expect(ends.record(event(.disconnected, "a")) == nil)
        #expect(ends.record(event(.disconnected, "a")) == "too large")
        #expect(ends.record(event(.connected, "b")) == nil)
        #expect(ends.record(event(.disconnected, "b")) == "broke")
        #expect(ends.record(event(.disconnected, "c")) == nil)
    }

    @Test("a reason without an event becomes an entry with the product and channel of the client's login")
    func overdue() throws {
        var ends = ConnectionEnds()
        _ = ends.record(event(.connected, "a"))
        ends.add(end("a", "too large"))
        ends.add(end("clean", ""))
        var looked: [String] = []
        var entries: [LogEntry] = []
        for _ in 0..<5 {
            ends.beginPass()
            entries += ends.overdue {
                looked.append($0)
                return nil
            }
        }
        let entry = try #require(entries.first)
        #expect(entries.count == 1 && entry.reason == "too large" && entry.event == .disconnected)
        #expect(entry.channel == "farm" && entry.product == "wind" && entry.client == "a")
        #expect(entry.time == Timestamp(nanoseconds: 1_714_521_600_000_000_000))
        #expect(looked.isEmpty, "who logged in lately is remembered")
    }

    @Test("after a restart of the service the log says whose client it is")
    func lookUp() throws {
        var ends = ConnectionEnds()
        ends.add(end("a", "too large"))
        var login = LogEntry(.connection, .connected, time: Timestamp(nanoseconds: 1))
        (login.channel, login.product) = ("farm", "wind")
        var entries: [LogEntry] = []
        for _ in 0..<5 {
            ends.beginPass()
            entries += ends.overdue { $0 == "a" ? login : nil }
        }
        #expect(entries.map(\.channel) == ["farm"])
    }

    @Test("a flood of ends makes few entries and says how many more there were")
    func flood() throws {
        var ends = ConnectionEnds()
        for number in 0..<5000 { ends.add(end("client \(number)", "too large")) }
        var entries: [LogEntry] = []
        var looks = 0
        for _ in 0..<5 {
            ends.beginPass()
            entries += ends.overdue { _ in
                looks += 1
                return nil
            }
        }
        #expect(entries.count == 22 && looks <= 5)
        let told = entries.compactMap(\.reason).compactMap {
            $0.wholeMatch(of: /(\d+) more connections .*/)?.1
        }
        #expect(told.compactMap { Int($0) }.reduce(0, +) == 4980)
    }

    @Test("connections that the broker closed unread become one entry with an address and their number")
    func turnedAway() throws {
        var ends = ConnectionEnds()
        for number in 1...3 {
            let line = "Client connection from 10.0.0.\(number) denied: max_connections exceeded."
            ends.add(try #require(TurnedAway(line: "2026-11-30T12:00:00: " + line)))
        }
        let entry = try #require(ends.overdue { _ in nil }.first)
        #expect(entry.event == .refused && entry.address == "10.0.0.1")
        #expect(entry.reason?.hasSuffix("broker.connections allows (3 times)") == true)
        #expect(ends.overdue { _ in nil }.isEmpty, "they are told once")
    }

    @Test(
        "a client id that looks like a line about a connection that was closed unread is not taken for one",
        arguments: [
            "Client a: Client connection from 10.0.0.1 denied: max_connections exceeded. disconnected.",
            "Client : Client connection from 10.0.0.1 denied: max_connections exceeded.",
            "Client connection from  denied: max_connections exceeded.",
        ])
    func lookalike(text: String) { #expect(TurnedAway(line: "2026-11-30T12:00:00: " + text) == nil) }
}
