// ServiceStore.swift — the store of a running service: opened again after a failed write, and asked for the last
// acknowledged commit.
//
// Invariants:
// - `lastCommit` never names a commit that might not be on disk.
// - While the store cannot be opened every commit answers the failure: nothing is acknowledged, nothing is kept.
// - Nothing that takes long is done under the lock here, neither a commit nor an opening. So `storedType` answers
//   while a large batch is committed, and `lastCommit` and `measure` also while the store is opened again. What needs
//   the store then waits for that opening.
// - One thread at a time opens the store.
// - An import does not go on across a reopening: the engine's memory of its batches began anew.

import Synchronization
public import VarveFile
public import VarveModel
import VarvePlatform
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
        /// Counts openings; an import remembers in which it began.
        var opening: UInt64 = 1
        /// What is said of a full disk, as long as it is full: the same words for every commit.
        var fullDisk: Unavailable?
        /// Whether a write to `store` failed with an unknown outcome.
        var isSuspect = false
        /// Whether a thread opens the store at this moment, or closes what it has opened.
        var isReopening = false
        var isClosed = false
        var importOpening: UInt64 = 0
        /// How long versions are kept, in nanoseconds; each opened store is told.
        var history: Int64
        /// By which rules rows are too old; each opened store is told.
        var retention: RetentionRules = { [:] }
    }

    private let path: String
    private let options: StoreOptions
    private let files: any FileSystem
    let holder: Monitor<Holder>
    private let acknowledged: Atomic<UInt64>
    private let reopenings = Atomic<UInt64>(0)
    private let tell: @Sendable (String) -> Void
    let metrics: StoreMetrics
    /// Held while segments are merged: two merges of the same segments would be work for nothing.
    private let merging = Mutex(())
    private let isGivingUp = Atomic<Bool>(false)
    /// How many wait for a running merge to end.
    private let waiting = Atomic<Int>(0)

    /// Opens the store of a data directory for writing, and takes its lock.
    ///
    /// - Parameters:
    ///   - metrics: Where it is counted what the store does.
    ///   - tell: Is given a line when a write has failed, and when the store was opened again.
    /// - Throws: What `Store.open` throws.
    public init(
        path: String, options: StoreOptions = StoreOptions(), files: any FileSystem = POSIXFileSystem(),
        metrics: StoreMetrics = StoreMetrics(), tell: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.tell = tell
        self.metrics = metrics
        let store = try Store.open(path, options: options, files: files)
        self.path = path
        self.options = options
        self.files = files
        holder = Monitor(Holder(store: store, history: options.history))
        acknowledged = Atomic(store.snapshot().commit)
        recoveryNotes = store.recoveryNotes
    }

    /// What the first opening found worth telling.
    public let recoveryNotes: [String]

    /// The number of the last commit that was acknowledged, or that an opening found on disk.
    public var lastCommit: UInt64 { acknowledged.load(ordering: .acquiring) }

    /// How often the store was opened again after a failed write.
    var reopenCount: UInt64 { reopenings.load(ordering: .relaxed) }

    /// The state that the last acknowledged commits made, for reading.
    public func snapshot() throws -> StoreSnapshot { try current().store.snapshot() }

    /// Writes the WAL and the memtable as a segment.
    public func flush() throws { try change { try $0.flush() } }

    /// Flushes and merges all segments; waits for another merge that is running.
    ///
    /// - Parameter progress: Gets samples done and samples in all, from time to time.
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

    /// Merges what has become many small segments; cheap where nothing is due.
    ///
    /// - Parameter pace: See `Store.compactIfDue`.
    /// - Returns: Nil where another merge is running.
    public func compactIfDue(pace: @escaping MergePacing = { _ in }) throws -> CompactionReport? {
        try merging.withLockIfAvailable { _ in
            try metrics.merging { note in try change { try $0.compactIfDue(pace: pace, note) } }
        }
    }

    /// Brings the metrics up to date that tell how large the store is.
    public func measure() {
        guard let store = holder.withLock({ $0.store }) else { return }
        metrics.set(store.snapshot().size, commit: lastCommit)
    }

    /// Lets go of what is older than products keep it.
    public func expire(_ periods: [String: RetentionPeriod]) throws -> DeletionReport {
        let report = try change { try $0.expire(periods) }
        acknowledge(report.commit)
        return report
    }

    /// Sets how long versions are kept that were corrected since, in nanoseconds.
    public func setHistory(_ nanoseconds: Int64) {
        holder.withLock {
            $0.history = nanoseconds
            $0.store?.history = nanoseconds
        }
    }

    /// Sets where the rules come from by which rows are too old to be stored; see `Store.setRetention`.
    public func setRetention(_ rules: @escaping RetentionRules) {
        holder.withLock {
            $0.retention = rules
            $0.store?.setRetention(rules)
        }
    }

    /// Deletes the samples of some points of a device; without points, of all.
    public func delete(
        product: String, device: String, points: [String], in range: TimeRange
    ) throws -> DeletionReport {
        let wanted = Set(points)
        let report = try change { store in
            let keys = store.snapshot().series(ofDevices: [device]).map(\.key).filter {
                $0.product == product && (wanted.isEmpty || wanted.contains($0.point))
            }
            return try store.delete(keys, in: range)
        }
        acknowledge(report.commit)
        return report
    }

    /// Does something while no segments are merged; waits for a merge that is running, which is urgent then.
    public func whileNotMerging<Result>(_ body: () throws -> Result) rethrows -> Result {
        waiting.add(1, ordering: .relaxed)
        return try merging.withLock { _ in
            waiting.subtract(1, ordering: .relaxed)
            return try body()
        }
    }

    /// Whether somebody waits for the merge that is running: it should not wait for its share of the disk.
    public var isMergeAwaited: Bool { waiting.load(ordering: .relaxed) > 0 }

    /// Has a change of a type that is running given up, with nothing changed, and any later one: the service is stopping.
    public func giveUpLongChanges() { isGivingUp.store(true, ordering: .relaxed) }

    /// Changes the type of a point in the series of some products; see `Store.retype`.
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
    public func close() throws {
        giveUpLongChanges()
        let store = holder.change { holder -> Store? in
            holder.isClosed = true
            return holder.store.take()
        }
        try store?.close()
        // Whoever opens it at this moment closes it, too.
        holder.wait { $0.isReopening ? nil : () }
    }

    /// What a call that needs the store does.
    private enum Turn {
        case use(Store, opening: UInt64)
        /// It opens the store again; this one has failed.
        case reopen(Store?)
        case refused
    }

    /// The open store, opened again if a write to it has failed; one attempt.
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
        // What was left unsealed is what recovery is there for.
        try? failed?.close()
        var reopening = options
        // A directory that is gone is not begun anew, and what was acknowledged must be there.
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
        // A batch whose write failed may have turned out to be there.
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
        metrics.noteReopening()
        // On a full disk it is opened for every attempt.
        if !accepted.isFull {
            tell("the store was opened again, its newest commit is \(store.snapshot().commit)")
            for note in store.recoveryNotes { tell("recovered: \(note)") }
        }
        return (store, accepted.opening)
    }

    func acknowledge(_ commit: UInt64) {
        acknowledged.max(commit, ordering: .acquiringAndReleasing)
    }

    /// Takes note of a failure that may have left the store unusable.
    func examine(_ error: any Error, of store: Store) {
        if let refusal = error as? any BatchRefusal, refusal.refusesBatch { return }
        guard store.needsReopen else { return }
        let isNews = holder.withLock { holder in
            guard holder.store === store, !holder.isSuspect else { return false }
            holder.isSuspect = true
            return true
        }
        guard isNews else { return }
        metrics.noteFailure()
        // Of a full disk those tell whose commits fail.
        if !Self.isDiskFull(error) {
            tell("a write failed, nothing is acknowledged until the store is opened again: \(error)")
        }
    }

    private static func isDiskFull(_ error: any Error) -> Bool {
        if case .noRoom? = error as? StorageError { return true }
        return (error as? FileError)?.isDiskFull ?? false
    }

    /// What a commit answers that failed: of a full disk in the same words as long as it lasts.
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

    /// Takes note of a commit that was written.
    func noteRoom() {
        let isOver = holder.withLock { holder in
            defer { holder.fullDisk = nil }
            return holder.fullDisk != nil
        }
        if isOver { tell("the disk of \(path) has room again, samples are stored") }
    }

    /// Looks whether the directory is still what the store made of it, and tells what it mended; see `Store.examine`.
    ///
    /// Where a write has failed nothing is looked at: the next commit opens the store again.
    public func examine() throws {
        guard holder.withLock({ $0.store != nil && !$0.isSuspect && !$0.isClosed }) else { return }
        for note in try change({ try $0.examine() }) { tell(note) }
    }

    /// Whether a store that refused writes as a closed one does has been replaced meanwhile.
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
