// LogSpaceTests.swift — the log stays within its limit, and no kind takes the share of another.

import Foundation
import GRDB
import Testing
import VarveModel

@testable import VarveMessageLog

@Suite struct LogSpaceTests {
    private let fixture: LogFixture
    private let limit = 2 << 20

    init() throws {
        fixture = try LogFixture()
    }

    @Test(
        "the file stays within its limit and a transaction more, with payloads of any size",
        arguments: [10, 900, 2100, 4096])
    func fileSize(payloadBytes: Int) throws {
        let log = fixture.open(limitBytes: limit)
        let batch = (0..<(200_000 / (payloadBytes + 100))).map { _ in
            entry(.payload, .received, payloadBytes: payloadBytes)
        }
        var largest = 0
        for _ in 0..<30 {
            try log.append(batch)
            try fixture.checkpoint()
            largest = max(largest, fixture.size())
        }
        #expect(largest < limit + 600_000, "\(largest)")
        // No room is wasted either.
        #expect(largest > limit / 2)
        let entries = try log.entries()
        #expect(entries.last?.id == Int64(30 * batch.count))
        #expect(fixture.size("-wal") < MessageLog.journalLimit)
    }

    @Test("a flood of one kind leaves the others their share", arguments: LogEntry.Kind.allCases)
    func shares(flood: LogEntry.Kind) throws {
        let log = fixture.open(limitBytes: limit)
        let quiet = LogEntry.Kind.allCases.filter { $0 != flood }
        try log.append(quiet.flatMap { kind in (0..<200).map { _ in entry(kind, .failed) } })
        for _ in 0..<60 {
            try log.append((0..<100).map { _ in entry(flood, .failed, payloadBytes: 1000) })
        }
        for kind in quiet {
            var filter = LogFilter()
            filter.kinds = [kind]
            #expect(try log.entries(filter).count == 200, "\(kind)")
        }
        // A kind that used free space gives it back.
        for _ in 0..<60 {
            try log.append((0..<100).map { _ in entry(quiet[0], .failed, payloadBytes: 1000) })
        }
        var filter = LogFilter()
        filter.kinds = [flood]
        filter.limit = 100_000
        #expect(try log.entries(filter).count > 100)
        try fixture.checkpoint()
        #expect(fixture.size() < limit + 600_000)
    }

    @Test("entries that are older than is kept go within a minute, the newest of each kind stays")
    func age() throws {
        let log = fixture.open(keepSeconds: 100)
        try log.append((0..<10).map { entry(.payload, .received, second: $0 * 20) })
        try log.append([entry(.connection, .connected, second: 0), entry(.error, .failed, second: 0)])
        #expect(try log.entries().count == 12, "the clock stands at 0")
        fixture.clock.second = 59
        try log.append([entry(.error, .failed, second: 59)])
        #expect(try log.entries().count == 13)
        fixture.clock.second = 200
        try log.append([])
        func seconds() throws -> [Int64] {
            let start = entry(.error, .failed).time.nanoseconds
            return try log.entries().map { ($0.time.nanoseconds - start) / 1_000_000_000 }
        }
        #expect(try seconds() == [0, 59, 100, 120, 140, 160, 180])
        fixture.clock.second = 259
        try log.append([])
        #expect(try seconds().count == 7, "the next look is a minute later")
        // The clock is set back, and then goes on.
        fixture.clock.second = 100
        try log.append([])
        fixture.clock.second = 1000
        try log.append([])
        #expect(try seconds() == [0, 59, 180])
        // Ids go on after the largest that was given.
        try log.append([entry(.payload, .received, second: 1000)])
        #expect(try log.lastID() == 14)
    }

    @Test("a shorter time takes effect when the log is opened, also for very many entries")
    func shorterTime() throws {
        do {
            let log = fixture.open()
            try log.append((0..<45_000).map { _ in entry(.payload, .received) })
        }
        fixture.clock.second = 1000
        let log = fixture.open(keepSeconds: 10)
        for _ in 0..<2 { try log.append([]) }
        #expect(try log.entries().map(\.id) == [45_000])
        #expect(fixture.warnings.all.isEmpty)
    }

    @Test("an id is never given out twice")
    func ids() throws {
        let log = fixture.open(limitBytes: limit)
        var last: Int64 = 0
        for index in 0..<40 {
            let kind = LogEntry.Kind.allCases[index % 3]
            try log.append((0..<50).map { _ in entry(kind, .failed, payloadBytes: 3000) })
            var filter = LogFilter()
            filter.after = last
            let new = try log.entries(filter).map(\.id)
            #expect(new == Array(last + 1...last + 50))
            last += 50
        }
    }

    @Test("a lowered limit makes the file smaller at the next start")
    func loweredLimit() throws {
        do {
            let log = fixture.open(limitBytes: 8 << 20)
            for _ in 0..<60 {
                try log.append((0..<100).map { _ in entry(.payload, .received, payloadBytes: 1000) })
            }
            try fixture.checkpoint()
            #expect(fixture.size() > 4 << 20)
        }
        let log = fixture.open(limitBytes: limit)
        try log.append([entry(.error, .failed)])
        try fixture.checkpoint()
        #expect(fixture.size() <= limit + 600_000, "\(fixture.size())")
        #expect(try log.entries().count > 100)
    }

    @Test(
        "a reader that does not end makes appending fail before the journal is too long, until the reader ends"
    )
    func longReader() throws {
        let log = fixture.open()
        try log.append([entry(.error, .failed)])
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: fixture.path, configuration: configuration)
        try reader.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM payload")
        }
        let batch = (0..<200).map { _ in entry(.payload, .received, payloadBytes: 4096) }
        var refusal: LogError?
        for _ in 0..<100 where refusal == nil {
            do throws(LogError) { try log.append(batch) } catch { refusal = error }
        }
        #expect(refusal?.code == .busy)
        #expect(fixture.size("-wal") < MessageLog.journalLimit + (4 << 20))
        try reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        try log.append(batch)
        #expect(fixture.size("-wal") < MessageLog.journalLimit)
    }
}
