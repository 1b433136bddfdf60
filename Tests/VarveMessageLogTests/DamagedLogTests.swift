// DamagedLogTests.swift — a log with entries that Varve did not write gives an error, and does not end the
// process.

import GRDB
import Testing
import VarveModel

@testable import VarveMessageLog

@Suite struct DamagedLogTests {
    /// A log with one entry, one column of which has another type, as in a damaged file.
    private func fixture(_ column: String, _ value: String) throws -> LogFixture {
        let fixture = try LogFixture()
        let log = fixture.open()
        try log.append([entry(.payload, .received, payloadBytes: 3)])
        let queue = try DatabaseQueue(path: fixture.path)
        try queue.writeWithoutTransaction { db in
            // The declaration is changed too, or SQLite would refuse the value.
            try db.execute(sql: "PRAGMA writable_schema = ON")
            try db.execute(
                sql: "UPDATE sqlite_master SET sql = replace(replace(sql, ' STRICT', ''), ' NOT NULL', '')")
        }
        try DatabaseQueue(path: fixture.path).write {
            try $0.execute(sql: "UPDATE \(LogTables.name(.payload)) SET \(column) = \(value)")
        }
        return fixture
    }

    @Test(
        "a column of another type is an error with its remedy",
        arguments: [
            ("time", "'x'"), ("event", "NULL"), ("event", "1e300"), ("code", "'x'"), ("cut", "NULL"),
            ("bytes", "x'00'"), ("topic", "x'ff'"), ("accepted", "'many'"),
            ("category", "'x'"), ("commitNumber", "-1"),
        ])
    func wrongColumn(column: String, value: String) throws {
        let fixture = try fixture(column, value)
        let reader = try MessageLog.openForReading(path: fixture.path)
        let error = #expect(throws: LogError.self) { try reader.entries() }
        #expect(error?.code == .damaged && error?.description.contains("\n") == false)
        // The service sets such a log aside and begins a new one.
        #expect(try fixture.open().entries().isEmpty)
        #expect(fixture.warnings.all.count == 1)
    }

    @Test(
        "the log makes room even if impossible sizes of entries are stored",
        arguments: ["9223372036854775807", "-5"])
    func wrongSize(size: String) throws {
        let fixture = try fixture("size", size)
        let log = fixture.open(limitBytes: 1 << 20)
        try log.append((0..<200).map { _ in entry(.payload, .received, payloadBytes: 6000) })
        #expect(try log.entries(LogFilter()).count > 0)
    }
}
