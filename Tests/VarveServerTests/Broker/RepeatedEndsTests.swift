// RepeatedEndsTests.swift — a client that is cut off again and again is told once, then counted.

import Testing
import VarveAccess
import VarveMessageLog
import VarveModel

@testable import VarveServer

@Suite struct RepeatedEndsTests {
    private static let second: Int64 = 1_000_000_000
    private static let large = "cut off: packet above the broker's limit"

    private func entry(
        _ event: LogEntry.Event, _ seconds: Int64, _ reason: String? = nil, client: String = "c"
    )
        -> LogEntry
    {
        var entry = LogEntry(.connection, event, time: Timestamp(nanoseconds: seconds * Self.second))
        (entry.client, entry.reason) = (client, reason)
        return entry
    }

    /// What is written, as event and reason, after a login and an end in each second from 0 on.
    private func reconnects(_ count: Int64, _ reason: String, in ends: inout RepeatedEnds) -> [String] {
        (0..<count).flatMap { second in
            ends.pass(entry(.connected, second)) + ends.pass(entry(.disconnected, second, reason))
        }.map(Self.shown)
    }

    private static func shown(_ entry: LogEntry) -> String {
        "\(entry.event)\(entry.reason.map { ": " + $0 } ?? "")"
    }

    @Test(
        "the first end is told, those that follow are counted in an entry every ten minutes and in the last one",
        arguments: [large, ConnectionEvent.takenOver])
    func counted(reason: String) {
        var ends = RepeatedEnds()
        let told = reconnects(1000, reason, in: &ends)
        #expect(
            told == [
                "connected", "disconnected: \(reason)",
                "disconnected: \(reason) (again, 601 times since it was logged)",
            ])
        #expect(ends.due(now: entry(.connected, 1005).time).isEmpty)
        let over = ends.due(now: entry(.connected, 1200).time)
        #expect(over.map(Self.shown) == ["disconnected: \(reason) (again, 398 times since it was logged)"])
        #expect(ends.rest().isEmpty)
        #expect(ends.pass(entry(.connected, 1201)).count == 1, "it begins again")
    }

    @Test("a login that stays is told with its own time, after the count, and so is what the client does")
    func stays() {
        var ends = RepeatedEnds()
        _ = reconnects(3, Self.large, in: &ends)
        #expect(ends.pass(entry(.connected, 5)).isEmpty)
        #expect(ends.due(now: entry(.connected, 9).time).isEmpty)
        let told = ends.due(now: entry(.connected, 16).time)
        #expect(told.map(\.event) == [.disconnected, .connected])
        #expect(told.last?.time == entry(.connected, 5).time)
        _ = ends.pass(entry(.connected, 20))
        let denied = ends.pass(entry(.denied, 21, "x"))
        #expect(denied.map(\.event) == [.connected, .denied])
    }

    @Test("another reason, an ordinary end and another client are told at once")
    func others() {
        var ends = RepeatedEnds()
        _ = reconnects(3, Self.large, in: &ends)
        #expect(ends.pass(entry(.connected, 3, client: "d")).count == 1)
        #expect(ends.pass(entry(.connected, 4)).isEmpty)
        let ended = ends.pass(entry(.disconnected, 5))
        #expect(ended.map(\.event) == [.disconnected, .connected, .disconnected])
        #expect(reconnects(5, "the connection broke, without a DISCONNECT", in: &ends).count == 10)
    }

    @Test("a flood of client ids is told, and not remembered without end")
    func flood() {
        var ends = RepeatedEnds()
        var told = 0
        for number in 0..<5000 {
            told += ends.pass(entry(.disconnected, 1, Self.large, client: "c\(number)")).count
        }
        #expect(told == 5000)
        for number in 0..<5000 { _ = ends.pass(entry(.connected, 2, client: "c\(number)")) }
        #expect(ends.rest().count == 1024)
    }
}
