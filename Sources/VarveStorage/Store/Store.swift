// Store.swift — the front door of the engine: open, commit, snapshot, close.
//
// One write path for data in order and late: small commits go to the WAL and the memtable, large ones are sealed
// as a segment at once; reads merge both. What each guarantee rests on: Architecture.md.
//
// Invariants:
// - All changes happen under `writer`; `published` is replaced as a whole, so a reader sees a commit entirely or
//   not at all.
// - After a failed write the store takes no more writes: memory is never ahead of what is known to be on disk.

import Synchronization
import VarveCodec
public import VarveFile
public import VarveModel
import VarveSegment

/// A history store in a directory.
///
/// Any number of threads may read and commit; one process may write at a time.
public final class Store: Sendable {
    /// What its parts share.
    let context: StoreContext
    private let lock: (any HeldLock)?
    private let writer: Mutex<WriterState>
    private let published: Mutex<StoreView>
    private let queue = CommitQueue()
    /// What recovery found worth telling: cut WAL tails, removed orphans.
    public let recoveryNotes: [String]

    /// Opens the store in a directory.
    ///
    /// Cost: reads the manifest, the dictionary and the WAL; nothing of the segments.
    ///
    /// - Parameters:
    ///   - path: The data directory; created if absent when opened for writing.
    ///   - options: How to open it.
    ///   - files: The disk.
    /// - Throws: `StorageError.noStore` when reading a directory without a store, `DirectoryInUse` when another
    ///   process writes, `DirectoryRefused` when it is another user's or has a link in it, `StorageError.damaged`,
    ///   `FileError`.
    public static func open(
        _ path: String, options: StoreOptions = StoreOptions(), files: any FileSystem = POSIXFileSystem()
    ) throws -> Store {
        Limits.check()
        return try Store(StoreFolder(path, on: files, newFileID: options.newFileID), options)
    }

    private init(_ folder: StoreFolder, _ options: StoreOptions) throws {
        let rightsNotes = try folder.files.admit(folder.path, forWriting: options.isWritable)
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

    /// Makes the folders and takes the lock.
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

    /// Writes the commits of a WAL file that a crash left open as a segment, which mostly needs a tenth of the room that
    /// its copy would need.
    ///
    /// - Parameter bytes: The room for the copy.
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

    /// The newest state, as the engine's parts see it.
    var view: StoreView { published.withLock { $0 } }

    /// Shows readers a new state.
    private func publish(_ view: StoreView) {
        #if DEBUG
            do throws(BrokenInvariant) {
                try view.checkInvariants(after: published.withLock { $0 })
            } catch {
                context.options.reportBroken(error)
            }
        #endif
        published.withLock { $0 = view }
    }

    /// The newest state, for any number of reads; later commits do not change it.
    public func snapshot() -> StoreSnapshot {
        StoreSnapshot(view: view, dictionary: context.dictionary)
    }

    /// Flushes nothing, seals the WAL and releases the directory.
    ///
    /// Durability: everything committed is durable before; a clean close only makes the next opening cheaper to
    /// trust, as a sealed WAL has no excuse for a torn tail.
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

    /// Commits batches with one sync and returns what each did, in order.
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
            publish(commit.view)
            if context.options.isWritable { state.mark.raise(to: commit.view.commit, context.folder) }
            return results
        }
    }

    /// Looks whether the directory is still what the store made of it, and mends what it can: commits whose WAL file is
    /// gone are written as a segment.
    ///
    /// Every commit looks at the most important of it; this is for a service that is idle. Cost: one listing of a folder.
    ///
    /// - Returns: What was mended since the last call, for people.
    /// - Throws: `StorageError.directoryChanged`; the store must be opened again then, once the directory is as it was.
    public func examine() throws -> [String] {
        try change { state, view in
            let check = DirectoryCheck(context, state)
            try check.runWhole(view.manifest)
            try check.rescueWAL(&view)
            state.mark.keep(context.folder)
            defer { state.notes = [] }
            return state.notes
        }
    }

    /// How long versions are kept that were corrected since, in nanoseconds; see `StoreOptions.history`.
    public var history: Int64 {
        get { context.history }
        set { context.history = newValue }
    }

    /// Sets where the rules come from by which rows are too old to be stored; without it there are none.
    ///
    /// It is asked once for each group of batches. Where it throws, the batches are not committed.
    public func setRetention(_ rules: @escaping RetentionRules) {
        context.setRetention(rules)
    }

    /// The records of all batches of imports, in no order.
    func batchRecords() -> [BatchRecord] {
        writer.withLock { Array($0.replay.all) }
    }

    /// Whether a directory has a store.
    public static func exists(_ path: String, files: any FileSystem = POSIXFileSystem()) throws -> Bool {
        try exists(StoreFolder(path, on: files))
    }

    static func exists(_ folder: StoreFolder) throws -> Bool {
        if try !ManifestLog.numbers(folder).isEmpty { return true }
        guard case .folder? = try folder.files.kind(folder.wal) else { return false }
        return try !folder.files.list(folder.wal).isEmpty
    }

    /// About the bytes of memory of what is in the WAL alone.
    package var unflushedBytes: Int { published.withLock { $0.memtable.byteCount } }

    /// Whether a write failed with an unknown outcome.
    package var needsReopen: Bool { writer.withLock { $0.failure != nil } }

    /// Changes the state under the writer's lock and publishes the new view.
    ///
    /// A body changes the view only after what it says is durable: where a later step fails, the earlier ones hold.
    func change<T>(_ body: (WriterState, inout StoreView) throws -> T) throws -> T {
        try writer.withLock { state in
            guard context.options.isWritable, !state.isClosed else { throw StorageError.notWritable }
            if let reason = state.failure { throw StorageError.needsReopen(reason) }
            var view = published.withLock { $0 }
            try DirectoryCheck(context, state).run(view.manifest.number)
            defer {
                publish(view)
                state.mark.raise(to: view.commit, context.folder)
            }
            return try body(state, &view)
        }
    }
}

extension Store: SampleSink {
    /// The type of the values of a series, or nil if the store has never seen it.
    public func storedType(of key: SeriesKey) -> ValueType? {
        context.dictionary.find(key, below: published.withLock { $0.seriesCount })?.type
    }

    /// Starts an import; see `SampleSink`.
    public func beginImport() throws {
        try change { state, _ in state.session = nil }
    }

    /// Commits one batch; concurrent callers share one sync.
    public func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        try queue.commit(batch) { self.commit(group: $0) }.get()
    }

    /// What a commit would do now.
    public func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let rows = batch
        return try writer.withLock { state in
            var commit = GroupCommit(context, state, published.withLock { $0 })
            return try commit.assess(rows)
        }
    }
}
