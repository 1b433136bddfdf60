// LogTables.swift — the tables of `log.sqlite`, and entries as their rows.
//
// Each kind has a table, so that the oldest entries of one kind fill whole pages, which become free together.
// An entry's id is unique among all tables. Tables of version 1 have no counts of expired and replayed
// samples. Texts are cut, so that no row takes more than its payload and some KiB.

import Foundation
import GRDB
import VarveModel

/// Creates, upgrades, reads and writes the tables.
enum LogTables {
    /// The `PRAGMA user_version` of the tables that `create` makes.
    static let version = 2
    /// The most bytes that are kept of each text.
    static let textLimit = 1024

    static func name(_ kind: LogEntry.Kind) -> String { kind.name }

    private static let firstColumns = """
        id, time, event, size, channel, product, client, address, device, message, code, topic, bytes, accepted, \
        identical, corrected, superseded, reason, cut, payload
        """
    private static let columns = firstColumns + ", expired, replayed"

    static func create(_ db: Database) throws {
        for kind in LogEntry.Kind.allCases {
            try db.execute(
                sql: """
                    CREATE TABLE \(name(kind)) (
                        id INTEGER PRIMARY KEY, time INTEGER NOT NULL, event INTEGER NOT NULL,
                        size INTEGER NOT NULL, channel TEXT, product TEXT, client TEXT, address TEXT,
                        device TEXT, message TEXT, code INTEGER, topic TEXT, bytes INTEGER,
                        accepted INTEGER, identical INTEGER, corrected INTEGER, superseded INTEGER,
                        reason TEXT, cut INTEGER NOT NULL, payload BLOB, expired INTEGER, replayed INTEGER
                    ) STRICT
                    """)
        }
        try db.execute(sql: "CREATE TABLE setting (key TEXT NOT NULL PRIMARY KEY, value TEXT) STRICT")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Adds the columns that tables of version 1 lack: the counts of expired and replayed samples.
    static func upgrade(_ db: Database) throws {
        guard try Int.fetchOne(db, sql: "PRAGMA user_version") == 1 else { return }
        for kind in LogEntry.Kind.allCases {
            for column in ["expired", "replayed"] {
                try db.execute(sql: "ALTER TABLE \(name(kind)) ADD COLUMN \(column) INTEGER")
            }
        }
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// The columns to select from tables of the version in the file; nil if that version is unknown.
    private static func presentColumns(_ db: Database) throws -> String? {
        switch try Int.fetchOne(db, sql: "PRAGMA user_version") {
        case version: columns
        case 1: firstColumns + ", NULL AS expired, NULL AS replayed"
        default: nil
        }
    }

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
        let marks = databaseQuestionMarks(count: 22)
        let statements = try LogEntry.Kind.allCases.map { kind in
            try db.cachedStatement(sql: "INSERT INTO \(name(kind)) (\(columns)) VALUES (\(marks))")
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
            number(entry.counts?.expired), number(entry.counts?.replayed),
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

    /// The entries that a filter selects: by id if `filter.after` is set, else by time.
    static func select(_ filter: LogFilter, _ db: Database) throws -> [LogEntry] {
        var conditions: [String] = []
        var arguments: [any DatabaseValueConvertible] = []
        func demand(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments.append(value)
        }
        demand("id > ?", filter.after)
        demand("channel = ?", filter.channel)
        demand("? IN (device, product || '/' || device)", filter.device)
        if let range = filter.range {
            guard let last = range.lastNanosecond else { return [] }
            demand("time >= ?", range.from.nanoseconds)
            demand("time <= ?", last)
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let columns = try presentColumns(db) ?? Self.columns
        let kinds = LogEntry.Kind.allCases.filter { filter.kinds.isEmpty || filter.kinds.contains($0) }
        let parts = kinds.map { kind in
            "SELECT \(columns), \(kind.rawValue) AS kind FROM \(name(kind)) \(condition)"
        }
        let every = kinds.flatMap { _ in arguments } + [filter.limit]
        // Connection events are written some time after messages, so the newest entries are not those written
        // last.
        let selection = filter.after == nil ? "time DESC, id DESC" : "id"
        let newest = parts.joined(separator: " UNION ALL ") + " ORDER BY \(selection) LIMIT ?"
        let order = filter.after == nil ? "time, id" : "id"
        return try Row.fetchAll(
            db, sql: "SELECT * FROM (\(newest)) ORDER BY \(order)", arguments: StatementArguments(every)
        ).map(entry)
    }

    /// The newest entry for a login of a client.
    static func lastLogin(of client: String, _ db: Database) throws -> LogEntry? {
        let kind = LogEntry.Kind.connection
        return try Row.fetchOne(
            db,
            sql: """
                SELECT \(try presentColumns(db) ?? columns), \(kind.rawValue) AS kind FROM \(name(kind))
                WHERE client = ? AND event = \(LogEntry.Event.connected.rawValue) ORDER BY id DESC LIMIT 1
                """, arguments: [client]
        ).map(entry)
    }

    private static func entry(_ row: Row) throws -> LogEntry {
        let row = CheckedRow(row)
        guard let kind = LogEntry.Kind(rawValue: try row.number(22)),
            let event = LogEntry.Event(rawValue: try row.number(2))
        else {
            throw LogError(
                .unavailable, "the log has an event that this Varve does not know: use a newer one")
        }
        var entry = LogEntry(kind, event, time: Timestamp(nanoseconds: try row.number(1)))
        entry.id = try row.number(0)
        entry.channel = try row.text(4)
        entry.product = try row.text(5)
        entry.client = try row.text(6)
        entry.address = try row.text(7)
        entry.device = try row.text(8)
        entry.messageID = try row.text(9)
        entry.code = try row.optionalNumber(10)
        entry.topic = try row.text(11)
        let bytes: Int? = try row.optionalNumber(12)
        if let accepted: Int64 = try row.optionalNumber(13) {
            let others: [Int64] = try [14, 15, 16, 20, 21].map { try row.optionalNumber($0) ?? 0 }
            entry.counts = LogEntry.Counts(
                accepted: UInt64(clamping: accepted), identical: UInt64(clamping: others[0]),
                corrected: UInt64(clamping: others[1]), superseded: UInt64(clamping: others[2]),
                expired: UInt64(clamping: others[3]), replayed: UInt64(clamping: others[4]))
        }
        entry.reason = try row.text(17)
        entry.restorePayload(try row.bytes(19), isCut: try row.number(18) != 0)
        entry.bytes = bytes
        return entry
    }
}
