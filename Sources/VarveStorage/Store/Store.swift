// Store.swift — the interface of the engine: open, commit, snapshot, close.
//
// In-order and late data have the same write path: small commits go to the WAL and the memtable, large ones are sealed
// as a segment at once. Reads merge both. Architecture.md lists what each guarantee rests on.
//
// Invariants:
// - All changes happen under `writer`. `published` is replaced as a whole, so a reader sees a commit entirely or not at
//   all.
// - After a failed write the store takes no more writes, so memory is never ahead of what is known to be on disk.

import Synchronization
import VarveCodec
public import VarveFile
public import VarveModel
import VarveSegment

/// A history store in a directory.
///
/// Any number of threads may read and commit; one process may write at a time.
public final class Store: Sendable {
    /// The context that all parts share.
    let context: StoreContext
    private let lock: (any HeldLock)?
    private let writer: Mutex<WriterState>
    private let published: Mutex<StoreView>
    private let queue = CommitQueue()
    /// Notes of the opening for the user: cut WAL tails, removed orphans, changed access rights.
    public let recoveryNotes: [String]

    /// Opens the store in a directory.
    ///
    /// Cost: reads the manifest, the dictionary, the receipts and the WAL, but no segment.
    ///
    /// - Parameters:
    ///   - path: The data directory; created if absent when opened for writing.
    ///   - options: How to open it.
    ///   - files: The disk.
    /// - Throws: `StorageError.noStore` if a directory without a store is opened for reading; `DirectoryInUse` if
    ///   another process writes; `DirectoryRefused` if the directory is another user's or has a link in it;
    ///   `StorageError.damaged`; `StorageError.unfinishedBackup`; `StorageError.unknownVersion`;
    ///   `StorageError.commitsLost`; `StorageError.noRoom`; `FileError`.
    public static func open(
        _ path: String, options: StoreOptions = StoreOptions(), files: any FileSystem = POSIXFileSystem()
    ) throws -> Store {
        Limits.check()
        return try Store(StoreFolder(path, on: files, newFileID: options.newFileID), options)
    }

    private init(_ folder: StoreFolder, _ options: StoreOptions) throws {
        let rightsNotes = try folder.files.checkDirectory(folder.path, forWriting: options.isWritable)
        lock = options.isWritable ? try Self.lock(folder, options) : nil
        let library = SegmentLibrary(folder, cacheBytes: options.cacheBytes)
        let opened =
            options.isWritable
            ? try CrashRecovery(folder, library, leastCommit: options.leastCommit).run()
            : try ReadOnlyOpening(folder, library, options).run()
        context = StoreContext(folder, options, opened.dictionary, library)
        recoveryNotes = rightsNotes + opened.notes
        published = Mutex(opened.view)
        let identity = options.isWritable ? try folder.files.identity(folder.lock) : nil
        let state = WriterState(opened, lockIdentity: identity)
        if options.isWritable { state.mark.raise(to: opened.view.commit, folder) }
        writer = Mutex(state)
        if let bytes = opened.roomNeeded { try flushUnsealed(bytes) }
    }

    /// Creates the folders and takes the lock.
    private static func lock(_ folder: StoreFolder, _ options: StoreOptions) throws -> any HeldLock {
        if options.mustExist, try !exists(folder) {
            throw StorageError.directoryChanged(
                "\(folder.path) is gone, or empty, and had a store; put it back")
        }
        for path in [folder.path, folder.manifests, folder.segments, folder.wal] {
            try folder.files.createDirectory(path)
        }
        return try folder.files.lock(folder.lock, directory: folder.path)
    }

    /// Writes the commits of a WAL file that a crash left open as a segment.
    ///
    /// That mostly needs a tenth of the room that a copy of the file would need.
    ///
    /// - Parameter bytes: The room for the copy, for the error message.
    /// - Throws: `StorageError.noRoom` if the disk is full; other `StorageError`; `FileError`.
    private func flushUnsealed(_ bytes: Int) throws {
        do {
            try change { state, view in
                guard let last = state.walFiles.last else { return }
                try Flush(context, state).run(&view)
                try context.folder.remove(StoreFolder.wal(last, sealed: false))
            }
        } catch let error as FileError where error.isDiskFull {
            lock?.release()
            throw StorageError.noRoom(path: context.folder.path, bytes: bytes)
        }
    }

    /// The newest published state.
    var view: StoreView { published.withLock { $0 } }

    /// Publishes a new state for readers.
    private func publish(_ view: StoreView, _ state: WriterState) {
        #if DEBUG
            do throws(BrokenInvariant) {
                try view.checkInvariants(after: published.withLock { $0 })
                try state.wal?.position.checkInvariants()
            } catch {
                context.options.reportBroken(error)
            }
        #endif
        published.withLock { $0 = view }
    }

    /// The newest state, for any number of reads; later commits do not change it.
    ///
    /// Cost: none to speak of; nothing is copied or read.
    public func snapshot() -> StoreSnapshot {
        StoreSnapshot(view: view, dictionary: context.dictionary)
    }

    /// Seals the WAL and releases the directory; the memtable is not flushed.
    ///
    /// Durability: all commits were durable before. A clean close lets the next opening treat every bad WAL record as
    /// damage, as a sealed WAL has no torn tail.
    ///
    /// - Throws: `FileError` if the WAL cannot be sealed; the directory is released all the same.
    public func close() throws {
        guard context.options.isWritable else { return }
        try writer.withLock { state in
            guard !state.isClosed else { return }
            defer {
                state.isClosed = true
                state.mark.close()
                lock?.release()
            }
            try state.sealWAL()
        }
    }

    /// Commits batches with one sync where all are small, and returns what each did, in order.
    ///
    /// Durability: as `SampleSink.commit`, for all of them at once.
    public func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>] {
        writer.withLock { state in
            let view = published.withLock { $0 }
            if state.failure == nil, !state.isClosed, context.options.isWritable {
                do {
                    try DirectoryCheck(context, state).run(view.manifest.number)
                } catch {
                    return group.map { _ in .failure(error) }
                }
            }
            var commit = GroupCommit(context, state, view)
            let results = commit.run(group)
            publish(commit.view, state)
            if context.options.isWritable { state.mark.raise(to: commit.view.commit, context.folder) }
            return results
        }
    }

    /// Checks that nobody else changed the directory, and repairs what it can: commits whose WAL file is gone are
    /// written as a segment.
    ///
    /// Every commit makes the most important of these checks; this call is for an idle service. Cost: one listing of a
    /// folder.
    ///
    /// - Returns: Notes for the user about repairs since the last call.
    /// - Throws: `StorageError.directoryChanged`: the store must be opened again once the directory is restored. Also
    ///   `StorageError.notWritable` and `StorageError.needsReopen`.
    public func examine() throws -> [String] {
        try change { state, view in
            let check = DirectoryCheck(context, state)
            try check.runWhole(view.manifest)
            try check.rescueWAL(&view)
            state.mark.rewriteIfReplaced(in: context.folder)
            defer { state.notes = [] }
            return state.notes
        }
    }

    /// The nanoseconds for which corrected versions are kept; see `StoreOptions.history`.
    public var history: Int64 {
        get { context.history }
        set { context.history = newValue }
    }

    /// Sets the source of the rules that say which rows are too old to be stored; without it there are no rules.
    ///
    /// The source is called once for each group of batches. If it throws, the batches are not committed.
    public func setRetention(_ rules: @escaping RetentionRules) {
        context.setRetention(rules)
    }

    /// The records of all batches of imports, in no particular order.
    func batchRecords() -> [BatchRecord] {
        writer.withLock { Array($0.replay.all) }
    }

    /// Whether a directory has a store.
    ///
    /// - Throws: `FileError`.
    public static func exists(_ path: String, files: any FileSystem = POSIXFileSystem()) throws -> Bool {
        try exists(StoreFolder(path, on: files))
    }

    /// Whether a folder has a manifest, a WAL file or the mark of a backup.
    ///
    /// - Throws: `FileError` if a folder cannot be listed.
    static func exists(_ folder: StoreFolder) throws -> Bool {
        if try !ManifestLog.numbers(folder).isEmpty { return true }
        // An unfinished backup is no place for a new store; opening it says what it is.
        if try folder.files.kind(folder.backupMark) != nil { return true }
        guard case .folder? = try folder.files.kind(folder.wal) else { return false }
        return try !folder.files.list(folder.wal).isEmpty
    }

    /// About the bytes of memory that commits take which are only in the WAL.
    package var unflushedBytes: Int { published.withLock { $0.memtable.byteCount } }

    /// Whether a write failed with an unknown outcome, so that the store must be opened again.
    package var needsReopen: Bool { writer.withLock { $0.failure != nil } }

    /// Changes the state under the writer's lock and publishes the new view.
    ///
    /// The body must change the view only for durable changes: if it throws, the changes so far are published.
    ///
    /// - Throws: `StorageError.notWritable`; `StorageError.needsReopen`; `StorageError.directoryChanged`; what `body`
    ///   throws.
    func change<T>(_ body: (WriterState, inout StoreView) throws -> T) throws -> T {
        try writer.withLock { state in
            guard context.options.isWritable, !state.isClosed else { throw StorageError.notWritable }
            if let reason = state.failure { throw StorageError.needsReopen(reason) }
            var view = published.withLock { $0 }
            try DirectoryCheck(context, state).run(view.manifest.number)
            defer {
                publish(view, state)
                state.mark.raise(to: view.commit, context.folder)
            }
            return try body(state, &view)
        }
    }
}

extension Store: ImportSink {
    /// The type of a series, or nil if the store does not have it.
    public func storedType(of key: SeriesKey) -> ValueType? {
        context.dictionary.find(key, below: published.withLock { $0.seriesCount })?.type
    }

    /// Starts an import; see `ImportSink`.
    ///
    /// - Throws: As `commit`, if the store takes no writes.
    public func beginImport() throws {
        try change { state, _ in state.session = nil }
    }

    /// Commits one batch; concurrent callers share one sync.
    ///
    /// Durability: the batch is on disk when this returns; see `SampleSink`.
    ///
    /// - Throws: `StorageError.invalidBatch` or `typeConflict` for a batch that cannot be stored;
    ///   `StorageError.notWritable`, `needsReopen` or `directoryChanged` if the store takes no writes; other
    ///   `StorageError`; `FileError`; errors of the retention rules.
    public func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        try queue.commit(batch) { self.commit(group: $0) }.get()
    }

    /// What a commit of the batch would do now; nothing is stored.
    ///
    /// - Throws: `StorageError.invalidBatch` or `typeConflict`; errors of reading blocks or retention rules.
    public func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let rows = batch
        return try writer.withLock { state in
            var commit = GroupCommit(context, state, published.withLock { $0 })
            return try commit.assess(rows)
        }
    }
}
