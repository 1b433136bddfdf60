// LogTables.swift — the tables of `log.sqlite`, and entries as their rows.
//
// Each kind has a table, so that the oldest entries of one kind fill whole pages, which become free together.
// An entry's id is unique among all tables. Version 2 added the counts of expired and replayed samples; version 3
// the category, the items, the counts of rejected and skipped samples, the commit, the latency and the script's line.
// Texts are cut, so that no row takes more than its payload and some KiB.

import Foundation
import GRDB
import VarveModel

/// Creates, upgrades, reads and writes the tables.
enum LogTables {
    /// The `PRAGMA user_version` of the tables that `create` makes.
    static let version = 3
    /// The most bytes that are kept of each text.
    static let textLimit = 1024

    static func name(_ kind: LogEntry.Kind) -> String { kind.name }

    /// The columns in the order in which they are selected, with the version that has them first.
    private static let columns: [(name: String, since: Int)] =
        [
            "id", "time", "event", "size", "channel", "product", "client", "address", "device", "message",
            "code",
            "topic", "bytes", "accepted", "identical", "corrected", "superseded", "reason", "cut", "payload",
        ].map { ($0, 1) } + ["expired", "replayed"].map { ($0, 2) }
        + ["category", "items", "rejected", "skipped", "commitNumber", "latency", "scriptLine"].map {
            ($0, 3)
        }
    private static let columnNames = columns.map(\.name).joined(separator: ", ")

    static func create(_ db: Database) throws {
        for kind in LogEntry.Kind.allCases {
            try db.execute(
                sql: """
                    CREATE TABLE \(name(kind)) (
                        id INTEGER PRIMARY KEY, time INTEGER NOT NULL, event INTEGER NOT NULL,
                        size INTEGER NOT NULL, channel TEXT, product TEXT, client TEXT, address TEXT,
                        device TEXT, message TEXT, code INTEGER, topic TEXT, bytes INTEGER,
                        accepted INTEGER, identical INTEGER, corrected INTEGER, superseded INTEGER,
                        reason TEXT, cut INTEGER NOT NULL, payload BLOB, expired INTEGER, replayed INTEGER,
                        category INTEGER, items INTEGER, rejected INTEGER, skipped INTEGER,
                        commitNumber INTEGER, latency INTEGER, scriptLine INTEGER
                    ) STRICT
                    """)
        }
        try db.execute(sql: "CREATE TABLE setting (key TEXT NOT NULL PRIMARY KEY, value TEXT) STRICT")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Adds the columns that tables of an older version lack; all of them are numbers.
    static func upgrade(_ db: Database) throws {
        guard let found = try fileVersion(db), found < version else { return }
        for kind in LogEntry.Kind.allCases {
            for column in columns where column.since > found {
                try db.execute(sql: "ALTER TABLE \(name(kind)) ADD COLUMN \(column.name) INTEGER")
            }
        }
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// The version of the tables; nil if it is unknown.
    private static func fileVersion(_ db: Database) throws -> Int? {
        guard let found = try Int.fetchOne(db, sql: "PRAGMA user_version"), (1...version).contains(found)
        else {
            return nil
        }
        return found
    }

    /// The columns to select from tables of the version in the file; nil if that version is unknown.
    private static func presentColumns(_ db: Database) throws -> String? {
        try fileVersion(db).map { found in
            columns.map { $0.since > found ? "NULL AS \($0.name)" : $0.name }.joined(separator: ", ")
        }
    }

    /// The columns to select, in the order that `entry` reads.
    static func selection(_ db: Database) throws -> String { try presentColumns(db) ?? columnNames }

    /// Whether the tables exist and have a version that can be read.
    static func areUsable(_ db: Database) throws -> Bool {
        guard let columns = try presentColumns(db) else { return false }
        for kind in LogEntry.Kind.allCases {
            _ = try db.makeStatement(sql: "SELECT \(columns) FROM \(name(kind)) LIMIT 1")
        }
        _ = try db.makeStatement(sql: "SELECT key, value FROM setting LIMIT 1")
        return true
    }

    /// The largest id in use; 0 if there is no entry.
    static func lastID(_ db: Database) throws -> Int64 {
        var last: Int64 = 0
        for kind in LogEntry.Kind.allCases {
            let largest = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT MAX(id) FROM \(name(kind))"))
            last = max(last, largest ?? 0)
        }
        return last
    }

    /// Writes entries with the ids after `last`.
    static func insert(_ entries: some Sequence<LogEntry>, after last: Int64, _ db: Database) throws {
        let marks = databaseQuestionMarks(count: columns.count)
        let statements = try LogEntry.Kind.allCases.map { kind in
            try db.cachedStatement(sql: "INSERT INTO \(name(kind)) (\(columnNames)) VALUES (\(marks))")
        }
        var id = last
        for entry in entries {
            id += 1
            let statement = statements[entry.kind.rawValue]
            statement.setUncheckedArguments(StatementArguments(values(entry, id: id)))
            try statement.execute()
        }
    }

    private static func values(_ entry: LogEntry, id: Int64) -> [(any DatabaseValueConvertible)?] {
        [
            id, entry.time.nanoseconds, entry.event.rawValue, entry.weight, cut(entry.channel),
            cut(entry.product), cut(entry.client), cut(entry.address), cut(entry.device),
            cut(entry.messageID),
            entry.code, cut(entry.topic), entry.bytes, number(entry.counts?.accepted),
            number(entry.counts?.identical), number(entry.counts?.corrected),
            number(entry.counts?.superseded),
            cut(entry.reason), entry.isCut ? 1 : 0, entry.payload.map { Data($0) },
            number(entry.counts?.expired), number(entry.counts?.replayed), entry.category?.rawValue,
            entry.items, number(entry.counts?.rejected), number(entry.counts?.skipped), number(entry.commit),
            entry.latency, entry.scriptLine,
        ]
    }

    private static func number(_ count: UInt64?) -> Int64? { count.map(Int64.init(clamping:)) }

    /// The text, cut to as many characters as fit in the limit.
    private static func cut(_ text: String?) -> String? {
        guard let text, text.utf8.count > textLimit else { return text }
        var scalars = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            if count > textLimit { break }
            scalars.append(scalar)
        }
        return String(scalars)
    }
}
