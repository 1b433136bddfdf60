// LogWriterTests.swift — entries from any thread are written, or counted as missing.

import Dispatch
import Foundation
import Testing

@testable import VarveMessageLog

@Suite struct LogWriterTests {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    /// A log that cannot be written until `unlock`, because its folder is missing.
    private func lockedLog() throws -> MessageLog {
        try FileManager.default.removeItem(at: fixture.directory)
        return fixture.open()
    }

    private func unlock() throws {
        try FileManager.default.createDirectory(at: fixture.directory, withIntermediateDirectories: true)
    }

    private func entries(_ log: MessageLog) throws -> [LogEntry] {
        var filter = LogFilter()
        filter.limit = 1_000_000
        return try log.entries(filter)
    }

    @Test("entries of many threads are there after flush, those of each thread in order")
    func flush() throws {
        let log = fixture.open()
        let writer = try fixture.writer(log)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for index in 0..<1000 {
                writer.add(entry(.payload, .received, second: Int64(index), device: "T\(thread)"))
            }
        }
        writer.flush()
        let written = try entries(log)
        #expect(written.count == 4000)
        for thread in 0..<4 {
            let own = written.filter { $0.device == "T\(thread)" }.sorted { $0.id < $1.id }
            #expect(own.map(\.time) == own.map(\.time).sorted() && own.count == 1000)
        }
        writer.close()
    }

    @Test("entries are written without a flush, and close writes the rest")
    func unhurried() throws {
        let log = fixture.open()
        let writer = try fixture.writer(log)
        writer.add(entry(.connection, .connected))
        let deadline = Date(timeIntervalSinceNow: 20)
        while try log.lastID() == 0, Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
        #expect(try log.lastID() == 1)
        writer.add(entry(.connection, .disconnected))
        writer.close()
        #expect(try log.lastID() == 2)
        writer.add(entry(.connection, .connected))
        writer.flush()
        writer.close()
        #expect(try log.lastID() == 2)
    }

    @Test("a flood of payloads drops payloads only, and one entry says how many are missing")
    func flood() {
        var queue = LogQueue(
            payloads: .init(entries: 10, bytes: 1 << 20), others: .init(entries: 5, bytes: 1 << 20))
        for _ in 0..<100 { _ = queue.add(entry(.payload, .received)) }
        let others = [LogEntry.Kind.connection, .error, .error, .connection, .error].map { kind in
            queue.add(entry(kind, .failed))
        }
        #expect(others == [true, true, true, true, true])
        let sixth = queue.add(entry(.error, .failed))
        #expect(!sixth)
        #expect(queue.dropped.payloads == 90 && queue.dropped.others == 1)
        #expect(queue.takeAll().map(\.kind.rawValue).filter { $0 == 1 }.count == 10)
        let again = queue.add(entry(.payload, .received))
        #expect(again)
    }

    @Test("a room can also be full by bytes")
    func bytes() {
        var queue = LogQueue(
            payloads: .init(entries: 1000, bytes: 10_000), others: .init(entries: 5, bytes: 1000))
        let added = (0..<10).map { _ in queue.add(entry(.payload, .received, payloadBytes: 3000)) }
        #expect(added.filter { $0 }.count == 3)
    }

    @Test(
        "entries that cannot be written are counted and reported once, and a later entry says how many are missing"
    )
    func failing() throws {
        let log = try lockedLog()
        let writer = try fixture.writer(log)
        let before = fixture.warnings.all.count
        for _ in 0..<3 {
            writer.add(entry(.payload, .received))
            writer.add(entry(.error, .rejected))
            writer.flush()
        }
        #expect(fixture.warnings.all.count == before + 1, "\(fixture.warnings.all)")
        try unlock()
        writer.add(entry(.connection, .connected))
        writer.flush()
        let written = try entries(log)
        #expect(
            written.map(\.event) == [.connected, .dropped] || written.map(\.event) == [.dropped, .connected])
        let notice = written.first { $0.event == .dropped }
        #expect(notice?.reason?.contains("3 payload and 3 other") == true, "\(written)")
        let counts = writer.counts
        #expect(counts.written == 1 && counts.droppedPayloads == 3 && counts.droppedOthers == 3)
        writer.close()
    }

    @Test("entries without room are counted, and those that were written too")
    func counts() throws {
        var limits = LogWriter.Limits()
        (limits.payloads, limits.others) = (5, 2)
        let log = try lockedLog()
        let writer = try fixture.writer(log, limits: limits)
        // A log that cannot be written makes the writer pause, so that entries wait.
        writer.add(entry(.error, .failed))
        writer.flush()
        for _ in 0..<9 { writer.add(entry(.payload, .received)) }
        for _ in 0..<3 { writer.add(entry(.error, .rejected)) }
        #expect(writer.counts.droppedPayloads >= 4 && writer.counts.droppedOthers >= 2)
        try unlock()
        writer.close()
        let counts = writer.counts
        #expect(counts.written + counts.droppedPayloads + counts.droppedOthers == 13, "\(counts)")
    }

    @Test("a writer whose log cannot be written ends when it is closed")
    func closingBroken() throws {
        let writer = try fixture.writer(lockedLog())
        writer.add(entry(.error, .failed))
        writer.close()
    }
}
