// ConnectionEventTests.swift — the events file loses nothing, repeats nothing and stays bounded.

import Foundation
import Testing
import VarveAccess
import VarveFile

@Suite struct ConnectionEventTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/connections.log" }
    /// Events that are seconds apart, so that none is held back.
    private let second: Int64 = 1_000_000_000

    init() throws { folder = try TemporaryFolder() }

    private func event(
        _ number: Int, kind: ConnectionEvent.Kind = .refused, client: String = "c", detail: String = "why"
    ) -> ConnectionEvent {
        ConnectionEvent(
            time: Int64(number), kind: kind, clientID: client, username: "%channel%&pk", address: "127.0.0.1",
            product: "pk", channel: "one", detail: detail)
    }

    private func readAll(
        after position: ConnectionEventPosition? = nil, limit: Int = 4096
    ) throws -> ConnectionEventBatch {
        try ConnectionEvents(path: path).read(after: position, limit: limit)
    }

    @Test("a missing file is not an error and gives no position")
    func nothing() throws {
        let batch = try readAll()
        #expect(batch.events.isEmpty && batch.notes.isEmpty && batch.position == nil)
    }

    @Test("events are read back unchanged but cut to their limits, with any text of a client")
    func roundTrip() throws {
        var writer = ConnectionEventWriter(path: path)
        var odd = event(1, client: "a\tb\nc\\x0a\u{0}é|{}", detail: "")
        odd.product = nil
        odd.channel = nil
        let long = event(2, client: String(repeating: "é", count: 70_000))
        for event in [odd, long] { try writer.record(event, now: event.time * second) }
        let batch = try readAll()
        #expect(batch.notes.isEmpty)
        #expect(batch.events.first == odd)
        #expect(batch.events.last?.clientID == String(repeating: "é", count: 128) + "…")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a reader that keeps up gets each event once, across many renames, in batches of any size")
    func rotation() throws {
        var writer = ConnectionEventWriter(path: path, sizeLimit: 700)
        var position: ConnectionEventPosition?
        var seen: [Int64] = []
        for number in 0..<200 {
            try writer.record(event(number), now: Int64(number) * second)
            guard number % 3 == 0 else { continue }
            repeat {
                let batch = try readAll(after: position, limit: 2)
                #expect(batch.notes.isEmpty)
                seen += batch.events.map(\.time)
                let text = try #require(batch.position?.text)
                position = ConnectionEventPosition(text: text)
                if !batch.hasMore { break }
            } while true
        }
        seen += try readAll(after: position).events.map(\.time)
        #expect(seen == (0..<200).map { Int64($0) })
        let size = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(size == ["connections.log", "connections.log.1"])
    }

    @Test("a reader that was away for more than two files gets a note and reads what is left")
    func lost() throws {
        var writer = ConnectionEventWriter(path: path, sizeLimit: 700)
        try writer.record(event(0), now: 0)
        let position = try readAll().position
        for number in 1..<50 { try writer.record(event(number), now: Int64(number) * second) }
        let batch = try readAll(after: position)
        #expect(batch.notes.count == 1)
        #expect(batch.events.last?.time == 49)
        #expect(batch.events.count < 49)
        let next = try readAll(after: batch.position)
        #expect(next.events.isEmpty && next.notes.isEmpty)
    }

    @Test("a changed byte costs its line and a note; the other lines are read")
    func damage() throws {
        var writer = ConnectionEventWriter(path: path)
        for number in 0..<3 { try writer.record(event(number), now: Int64(number) * second) }
        let bytes = try POSIXFileSystem().readAll(path)
        let ends = bytes.indices.filter { bytes[$0] == 0x0A }
        for index in (ends[1] + 1)..<ends[2] {
            var damaged = bytes
            damaged[index] ^= 0x40
            try POSIXFileSystem().replace(path, damaged)
            let batch = try readAll()
            #expect(batch.events.map(\.time) == [0, 2])
            #expect(!batch.notes.isEmpty)
        }
    }

    @Test("half a line waits for its end, and one that a crash left is ended by the next writer")
    func halfLine() throws {
        var writer = ConnectionEventWriter(path: path)
        try writer.record(event(0), now: 0)
        let whole = try POSIXFileSystem().readAll(path)
        try POSIXFileSystem().replace(path, whole + Array("123\trefus".utf8))
        let first = try readAll()
        #expect(first.events.map(\.time) == [0] && first.notes.isEmpty)
        var next = ConnectionEventWriter(path: path)
        try next.record(event(7), now: 7 * second)
        let second = try readAll(after: first.position)
        #expect(second.events.map(\.time) == [7])
        #expect(second.notes.count == 1)
    }

    @Test("a foreign file is an error for the reader, and the writer moves it away")
    func foreign() throws {
        try POSIXFileSystem().replace(path, Array("something else\n".utf8))
        #expect(throws: AccessError.self) { try readAll() }
        var writer = ConnectionEventWriter(path: path)
        try writer.record(event(3), now: 0)
        #expect(try POSIXFileSystem().readAll(path + ".1") == Array("something else\n".utf8))
    }

    @Test("a flood is limited to a few lines a second and a count of the rest", arguments: [50, 10_000])
    func flood(clients: Int) throws {
        var writer = ConnectionEventWriter(path: path)
        for number in 0..<10_000 {
            try writer.record(event(number, kind: .deniedPublish), now: Int64(number) * 100)
            try writer.record(event(number, client: "c\(number % clients)"), now: Int64(number) * 100)
        }
        try writer.record(event(10_000, client: "quiet"), now: 5 * second)
        let events = try readAll().events
        #expect(events.count <= 170)
        #expect(events.reduce(0) { $0 + $1.count } == 20_001)
        let seenBytes = try #require(events.first { $0.kind == .deniedPublish && $0.count > 1 })
        #expect(seenBytes.clientID == "c" && seenBytes.count == 9995)
        #expect(seenBytes.detail == "why", "a topic stays a topic")
        #expect(events.contains { $0.kind == .refused && $0.detail.hasPrefix("and \($0.count) more") })
        #expect(events.last?.clientID == "quiet")
    }

    @Test("many logins and ends hide no end of a client that was taken over")
    func crowd() throws {
        var writer = ConnectionEventWriter(path: path)
        for number in 0..<500 {
            try writer.record(event(number, kind: .connected, client: "c\(number)"), now: 0)
            try writer.record(event(number, kind: .disconnected, client: "c\(number)"), now: 0)
        }
        var end = event(500, kind: .disconnected, client: "taken")
        end.detail = ConnectionEvent.takenOver
        try writer.record(end, now: 0)
        #expect(try readAll().events.contains { $0.clientID == "taken" })
    }

    @Test("a file that was taken away is begun again")
    func removed() throws {
        var writer = ConnectionEventWriter(path: path)
        try writer.record(event(0), now: 0)
        try POSIXFileSystem().remove(path)
        try writer.tick(now: second)
        try writer.record(event(1), now: 2 * second)
        #expect(try readAll().events.map(\.time) == [1])
    }

    @Test("texts that are not positions are refused", arguments: ["", "1", "x 1", "1 -1", "1 2 3", "1 x"])
    func positions(text: String) {
        #expect(ConnectionEventPosition(text: text) == nil)
    }
}
