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

/// A history store in a directory.
///
/// Any number of threads may read and commit; one process may write at a time.
public final class Store: Sendable {
    package let files: any FileSystem
    package let directory: DataDirectory
    package let options: StoreOptions
    package let dictionary: SeriesDictionary
    package let library: SegmentLibrary
    private let lock: (any HeldLock)?
    private let writer: Mutex<WriterState>
    private let published: Mutex<StoreView>
    private let queue = CommitQueue()
    private let historyNanoseconds: Atomic<Int64>
    private let retentionRules = Mutex<RetentionRules>({ [:] })
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
        return try Store(DataDirectory(path, newFileID: options.newFileID), options, files)
    }

    private init(_ directory: DataDirectory, _ options: StoreOptions, _ files: any FileSystem) throws {
        self.directory = directory
        self.options = options
        self.files = files
        var lock: (any HeldLock)?
        let rightsNotes = try files.admit(directory.path, forWriting: options.isWritable)
        if options.isWritable {
            if options.mustExist, try !Self.exists(directory.path, files: files) {
                throw StorageError.directoryChanged(
                    "\(directory.path) is gone, or empty, and had a store; put it back")
            }
            for folder in [directory.path, directory.manifests, directory.segments, directory.wal] {
                try files.createDirectory(folder)
            }
            lock = try files.lock(directory.lock, directory: directory.path)
        }
        self.lock = lock
        library = SegmentLibrary(files, directory, cacheBytes: options.cacheBytes)
        let recovered = try Recovery(
            files, directory, isWritable: options.isWritable, mayBeMissing: options.mayBeMissing,
            lastCommit: options.isWritable ? nil : options.lastCommit, leastCommit: options.leastCommit,
            library: library
        ).run()
        dictionary = recovered.dictionary
        recoveryNotes = rightsNotes + recovered.notes
        historyNanoseconds = Atomic(options.history)
        published = Mutex(recovered.view)
        let identity = options.isWritable ? try files.identity(directory.lock) : nil
        let state = WriterState(recovered, lockIdentity: identity)
        if options.isWritable { state.mark.raise(to: recovered.view.commit, files, directory) }
        writer = Mutex(state)
        if let bytes = recovered.roomNeeded { try flushWhatCannotBeSettled(bytes) }
    }

    /// Writes the commits of a WAL file that a crash left open as a segment, which mostly needs a tenth of the room that
    /// its copy would need.
    ///
    /// - Parameter bytes: The room for the copy.
    private func flushWhatCannotBeSettled(_ bytes: Int) throws {
        do {
            try change { state, view in
                guard let last = state.walFiles.last else { return }
                try Flush(self, state).run(&view)
                try files.remove(directory.absolute(DataDirectory.wal(last, sealed: false)))
            }
        } catch let error as FileError where error.isDiskFull {
            lock?.release()
            throw StorageError.noRoom(path: directory.path, bytes: bytes)
        }
    }

    /// Shows readers a new state.
    private func publish(_ view: StoreView) {
        #if DEBUG
            do throws(BrokenInvariant) {
                try view.checkInvariants(after: published.withLock { $0 })
            } catch {
                options.reportBroken(error)
            }
        #endif
        published.withLock { $0 = view }
    }

    /// The newest state, for any number of reads; later commits do not change it.
    public func snapshot() -> StoreSnapshot {
        StoreSnapshot(view: published.withLock { $0 }, dictionary: dictionary)
    }

    /// Flushes nothing, seals the WAL and releases the directory.
    ///
    /// Durability: everything committed is durable before; a clean close only makes the next opening cheaper to
    /// trust, as a sealed WAL has no excuse for a torn tail.
    public func close() throws {
        guard options.isWritable else { return }
        try writer.withLock { state in
            guard !state.isClosed else { return }
            defer {
                state.isClosed = true
                state.mark.close()
                lock?.release()
            }
            try state.sealWAL(files, directory)
        }
    }

    /// Commits batches with one sync and returns what each did, in order.
    ///
    /// Durability: as `SampleSink.commit`, for all of them at once.
    public func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>] {
        writer.withLock { state in
            let view = published.withLock { $0 }
            if state.failure == nil, !state.isClosed, options.isWritable {
                do {
                    try DirectoryCheck(self, state).run(view.manifest.number)
                } catch {
                    return group.map { _ in .failure(error) }
                }
            }
            var commit = GroupCommit(self, state, view)
            let results = commit.run(group)
            publish(commit.view)
            if options.isWritable { state.mark.raise(to: commit.view.commit, files, directory) }
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
            let check = DirectoryCheck(self, state)
            try check.runWhole(view.manifest)
            try check.rescueWAL(&view)
            state.mark.keep(files, directory)
            defer { state.notes = [] }
            return state.notes
        }
    }

    /// How long versions are kept that were corrected since, in nanoseconds; see `StoreOptions.history`.
    public var history: Int64 {
        get { historyNanoseconds.load(ordering: .relaxed) }
        set { historyNanoseconds.store(newValue, ordering: .relaxed) }
    }

    /// Sets where the rules come from by which rows are too old to be stored; without it there are none.
    ///
    /// It is asked once for each group of batches. Where it throws, the batches are not committed.
    public func setRetention(_ rules: @escaping RetentionRules) {
        retentionRules.withLock { $0 = rules }
    }

    /// The rules as they are now, by product.
    func retention() throws -> [String: ProductRetention] {
        try retentionRules.withLock { $0 }()
    }

    /// The records of all batches of imports, in no order.
    package func batchRecords() -> [BatchRecord] {
        writer.withLock { Array($0.replay.all) }
    }

    /// Whether a directory has a store.
    public static func exists(_ path: String, files: any FileSystem = POSIXFileSystem()) throws -> Bool {
        let directory = DataDirectory(path)
        if try !ManifestLog.numbers(files, directory).isEmpty { return true }
        guard case .folder? = try files.kind(directory.wal) else { return false }
        return try !files.list(directory.wal).isEmpty
    }

    /// About the bytes of memory of what is in the WAL alone.
    package var unflushedBytes: Int { published.withLock { $0.memtable.byteCount } }

    /// Whether a write failed with an unknown outcome.
    package var needsReopen: Bool { writer.withLock { $0.failure != nil } }

    /// Changes the state under the writer's lock and publishes the new view.
    ///
    /// A body changes the view only after what it says is durable: where a later step fails, the earlier ones hold.
    package func change<T>(_ body: (WriterState, inout StoreView) throws -> T) throws -> T {
        try writer.withLock { state in
            guard options.isWritable, !state.isClosed else { throw StorageError.notWritable }
            if let reason = state.failure { throw StorageError.needsReopen(reason) }
            var view = published.withLock { $0 }
            try DirectoryCheck(self, state).run(view.manifest.number)
            defer {
                publish(view)
                state.mark.raise(to: view.commit, files, directory)
            }
            return try body(state, &view)
        }
    }
}

extension Store: SampleSink {
    /// The type of the values of a series, or nil if the store has never seen it.
    public func storedType(of key: SeriesKey) -> ValueType? {
        dictionary.find(key, below: published.withLock { $0.seriesCount })?.type
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
            var commit = GroupCommit(self, state, published.withLock { $0 })
            return try commit.assess(rows)
        }
    }
}
