// LogSpace.swift — keeps the log within its limits of size and age by deleting the oldest entries.
//
// Pages that become free are used again, so the file stops growing. A kind may use the space that others
// leave free of their shares, and gives it back when they need it.
//
// Invariants:
// - The newest entry of a kind is never deleted, so no id is given out twice.

import GRDB

/// The space that entries take.
struct LogSpace {
    /// The bytes of the entries of each kind, by raw value.
    private var bytes: [Int]

    /// What each kind may always keep, as a part of the whole: payloads three quarters, the others an eighth
    /// each.
    private static let shares: [Double] = [0.125, 0.75, 0.125]

    /// The part of the limit that is deleted at once: one in this many.
    private static let step = 16

    /// The most entries of a kind that are deleted at once for their age.
    private static let entriesAtOnce = 20_000

    /// Adds up the sizes of all entries.
    ///
    /// Reads all tables.
    init(_ db: Database) throws {
        bytes = try LogEntry.Kind.allCases.map { kind in
            // Sizes in a damaged file may be anything. Each sum is clamped, so that adding the sums cannot
            // overflow.
            let sum = try Int.fetchOne(db, sql: "SELECT SUM(size) FROM \(LogTables.name(kind))") ?? 0
            return min(max(sum, 0), 1 << 60)
        }
    }

    /// The space of a log that is only read.
    static let empty = LogSpace(bytes: LogEntry.Kind.allCases.map { _ in 0 })

    private init(bytes: [Int]) {
        self.bytes = bytes
    }

    /// Counts entries that are being added.
    mutating func add(_ entries: some Sequence<LogEntry>) {
        for entry in entries { bytes[entry.kind.rawValue] += entry.weight }
    }

    /// The bytes of the file, free pages included.
    static func fileBytes(_ db: Database) throws -> Int {
        try number("page_count", db) * number("page_size", db)
    }

    /// The bytes of the pages in use.
    static func usedBytes(_ db: Database) throws -> Int {
        try fileBytes(db) - number("freelist_count", db) * number("page_size", db)
    }

    private static func number(_ pragma: String, _ db: Database) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: "PRAGMA \(pragma)")) ?? 0
    }

    /// Deletes the oldest entries if the pages in use plus `incoming` bytes would exceed `limit`.
    mutating func makeRoom(for incoming: Int, limit: Int, _ db: Database) throws {
        let used = try LogSpace.usedBytes(db)
        guard used + incoming > limit else { return }
        // Entries take more space on their pages than their bytes.
        let total = max(1, bytes.reduce(0, +))
        let bytesPerPageByte = min(1, Double(total) / Double(max(1, used)))
        let wanted = Int(Double(used + incoming - limit + limit / LogSpace.step) * bytesPerPageByte)
        try delete(min(wanted, total), of: total, db)
    }

    /// Deletes the entries of each kind that were written before the first one with a time from `start` on.
    ///
    /// The newest entry of a kind stays.
    ///
    /// - Returns: Whether the step was too small, so that there may be more to delete.
    mutating func removeEntries(before start: Int64, _ db: Database) throws -> Bool {
        var hasMore = false
        for kind in LogEntry.Kind.allCases {
            let table = LogTables.name(kind)
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT id, time, size FROM \(table) WHERE id < (SELECT MAX(id) FROM \(table))
                    ORDER BY id LIMIT \(Self.entriesAtOnce)
                    """)
            var last: Int64?
            var freed = 0, count = 0
            while let row = try rows.next().map(CheckedRow.init), try row.number(1) < start {
                last = try row.number(0)
                freed += min(max(try row.number(2), 0), 1 << 40)
                count += 1
            }
            guard let last else { continue }
            try db.execute(sql: "DELETE FROM \(table) WHERE id <= ?", arguments: [last])
            bytes[kind.rawValue] -= freed
            if count == Self.entriesAtOnce { hasMore = true }
        }
        return hasMore
    }

    /// Deletes from the kinds that have more than their share of what will stay, beginning with the one that
    /// is most over it.
    private mutating func delete(_ wanted: Int, of total: Int, _ db: Database) throws {
        var rest = wanted
        let surplus = bytes.indices.map { kind in
            bytes[kind] - Int(LogSpace.shares[kind] * Double(total - wanted))
        }
        for kind in LogEntry.Kind.allCases.sorted(by: { surplus[$0.rawValue] > surplus[$1.rawValue] })
        where rest > 0 && surplus[kind.rawValue] > 0 {
            let freed = try delete(min(rest, surplus[kind.rawValue]), of: kind, db)
            rest -= freed
            bytes[kind.rawValue] -= freed
        }
    }

    /// Deletes the oldest entries of a kind until `wanted` bytes are free.
    ///
    /// - Returns: The bytes that became free.
    private func delete(_ wanted: Int, of kind: LogEntry.Kind, _ db: Database) throws -> Int {
        let table = LogTables.name(kind)
        var freed = 0
        var last: Int64?
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, size FROM \(table) WHERE id < (SELECT MAX(id) FROM \(table)) ORDER BY id
                """)
        while freed < wanted, let row = try rows.next() {
            let row = CheckedRow(row)
            last = try row.number(0) as Int64
            freed += min(max(try row.number(1), 0), 1 << 40)
        }
        guard let last else { return 0 }
        try db.execute(sql: "DELETE FROM \(table) WHERE id <= ?", arguments: [last])
        return freed
    }
}
