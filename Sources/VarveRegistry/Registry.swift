// Registry.swift — the models, products, devices, channels and scripts of one data directory, in `registry.sqlite`.
//
// Invariants:
// - A change is one transaction, and it includes the seal over all rows. It is on disk when the call returns
//   (WAL journal, synchronous FULL).
// - A registry opened for reading is never created, migrated or changed. One of an older version has no rows
//   in the tables that were added later.
// - Every error thrown is a `RegistryError`, never SQLite's own error.

import GRDB
import Synchronization
import VarveFile

/// The registry of a data directory.
///
/// Every method may be called from any thread; calls on one registry run one after another. Several processes
/// may have the same registry open; a writer waits up to five seconds for another one.
///
/// Every method may throw `RegistryError` with the codes `damaged`, `busy` and `unavailable`, and `readOnly`
/// for a change. The comments of methods name only other codes.
public final class Registry: Sendable {
    /// The path of the file.
    public let path: String
    private let isReadOnly: Bool
    private let connection: Mutex<Connection>
    let cache = Mutex(LookUpCache())

    /// The database, and the file that it is in.
    private struct Connection {
        var queue: DatabaseQueue
        /// Nil if it could not be read.
        var identity: FileIdentity?
    }

    var queue: DatabaseQueue { connection.withLock { $0.queue } }
    /// The identity of the file when it was opened.
    var identity: FileIdentity? { connection.withLock { $0.identity } }

    /// How long a statement waits for another process's transaction.
    private static let busyTimeoutSeconds = 5.0

    private init(path: String, queue: DatabaseQueue, isReadOnly: Bool) {
        self.path = path
        connection = Mutex(Connection(queue: queue, identity: try? POSIXFileSystem().identity(path)))
        self.isReadOnly = isReadOnly
    }

    /// Opens the registry in the file at `path`.
    ///
    /// - Parameters:
    ///   - path: The path of the file; by custom `registry.sqlite` in the data directory, which must exist.
    ///   - create: Whether to create the file if it is missing. Only its owner can then read it, because it
    ///     holds secrets.
    ///     Otherwise a missing file is an error.
    ///   - readOnly: Whether to refuse every change. A reader creates no file and runs no migration.
    /// - Throws: `RegistryError`: `notFound` for a missing file, `unavailable` also for one of a newer
    ///   version.
    public static func open(path: String, create: Bool, readOnly: Bool = false) throws -> Registry {
        let files = POSIXFileSystem()
        try translatingErrors(path: path) { try DirectoryGuard.checkFile(path) }
        let isMissing = try translatingErrors(path: path) { try files.kind(path) == nil }
        guard !isMissing || (create && !readOnly) else {
            throw RegistryError(
                .notFound,
                "there is no registry at \(path): name another data directory, or begin one with varve model create "
                    + "or varve import --register")
        }
        return try translatingErrors(path: path) {
            // SQLite gives the files beside this one the same permissions.
            if isMissing { try files.createPrivate(path) }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let registry = Registry(path: path, queue: queue, isReadOnly: readOnly)
            try registry.prepare()
            return registry
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeoutSeconds)
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
        return configuration
    }

    /// Closes the file and opens the one that has its name now.
    func reopen() throws {
        try Self.translatingErrors(path: path) {
            let queue = try DatabaseQueue(path: path, configuration: Self.configuration)
            let identity = try POSIXFileSystem().identity(path)
            connection.withLock { $0 = Connection(queue: queue, identity: identity) }
            cache.withLock {
                $0.forget()
                $0.dataVersion = nil
            }
            try useWAL()
        }
    }

    /// Migrates a registry to the newest version of the tables, or refuses one that it cannot use.
    private func prepare() throws {
        let state = try schemaState()
        guard !state.isNewer else {
            throw RegistryError(.unavailable, "\(path) was made by a newer Varve: use that version")
        }
        guard state.applied.contains(Schema.oldestReadable) || !isReadOnly else {
            throw RegistryError(
                .notFound,
                "\(path) has no registry, or that of an older Varve: run `varve model create` or `varve import --register` once"
            )
        }
        if isReadOnly { return }
        try migrate(from: state)
        try useWAL()
    }

    /// Migrates the tables to the newest version, even if other processes migrate at the same time.
    private func migrate(from state: SchemaState) throws {
        var state = state
        while !state.isCurrent {
            do {
                try Schema.migrator.migrate(queue)
                return
            } catch {
                // Another process may have migrated a version after the state was read.
                let newer = try schemaState()
                guard newer.applied != state.applied else { throw error }
                state = newer
            }
        }
    }

    /// The versions of the tables that a file has.
    private struct SchemaState {
        var isNewer: Bool
        var isCurrent: Bool
        var applied: Set<String>
    }

    private func schemaState() throws -> SchemaState {
        try queue.read { db in
            // While another process migrates, a first statement that succeeds fixes what the later ones see.
            _ = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master")
            return SchemaState(
                isNewer: try Schema.migrator.hasBeenSuperseded(db),
                isCurrent: try Schema.migrator.hasCompletedMigrations(db),
                applied: try Schema.migrator.appliedIdentifiers(db))
        }
    }

    /// Turns on the WAL journal, which the file then keeps.
    ///
    /// Another process that uses the file prevents it. The rollback journal is as durable, and the next
    /// writer tries again.
    private func useWAL() throws {
        do {
            _ = try queue.writeWithoutTransaction { db in
                try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {}
    }

    /// Runs queries in one transaction.
    func read<Result>(_ body: (RegistryReading) throws -> Result) throws -> Result {
        try Self.translatingErrors(path: path) {
            try queue.read { db in try body(RegistryReading(db, path: path)) }
        }
    }

    /// Runs changes and the update of the seal in one transaction, and forgets the answers of look-ups that may have
    /// changed.
    func change<Result>(_ body: (inout RegistryChange) throws -> Result) throws -> Result {
        guard !isReadOnly else {
            throw RegistryError(.readOnly, "\(path) was opened for reading: open it for writing to change it")
        }
        var journal: (entries: [JournalEntry], newest: Int64)?
        defer { cache.withLock { $0.applyOwn(journal) } }
        return try Self.translatingErrors(path: path) {
            let (result, noted) = try queue.write { db in
                var change = try RegistryChange(db, path: path)
                let result = try body(&change)
                try change.checkPoliciesOfChangedPoints()
                try change.seal.save(db)
                return (result, try change.saveJournal())
            }
            journal = noted
            return result
        }
    }

    /// A number that changes when another connection has changed the registry.
    func dataVersion() throws -> Int64 {
        try Self.translatingErrors(path: path) {
            try queue.read { db in try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0 }
        }
    }

    static func translatingErrors<Result>(path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as RegistryError {
            throw error
        } catch let error as DatabaseError {
            throw RegistryError(error, path: path)
        } catch let error as FileError {
            throw RegistryError(.unavailable, error.description)
        } catch let error as DirectoryRefused {
            throw RegistryError(.unavailable, error.description)
        } catch {
            // An error of GRDB itself: a column has another type than the statement expects.
            throw RegistryError(
                .damaged,
                "\(path) is damaged (\(RegistryNames.shown(String(describing: error)))): restore it from a backup"
            )
        }
    }
}
