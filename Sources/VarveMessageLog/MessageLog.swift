// MessageLog.swift — the message log, `log.sqlite`: what happened on the channels.
//
// The log is outside Varve's guarantees for data. Entries of the last moments may be missing after a crash of
// the machine: the journal is a WAL with `synchronous = NORMAL`, so a killed process loses none that were
// written. A damaged file is renamed, and a new one is begun.
//
// Invariants:
// - Entries that are older than `keep` go with an `append` at most a minute later, the newest of each kind excepted.
// - The pages in use stay within the limit plus one `append`, and the journal within `journalLimit` plus one
//   `append`.
// - Opening for writing never fails: the next `append` tries again.

import GRDB
import Synchronization
import VarveFile
import VarvePlatform

/// The message log of a data directory.
///
/// Every method may be called from any thread.
public final class MessageLog: Sendable {
    /// The default limit of a log, in bytes.
    public static let defaultLimit = 64 << 20
    /// The smallest limit, in bytes.
    ///
    /// A lower one is raised to it.
    static let minimumLimit = 1 << 20
    /// The most bytes of the journal, which grows while somebody reads for long.
    static let journalLimit = 32 << 20
    /// The bytes after which the journal is written back to the file, if nobody reads.
    private static let journalBytes = 4 << 20
    private static let pageBytes = 16_384
    /// The nanoseconds between two looks for entries that are too old.
    private static let agePause: Int64 = 60_000_000_000

    /// The path of the file.
    let path: String
    private let limitBytes: Int
    /// How long entries are kept, in nanoseconds; nil for as long as there is room.
    private let keep: Int64?
    private let clock: @Sendable () -> Int64
    private let isReadOnly: Bool
    private let warn: @Sendable (String) -> Void
    private let connection = Mutex<Connection?>(nil)

    /// An open database, and the space that its entries take.
    private struct Connection {
        var queue: DatabaseQueue
        var space: LogSpace
        /// Which file it is; another one may come to have the path.
        var file: FileIdentity?
        /// The next look for entries that are too old, on the clock of the log.
        var nextLook: Int64 = 0
    }

    /// A file, by its device and inode.
    private struct FileIdentity: Equatable {
        var device: UInt64
        var node: UInt64
    }

    /// Which file has the path; nil if none has.
    private func identity() throws -> FileIdentity? {
        try POSIXFileSystem().stamp(path).map { FileIdentity(device: $0.device, node: $0.node) }
    }

    private init(
        path: String, limitBytes: Int, keepSeconds: Int64?, isReadOnly: Bool,
        clock: @escaping @Sendable () -> Int64, warn: @escaping @Sendable (String) -> Void
    ) {
        self.path = path
        keep = keepSeconds.map { $0.multipliedReportingOverflow(by: 1_000_000_000) }
            .flatMap { $0.overflow ? nil : $0.partialValue }
        self.clock = clock
        self.limitBytes = max(limitBytes, Self.minimumLimit)
        self.isReadOnly = isReadOnly
        self.warn = warn
    }

    /// Opens the log for the one process that writes it.
    ///
    /// A missing file is created, readable by its owner only. A damaged one is renamed to `….damaged`,
    /// replacing an older file of that name, and a new one is begun. If the file cannot be opened now, each
    /// `append` tries again.
    ///
    /// - Parameters:
    ///   - path: The path of the file; by custom `log.sqlite` in the data directory.
    ///   - limitBytes: The bytes above which the oldest entries are deleted.
    ///   - keepSeconds: How long entries are kept; nil for as long as there is room.
    ///   - clock: Nanoseconds since 1970; by default those of the system.
    ///   - warn: Called with one line for each problem that no caller learns of by an error.
    public static func open(
        path: String, limitBytes: Int = defaultLimit, keepSeconds: Int64? = nil,
        clock: (@Sendable () -> Int64)? = nil, warn: @escaping @Sendable (String) -> Void
    ) -> MessageLog {
        let log = MessageLog(
            path: path, limitBytes: limitBytes, keepSeconds: keepSeconds, isReadOnly: false,
            clock: clock ?? { SystemClock.nanoseconds() }, warn: warn)
        do throws(LogError) {
            try log.append([])
        } catch {
            warn("\(error)")
        }
        return log
    }

    /// Opens the log for a reader, beside the process that writes it.
    ///
    /// `append` then throws.
    ///
    /// - Throws: `LogError`: `missing` if there is no log, `damaged`, `busy` or `unavailable`.
    public static func openForReading(path: String) throws(LogError) -> MessageLog {
        let log = MessageLog(
            path: path, limitBytes: defaultLimit, keepSeconds: nil, isReadOnly: true, clock: { 0 },
            warn: { _ in })
        try log.read { _ in }
        return log
    }

    /// Writes entries and the bookmarks, if there are any, in one transaction.
    ///
    /// Durability: survives a kill of the process. A crash of the machine may lose the last transactions.
    ///
    /// - Parameters:
    ///   - entries: About 1 MiB at most. They get their ids here.
    ///   - bookmark: How far the reader of the plugin's events has come with these entries.
    ///   - brokerBookmark: How far the reader of the broker's own log has come.
    /// - Throws: `LogError`, with nothing written.
    public func append(
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

    /// The newest login of a client that is still in the log; nil if it has no login there.
    ///
    /// Cost: looks at each connection entry since then, at worst at all of them.
    ///
    /// - Throws: `LogError` if the log cannot be read.
    public func lastLogin(of client: String) throws(LogError) -> LogEntry? {
        try read { db in try LogTables.lastLogin(of: client, db) }
    }

    /// The place in the broker's log that was written last; nil in a new log.
    ///
    /// - Throws: `LogError` if the log cannot be read.
    public func brokerBookmark() throws(LogError) -> String? { try setting(Self.brokerKey) }

    /// The bookmark that was written last; nil in a new log.
    ///
    /// - Throws: `LogError` if the log cannot be read.
    public func bookmark() throws(LogError) -> String? { try setting(Self.eventsKey) }

    private func setting(_ key: String) throws(LogError) -> String? {
        try read { db in
            try String.fetchOne(db, sql: "SELECT value FROM setting WHERE key = ?", arguments: [key])
        }
    }

    /// The entries that a filter selects, the newest last; if `filter.after` is set, in the order of their
    /// ids.
    ///
    /// Cost: as `ids(_:)`, and the memory of the entries.
    ///
    /// - Throws: `LogError` if the log cannot be read.
    public func entries(_ filter: LogFilter = LogFilter()) throws(LogError) -> [LogEntry] {
        try read { db in try LogTables.entries(ids: LogTables.ids(filter, db), db) }
    }

    /// The ids of the entries that a filter selects, in the order of `entries(_:)`.
    ///
    /// Cost: with `filter.after`, reads on from that id until the limit is reached; without it, looks at
    /// every entry. Takes 8 bytes for each id.
    ///
    /// - Throws: `LogError` if the log cannot be read.
    public func ids(_ filter: LogFilter) throws(LogError) -> [Int64] {
        try read { db in try LogTables.ids(filter, db) }
    }

    /// The entries with these ids, in their order, without those that have been deleted meanwhile.
    ///
    /// With `ids`, this reads a log in pieces of bounded memory, and never holds it for long.
    ///
    /// - Parameter ids: A thousand or so at a time.
    /// - Throws: `LogError` if the log cannot be read.
    public func entries(ids: ArraySlice<Int64>) throws(LogError) -> [LogEntry] {
        try read { db in try LogTables.entries(ids: ids, db) }
    }

    /// The id of the newest entry; 0 for an empty log.
    ///
    /// - Throws: `LogError` if the log cannot be read.
    public func lastID() throws(LogError) -> Int64 {
        try read { db in try LogTables.lastID(db) }
    }

    /// Runs queries in one transaction.
    ///
    /// Opens the file if it is not open.
    private func read<Result: Sendable>(_ body: (Database) throws -> Result) throws(LogError) -> Result {
        try withConnection { connection in try connection.queue.read(body) }
    }

    /// Runs changes in one transaction.
    ///
    /// Opens the file if it is not open, and renames it if it is damaged.
    private func change(_ body: (Database, inout LogSpace) throws -> Void) throws(LogError) {
        try withConnection { connection in
            try limitJournal(connection.queue)
            var space = connection.space
            var nextLook = connection.nextLook
            try connection.queue.write { db in
                try removeOld(&space, &nextLook, db)
                try body(db, &space)
            }
            connection.space = space
            connection.nextLook = nextLook
        }
    }

    /// Deletes entries that are too old, if it is time to look for them.
    private func removeOld(_ space: inout LogSpace, _ next: inout Int64, _ db: Database) throws {
        guard let keep else { return }
        let now = clock()
        // A clock that was set back would otherwise stop the look for as long.
        guard now >= next || now < next - Self.agePause else { return }
        let hasMore = try space.removeEntries(before: now - keep, db)
        next = hasMore ? now : now + Self.agePause
    }

    private func withConnection<Result: Sendable>(
        _ body: (inout Connection) throws -> Result
    ) throws(LogError) -> Result {
        let outcome = connection.withLock { connection -> Swift.Result<Result, LogError> in
            do {
                // Entries written to a removed file would be seen by nobody.
                if let open = connection, try identity() != open.file {
                    connection = nil
                    if !isReadOnly { warn("\(path) was removed while it was in use: a new log begins") }
                }
                do {
                    return .success(try run(body, on: &connection))
                } catch let error where LogError(error, path: path).code == .damaged && !isReadOnly {
                    connection = nil
                    try renameDamaged(because: LogError(error, path: path))
                    return .success(try run(body, on: &connection))
                }
            } catch {
                connection = nil
                return .failure(LogError(error, path: path))
            }
        }
        return try outcome.get()
    }

    private func run<Result: Sendable>(
        _ body: (inout Connection) throws -> Result, on connection: inout Connection?
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
            // SQLite would take what an earlier file left behind for the journal of this one.
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
                throw LogError(.damaged, "\(path) is not a message log of this version of Varve")
            }
            return Connection(
                queue: queue, space: isReadOnly ? .empty : try LogSpace(db), file: try identity())
        }
    }

    /// Checks the file, or creates its tables if it is empty, and limits its size and that of its journal.
    private func prepare(_ queue: DatabaseQueue) throws {
        let report = try queue.read { db in try String.fetchOne(db, sql: "PRAGMA quick_check(1)") }
        guard report == "ok" else {
            throw LogError(.damaged, "\(path) is damaged (\(report ?? "no answer"))")
        }
        try queue.writeWithoutTransaction { db in
            // Entries of some KiB leave much of a small page unused. Only an empty file adopts this size.
            try db.execute(sql: "PRAGMA page_size = \(Self.pageBytes)")
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            _ = try Int.fetchOne(db, sql: "PRAGMA journal_size_limit = \(Self.journalBytes)")
            _ = try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint = \(Self.journalBytes / Self.pageBytes)")
            // A file is much too large only if the limit was lowered.
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

    /// Writes the journal back if it is too long.
    ///
    /// Throws `busy` as long as a reader prevents that.
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
                .busy, "\(path) cannot be written on: another process has been reading it for too long")
        }
    }

    private func renameDamaged(because error: LogError) throws(FileError) {
        let files = POSIXFileSystem()
        try files.rename(path, to: path + ".damaged")
        for end in ["-wal", "-shm"] { try files.remove(path + end) }
        warn("\(error); it is now \(path).damaged, and a new log begins")
    }
}
