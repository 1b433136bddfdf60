// LogTables+Reading.swift — filters as SQL, and rows as entries.
//
// Invariants:
// - Every value of a filter is an argument of a statement and never a part of its text.

import GRDB
import VarveModel

extension LogTables {
    /// Conditions of one table, and their arguments.
    private struct Conditions {
        var texts: [String] = []
        var arguments: [any DatabaseValueConvertible] = []

        /// Nil if the filter selects nothing.
        init?(_ filter: LogFilter) {
            demand("id > ?", filter.after)
            demand("channel = ?", anyOf: filter.channels)
            demand("product = ?", anyOf: filter.products)
            demand("? IN (device, product || '/' || device)", anyOf: filter.devices)
            demand("client = ? OR substr(client, 1, length(?) + 1) = ? || '|'", anyOf: filter.clients)
            demand("event", among: filter.events.map(\.rawValue))
            demand("category", among: filter.categories.map(\.rawValue))
            demand("code", among: Array(filter.codes))
            if let range = filter.range {
                guard let last = range.lastNanosecond else { return nil }
                demand("time >= ?", range.from.nanoseconds)
                demand("time <= ?", last)
            }
            let fields =
                ["reason", "topic", "client", "device", "message", "product", "channel", "address"]
                + ["CAST(payload AS TEXT)"]
            demand(
                fields.map { "instr(lower(\($0)), lower(?)) > 0" }.joined(separator: " OR "),
                anyOf: filter.texts)
        }

        /// The `WHERE` of a statement; empty without conditions.
        var clause: String { texts.isEmpty ? "" : "WHERE " + texts.joined(separator: " AND ") }

        private mutating func demand(_ condition: String, _ values: (any DatabaseValueConvertible)?...) {
            let present = values.compactMap { $0 }
            guard present.count == values.count else { return }
            texts.append(condition)
            arguments += present
        }

        private mutating func demand(_ column: String, among values: [Int]) {
            guard !values.isEmpty else { return }
            texts.append("\(column) IN (\(databaseQuestionMarks(count: values.count)))")
            arguments += values.sorted()
        }

        /// Demands the condition for one of the values, which takes the place of each question mark.
        private mutating func demand(_ condition: String, anyOf values: Set<String>) {
            guard !values.isEmpty else { return }
            let marks = condition.count { $0 == "?" }
            texts.append(
                "(" + values.map { _ in "(\(condition))" }.joined(separator: " OR ") + ")")
            for value in values.sorted() { arguments += Array(repeating: value, count: marks) }
        }
    }

    /// The ids of the entries that a filter selects: by id if `filter.after` is set, else by time.
    static func ids(_ filter: LogFilter, _ db: Database) throws -> [Int64] {
        guard let conditions = Conditions(filter) else { return [] }
        let kinds = LogEntry.Kind.allCases.filter { filter.kinds.isEmpty || filter.kinds.contains($0) }
        let parts = kinds.map { "SELECT id, time FROM \(name($0)) \(conditions.clause)" }
        let arguments = kinds.flatMap { _ in conditions.arguments } + [filter.limit ?? -1]
        // Connection events are written some time after messages, so the newest entries are not those written
        // last.
        let selection = filter.after == nil ? "time DESC, id DESC" : "id"
        let newest = parts.joined(separator: " UNION ALL ") + " ORDER BY \(selection) LIMIT ?"
        let order = filter.after == nil ? "time, id" : "id"
        return try Int64.fetchAll(
            db, sql: "SELECT id FROM (\(newest)) ORDER BY \(order)", arguments: StatementArguments(arguments))
    }

    /// The entries with these ids, in their order; ids without an entry are passed over.
    static func entries(ids: some Collection<Int64>, _ db: Database) throws -> [LogEntry] {
        let list = ids.map(String.init).joined(separator: ",")
        let columns = try selection(db)
        let parts = LogEntry.Kind.allCases.map { kind in
            "SELECT \(columns), \(kind.rawValue) AS kind FROM \(name(kind)) WHERE id IN (\(list))"
        }
        var found: [Int64: LogEntry] = [:]
        for row in try Row.fetchAll(db, sql: parts.joined(separator: " UNION ALL ")) {
            let entry = try entry(row)
            found[entry.id] = entry
        }
        return ids.compactMap { found[$0] }
    }

    /// The newest entry for a login of a client.
    static func lastLogin(of client: String, _ db: Database) throws -> LogEntry? {
        let kind = LogEntry.Kind.connection
        return try Row.fetchOne(
            db,
            sql: """
                SELECT \(try selection(db)), \(kind.rawValue) AS kind FROM \(name(kind))
                WHERE client = ? AND event = \(LogEntry.Event.connected.rawValue) ORDER BY id DESC LIMIT 1
                """, arguments: [client]
        ).map(entry)
    }

    private static func entry(_ row: Row) throws -> LogEntry {
        let row = CheckedRow(row)
        guard let kind = LogEntry.Kind(rawValue: try row.number(29)),
            let event = LogEntry.Event(rawValue: try row.number(2))
        else { throw unknown("an event") }
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
        entry.counts = try counts(row)
        entry.reason = try row.text(17)
        entry.restorePayload(try row.bytes(19), isCut: try row.number(18) != 0)
        entry.bytes = bytes
        if let number: Int = try row.optionalNumber(22) {
            guard let category = LogEntry.Category(rawValue: number) else { throw unknown("a category") }
            entry.category = category
        }
        entry.items = try row.optionalNumber(23)
        entry.commit = try row.optionalNumber(26)
        entry.latency = try row.optionalNumber(27)
        entry.scriptLine = try row.optionalNumber(28)
        return entry
    }

    /// The counts of a row; nil if it has none.
    private static func counts(_ row: CheckedRow) throws -> LogEntry.Counts? {
        guard let accepted: Int64 = try row.optionalNumber(13) else { return nil }
        let others = try [14, 15, 16, 20, 21, 24, 25].map { index in
            UInt64(clamping: try row.optionalNumber(index) ?? 0 as Int64)
        }
        return LogEntry.Counts(
            accepted: UInt64(clamping: accepted), identical: others[0], corrected: others[1],
            superseded: others[2], expired: others[3], replayed: others[4], rejected: others[5],
            skipped: others[6])
    }

    private static func unknown(_ what: String) -> LogError {
        LogError(.unavailable, "the log has \(what) that this Varve does not know: use a newer one")
    }
}
