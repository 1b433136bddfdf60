// MessageLog.swift — what happened on the channels, in `log.sqlite`.
//
// The log is outside Varve's guarantees for data: entries of the last moments may be missing after a crash of the
// machine (WAL journal, synchronous NORMAL: a killed process loses none that were written), and a damaged file is
// set aside and begun anew.
//
// Invariants:
// - Used pages stay within the limit and one `append` more, and the journal within `journalLimit` and one more.
// - Opening for writing never fails: what goes wrong is tried again with the next entries.

import GRDB
import Synchronization
import VarveFile

/// The message log of a data directory.
///
/// Every method may be called from any thread.
package final class MessageLog: Sendable {
    /// Bytes of a log unless told otherwise.
    package static let defaultLimit = 64 << 20
    /// The smallest limit; a lower one is raised to it.
    package static let minimumLimit = 1 << 20
    /// Bytes of the journal beside the file, which grows while somebody reads for long.
    static let journalLimit = 32 << 20
    /// Bytes after which the journal is written back, if nobody reads.
    private static let journalBytes = 4 << 20
    private static let pageBytes = 16_384

    /// The file.
    package let path: String
    private let limitBytes: Int
    private let isReadOnly: Bool
    private let warn: @Sendable (String) -> Void
    private let connection = Mutex<Connection?>(nil)

    /// An open file.
    private struct Connection {
        var queue: DatabaseQueue
        var space: LogSpace
    }

    private init(
        path: String, limitBytes: Int, isReadOnly: Bool, warn: @escaping @Sendable (String) -> Void
    ) {
        self.path = path
        self.limitBytes = max(limitBytes, Self.minimumLimit)
        self.isReadOnly = isReadOnly
        self.warn = warn
    }

    /// The log for the one process that writes it.
    ///
    /// The file is made if it is missing, readable by its owner only. One that is damaged is renamed to `….damaged`
    /// (an older one of that name is lost) and another begun. What cannot be opened now is tried again with each
    /// `append`.
    ///
    /// - Parameters:
    ///   - path: The file, by custom `log.sqlite` in the data directory.
    ///   - limitBytes: When the entries take more, the oldest are deleted.
    ///   - warn: Takes one line for each trouble that nobody is told otherwise.
    package static func open(
        path: String, limitBytes: Int = defaultLimit, warn: @escaping @Sendable (String) -> Void
    ) -> MessageLog {
        let log = MessageLog(path: path, limitBytes: limitBytes, isReadOnly: false, warn: warn)
        do throws(LogError) {
            try log.change { _, _ in }
        } catch {
            warn("\(error)")
        }
        return log
    }

    /// The log for a reader, beside the process that writes it; `append` is refused.
    ///
    /// - Throws: `missing` if there is none, `damaged`, `unavailable`.
    package static func openForReading(path: String) throws(LogError) -> MessageLog {
        let log = MessageLog(path: path, limitBytes: defaultLimit, isReadOnly: true, warn: { _ in })
        try log.read { _ in }
        return log
    }

    /// Writes entries, in one transaction with the bookmark if there is one.
    ///
    /// - Parameters:
    ///   - entries: At most about a mebibyte; their ids are given out here.
    ///   - bookmark: How far the reader of the plugin's events has come with these entries.
    ///   - brokerBookmark: How far the reader of the broker's own log has come.
    /// - Throws: `LogError`; then none is written.
    package func append(
        _ entries: [LogEntry], bookmark: String? = nil, brokerBookmark: String? = nil
    ) throws(LogError) {
        guard !isReadOnly else {
            throw LogError(.unavailable, "\(path) was opened for reading: open it for writing to change it")
        }
        let limit = limitBytes
        try change { db, space in
            try space.makeRoom(for: entries.reduce(0) { $0 + $1.weight }, limit: limit, db)
            try LogTables.insert(entries, after: LogTables.lastID(db), db)
            space.add(entries)
            for (key, value) in [(Self.eventsKey, bookmark), (Self.brokerKey, brokerBookmark)] {
                guard let value else { continue }
                try db.cachedStatement(
                    sql: "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
                ).execute(arguments: [key, value])
            }
        }
    }

    private static let eventsKey = "bookmark", brokerKey = "brokerLog"

    /// The last login of a client that is in the log.
    ///
    /// Cost: a look at each entry of a connection since, at worst all.
    package func lastLogin(of client: String) throws(LogError) -> LogEntry? {
        try read { db in try LogTables.lastLogin(of: client, db) }
    }

    /// The place in the broker's log that was last written; nil in a new log.
    package func brokerBookmark() throws(LogError) -> String? { try setting(Self.brokerKey) }

    /// The bookmark last written; nil in a new log.
    package func bookmark() throws(LogError) -> String? { try setting(Self.eventsKey) }

    private func setting(_ key: String) throws(LogError) -> String? {
        try read { db in
            try String.fetchOne(db, sql: "SELECT value FROM setting WHERE key = ?", arguments: [key])
        }
    }

    /// The entries that a filter lets through, the newest last; those after `filter.after` in the order of their ids.
    ///
    /// Cost: reads back from the newest entry until the limit is reached.
    package func entries(_ filter: LogFilter = LogFilter()) throws(LogError) -> [LogEntry] {
        try read { db in try LogTables.select(filter, db) }
    }

    /// The id of the newest entry; 0 if there is none.
    package func lastID() throws(LogError) -> Int64 {
        try read { db in try LogTables.lastID(db) }
    }

    /// Runs questions in one transaction, on a file that is opened if it is not.
    private func read<Result: Sendable>(_ body: (Database) throws -> Result) throws(LogError) -> Result {
        try withConnection { connection in try connection.queue.read(body) }
    }

    /// Runs changes in one transaction, on a file that is opened, and set aside if it is damaged.
    private func change(_ body: (Database, inout LogSpace) throws -> Void) throws(LogError) {
        try withConnection { connection in
            try limitJournal(connection.queue)
            var space = connection.space
            try connection.queue.write { db in try body(db, &space) }
            connection.space = space
        }
    }

    private func withConnection<Result: Sendable>(
        _ body: (inout Connection) throws -> Result
    ) throws(LogError) -> Result {
        let outcome = connection.withLock { connection -> Swift.Result<Result, LogError> in
            do {
                // A removed file would be written on without anybody ever seeing it.
                if try POSIXFileSystem().kind(path) == nil { connection = nil }
                do {
                    return .success(try use(&connection, body))
                } catch let error where LogError(error, path: path).code == .damaged && !isReadOnly {
                    connection = nil
                    try setAside(because: LogError(error, path: path))
                    return .success(try use(&connection, body))
                }
            } catch {
                connection = nil
                return .failure(LogError(error, path: path))
            }
        }
        return try outcome.get()
    }

    private func use<Result: Sendable>(
        _ connection: inout Connection?, _ body: (inout Connection) throws -> Result
    ) throws -> Result {
        var open = try connection ?? connect()
        let result = try body(&open)
        connection = open
        return result
    }
}

extension MessageLog {
    private func connect() throws -> Connection {
        let files = POSIXFileSystem()
        try DirectoryGuard.checkFile(path)
        let isNew = try files.kind(path) == nil
        guard !isNew || !isReadOnly else {
            throw LogError(.missing, "there is no message log at \(path): varve serve makes one")
        }
        if isNew {
            // What an earlier file left behind would be taken for the journal of this one.
            for end in ["-wal", "-shm"] { try files.remove(path + end) }
            try files.createPrivate(path)
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = NORMAL") }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        if !isReadOnly { try prepare(queue) }
        return try queue.read { db in
            guard try LogTables.areUsable(db) else {
                throw LogError(.damaged, "\(path) is no message log of this version of Varve")
            }
            return Connection(queue: queue, space: isReadOnly ? .empty : try LogSpace(db))
        }
    }

    /// Checks the file, or makes its tables if it is empty, and bounds it and its journal.
    private func prepare(_ queue: DatabaseQueue) throws {
        let report = try queue.read { db in try String.fetchOne(db, sql: "PRAGMA quick_check(1)") }
        guard report == "ok" else {
            throw LogError(.damaged, "\(path) is damaged (\(report ?? "no answer"))")
        }
        try queue.writeWithoutTransaction { db in
            // Entries of some KiB leave much of a small page unused; only an empty file takes the size.
            try db.execute(sql: "PRAGMA page_size = \(Self.pageBytes)")
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            _ = try Int.fetchOne(db, sql: "PRAGMA journal_size_limit = \(Self.journalBytes)")
            _ = try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint = \(Self.journalBytes / Self.pageBytes)")
            // Only a lowered limit leaves a file that is much too large.
            if try LogSpace.fileBytes(db) > limitBytes + limitBytes / 4, try LogTables.areUsable(db) {
                var space = try LogSpace(db)
                try db.inTransaction {
                    try space.makeRoom(for: 0, limit: limitBytes, db)
                    return .commit
                }
                try db.execute(sql: "VACUUM")
            }
        }
        try queue.write { db in
            if try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master") == 0 {
                try LogTables.create(db)
            }
            try LogTables.upgrade(db)
        }
    }

    /// Writes the journal back if it has become too long, and refuses more while a reader prevents that.
    private func limitJournal(_ queue: DatabaseQueue) throws {
        func size() throws -> Int {
            guard case .file(let size)? = try POSIXFileSystem().kind(path + "-wal") else { return 0 }
            return size
        }
        guard try size() > Self.journalLimit else { return }
        _ = try queue.writeWithoutTransaction { db in
            try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        guard try size() <= Self.journalLimit else {
            throw LogError(
                .busy, "\(path) cannot be written on: another process has been reading it for long")
        }
    }

    private func setAside(because error: LogError) throws(FileError) {
        let files = POSIXFileSystem()
        try files.rename(path, to: path + ".damaged")
        for end in ["-wal", "-shm"] { try files.remove(path + end) }
        warn("\(error); it is now \(path).damaged, and a new log begins")
    }
}
