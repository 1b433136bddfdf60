// ServiceStore.swift — the store of a running service: opened again after a failed write, and the source of the last
// acknowledged commit.
//
// Invariants:
// - `lastCommit` never names a commit that might not be on disk.
// - While the store cannot be opened, every commit fails with the reason: nothing is acknowledged, nothing is kept.
// - The lock is never held for long: neither a commit nor an opening runs under it.
// - `storedType` answers while a large batch is committed. `lastCommit` and `measure` also answer while the store is
//   opened again; all other calls wait for that opening.
// - One thread at a time opens the store.
// - An import does not go on across a reopening, because the engine has forgotten the import's batches.

import Synchronization
public import VarveFile
public import VarveModel
public import VarvePlatform
import VarveSegment
public import VarveStorage

/// The store behind a service.
public final class ServiceStore: Sendable {
    /// The service's store cannot be used now.
    public struct Unavailable: Error, Hashable, Sendable, CustomStringConvertible {
        /// One line: what failed and what to do.
        public let description: String
    }

    struct Holder {
        var store: Store?
        /// The number of the opening; an import belongs to the one in which it began.
        var opening: UInt64 = 1
        /// The failure of every commit while the disk is full, in the same words; nil otherwise.
        var fullDisk: Unavailable?
        /// Whether a write to `store` failed with an unknown outcome.
        var isSuspect = false
        /// Whether a thread is opening the store, or closing what it has opened.
        var isReopening = false
        var isClosed = false
        var importOpening: UInt64 = 0
        /// How long versions are kept, in nanoseconds; set in each store that is opened.
        var history: Int64
        /// The rules by which rows are too old; set in each store that is opened.
        var retention: RetentionRules = { [:] }
    }

    private let path: String
    private let options: StoreOptions
    private let files: any FileSystem
    let holder: Monitor<Holder>
    private let acknowledged: Atomic<UInt64>
    private let reopenings = Atomic<UInt64>(0)
    private let report: @Sendable (String) -> Void
    let metrics: StoreMetrics
    /// Held while segments are merged: two merges of the same segments would do the work twice.
    private let merging = Mutex(())
    private let isGivingUp = Atomic<Bool>(false)
    /// How many threads wait for a running merge to end.
    private let waiting = Atomic<Int>(0)

    /// Opens the store of a data directory for writing, and takes its lock.
    ///
    /// - Parameters:
    ///   - metrics: Counts what the store does.
    ///   - report: Called with a line when a write has failed, and when the store was opened again.
    /// - Throws: What `Store.open` throws.
    public init(
        path: String, options: StoreOptions = StoreOptions(), files: any FileSystem = POSIXFileSystem(),
        metrics: StoreMetrics = StoreMetrics(), report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.report = report
        self.metrics = metrics
        let store = try Store.open(path, options: options, files: files)
        self.path = path
        self.options = options
        self.files = files
        holder = Monitor(Holder(store: store, history: options.history))
        acknowledged = Atomic(store.snapshot().commit)
        recoveryNotes = store.recoveryNotes
    }

    /// Notes on what the first opening found and recovered.
    public let recoveryNotes: [String]

    /// The number of the last commit that was acknowledged, or that an opening found on disk.
    public var lastCommit: UInt64 { acknowledged.load(ordering: .acquiring) }

    /// How often the store was opened again after a failed write.
    var reopenCount: UInt64 { reopenings.load(ordering: .relaxed) }

    /// A snapshot of the store after the last acknowledged commit.
    ///
    /// - Throws: `StorageError.notWritable` once closed; what opening the store again throws.
    public func snapshot() throws -> StoreSnapshot { try current().store.snapshot() }

    /// Writes the memtable as a segment.
    ///
    /// - Throws: What `Store.flush` and opening the store again throw.
    public func flush() throws { try change { try $0.flush() } }

    /// Flushes and merges all segments; waits for another merge that is running.
    ///
    /// - Parameter progress: Called from time to time with the samples done and the samples in all.
    /// - Throws: What `Store.compact` and opening the store again throw.
    public func compact(_ progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> CompactionReport {
        try whileNotMerging {
            try metrics.merging { note in
                try change {
                    try $0.compact { done, total in
                        note(done, total)
                        progress(done, total)
                    }
                }
            }
        }
    }

    /// Merges segments where many small ones have gathered; cheap if nothing is due.
    ///
    /// - Parameters:
    ///   - pace: See `Store.compactIfDue`.
    ///   - priority: How much of a busy processor the merges get.
    /// - Returns: Nil if another merge is running.
    /// - Throws: What `pace`, `Store.compactIfDue` and opening the store again throw.
    public func compactIfDue(
        pace: @escaping MergePacing = { _ in }, priority: ThreadPriority = .usual
    ) throws -> CompactionReport? {
        try merging.withLockIfAvailable { _ in
            try metrics.merging { note in
                try change { try $0.compactIfDue(pace: pace, priority: priority, note) }
            }
        }
    }

    /// Updates the metrics of the store's size; does nothing while the store is not open.
    public func measure() {
        guard let store = holder.withLock({ $0.store }) else { return }
        metrics.set(store.snapshot().size, commit: lastCommit)
    }

    /// Removes the samples that are older than the rules of their products and points allow.
    ///
    /// - Throws: What `Store.expire` and opening the store again throw.
    public func expire(_ rules: [Name: ProductRetention]) throws -> DeletionReport {
        let report = try change { try $0.expire(rules) }
        acknowledge(report.commit)
        return report
    }

    /// Sets how long a version is kept after its correction, in nanoseconds.
    public func setHistory(_ nanoseconds: Int64) {
        holder.withLock {
            $0.history = nanoseconds
            $0.store?.history = nanoseconds
        }
    }

    /// Sets the source of the rules by which rows are too old to be stored; see `Store.setRetention`.
    public func setRetention(_ rules: @escaping RetentionRules) {
        holder.withLock {
            $0.retention = rules
            $0.store?.setRetention(rules)
        }
    }

    /// Deletes the samples of some points of a device, or of all its points if `points` is empty.
    ///
    /// - Throws: What `Store.delete` and opening the store again throw.
    public func delete(
        product: String, device: String, points: [String], in range: TimeRange
    ) throws -> DeletionReport {
        let wanted = Set(points.map { Name($0) })
        let report = try change { store in
            let keys = store.snapshot().series(ofDevices: [Name(device)]).map(\.key).filter {
                $0.product.sameBytes(as: product) && (wanted.isEmpty || wanted.contains(Name($0.point)))
            }
            return try store.delete(keys, in: range)
        }
        acknowledge(report.commit)
        return report
    }

    /// Runs `body` while no segments are merged; first waits for a running merge, which becomes urgent.
    ///
    /// - Throws: What `body` throws.
    public func whileNotMerging<Result>(_ body: () throws -> Result) rethrows -> Result {
        waiting.add(1, ordering: .relaxed)
        return try merging.withLock { _ in
            waiting.subtract(1, ordering: .relaxed)
            return try body()
        }
    }

    /// Whether somebody waits for the running merge, so that it should not keep to its I/O budget.
    public var isMergeAwaited: Bool { waiting.load(ordering: .relaxed) > 0 }

    /// Makes a running change of a type give up with nothing changed, and any later one; called when the service stops.
    public func giveUpLongChanges() { isGivingUp.store(true, ordering: .relaxed) }

    /// Changes the type of a point in the series of some products; see `Store.retype`.
    ///
    /// - Throws: `StorageError.notWritable` if the change was given up or the store is closed; what `Store.retype` and
    ///   opening the store again throw.
    public func retype(_ retyping: Retyping, _ progress: (UInt64) -> Void) throws -> RetypingReport {
        let report = try change {
            try $0.retype(retyping) { samples in
                guard !isGivingUp.load(ordering: .relaxed) else { throw StorageError.notWritable }
                progress(samples)
            }
        }
        acknowledge(report.commit)
        return report
    }

    /// Seals the WAL and releases the directory; later calls fail.
    ///
    /// - Throws: What `Store.close` throws.
    public func close() throws {
        giveUpLongChanges()
        let store = holder.change { holder -> Store? in
            holder.isClosed = true
            return holder.store.take()
        }
        try store?.close()
        // A thread that is opening the store closes it, too.
        holder.wait { $0.isReopening ? nil : () }
    }

    /// What a call that needs the store does.
    private enum Turn {
        case use(Store, opening: UInt64)
        /// The call opens the store again, after it has closed this one, which has failed.
        case reopen(Store?)
        case refused
    }

    /// The open store; if a write to it has failed, one attempt is made to open it again.
    ///
    /// - Throws: `StorageError.notWritable` once closed, `Unavailable` if the disk is full, what `Store.open` throws.
    func current() throws -> (store: Store, opening: UInt64) {
        let turn = holder.wait { holder -> Turn? in
            if holder.isClosed { return .refused }
            if let store = holder.store, !holder.isSuspect { return .use(store, opening: holder.opening) }
            guard !holder.isReopening else { return nil }
            holder.isReopening = true
            return .reopen(holder.store.take())
        }
        switch turn {
        case .use(let store, let opening): return (store, opening)
        case .reopen(let failed): return try reopen(failed)
        case .refused: throw StorageError.notWritable
        }
    }

    private func reopen(_ failed: Store?) throws -> (store: Store, opening: UInt64) {
        // If it cannot be sealed, the recovery of the opening deals with that.
        try? failed?.close()
        var reopening = options
        // A new directory must not take the place of one that is gone, and what was acknowledged must be there.
        reopening.mustExist = true
        reopening.leastCommit = lastCommit
        let store: Store
        do {
            store = try Store.open(path, options: reopening, files: files)
        } catch {
            throw holder.change { holder -> any Error in
                holder.isReopening = false
                return Self.isDiskFull(error) ? noteFullDisk(&holder, because: error, unflushed: 0) : error
            }
        }
        // A batch whose write failed may be on disk after all.
        acknowledge(store.snapshot().commit)
        let accepted = holder.change { holder -> (opening: UInt64, isFull: Bool)? in
            guard !holder.isClosed else { return nil }
            store.history = holder.history
            store.setRetention(holder.retention)
            holder.store = store
            holder.isSuspect = false
            holder.isReopening = false
            holder.opening += 1
            return (holder.opening, holder.fullDisk != nil)
        }
        guard let accepted else {
            try? store.close()
            holder.change { $0.isReopening = false }
            throw StorageError.notWritable
        }
        reopenings.add(1, ordering: .relaxed)
        metrics.countReopening()
        // On a full disk the store is opened again for every attempt: these openings are not reported.
        if !accepted.isFull {
            report("the store was opened again, its newest commit is \(store.snapshot().commit)")
            for note in store.recoveryNotes { report("recovered: \(note)") }
        }
        return (store, accepted.opening)
    }

    func acknowledge(_ commit: UInt64) {
        acknowledged.max(commit, ordering: .acquiringAndReleasing)
    }

    /// Notes a failure that may have left the store unusable, so that the next call opens the store again.
    func examine(_ error: any Error, of store: Store) {
        if let refusal = error as? any BatchRefusal, refusal.refusesBatch { return }
        guard store.needsReopen else { return }
        let isNews = holder.withLock { holder in
            guard holder.store === store, !holder.isSuspect else { return false }
            holder.isSuspect = true
            return true
        }
        guard isNews else { return }
        metrics.countFailure()
        // A full disk is reported by the callers, whose commits fail.
        if !Self.isDiskFull(error) {
            let message = messageWithRemedy(error)
            report("a write failed, nothing is acknowledged until the store is opened again: \(message)")
        }
    }

    private static func isDiskFull(_ error: any Error) -> Bool {
        if case .noRoom? = error as? StorageError { return true }
        return (error as? FileError)?.isDiskFull ?? false
    }

    /// The error of a failed commit: while the disk is full always the same one, so that it is reported once.
    func answer(_ error: any Error, of store: Store) -> any Error {
        guard Self.isDiskFull(error) else { return error }
        let unflushed = store.unflushedBytes
        return holder.withLock { noteFullDisk(&$0, because: error, unflushed: unflushed) }
    }

    private func noteFullDisk(_ holder: inout Holder, because error: any Error, unflushed: Int) -> Unavailable
    {
        if let known = holder.fullDisk { return known }
        var needed = unflushed / 4
        if case .noRoom(_, let bytes)? = error as? StorageError { needed = bytes }
        let new = Unavailable(
            description: "no space left: the disk of \(path) is full; free about \(1 + needed >> 20) MiB")
        holder.fullDisk = new
        return new
    }

    /// Notes that a commit was written: a full disk has room again.
    func noteRoom() {
        let isOver = holder.withLock { holder in
            defer { holder.fullDisk = nil }
            return holder.fullDisk != nil
        }
        if isOver { report("the disk of \(path) has room again, samples are stored") }
    }

    /// Checks that the directory is still what the store made of it, and reports what it mended; see `Store.examine`.
    ///
    /// Does nothing after a failed write: the next commit opens the store again.
    /// - Throws: What `Store.examine` throws.
    public func examine() throws {
        guard holder.withLock({ $0.store != nil && !$0.isSuspect && !$0.isClosed }) else { return }
        for note in try change({ try $0.examine() }) { report(note) }
    }

    /// Whether a store that refused a write because it is closed has been replaced by another meanwhile.
    func wasReplaced(_ store: Store, _ error: any Error) -> Bool {
        guard case .notWritable? = error as? StorageError else { return false }
        return holder.withLock { !$0.isClosed && $0.store !== store }
    }

    func change<T>(_ body: (Store) throws -> T) throws -> T {
        while true {
            let (store, _) = try current()
            do {
                return try body(store)
            } catch {
                examine(error, of: store)
                guard wasReplaced(store, error) else { throw error }
            }
        }
    }
}
