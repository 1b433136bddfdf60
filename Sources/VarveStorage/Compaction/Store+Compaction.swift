// Store+Compaction.swift — the store's interface for flush and compaction.

public import VarveModel
public import VarvePlatform

extension Store {
    /// Writes the commits of the WAL as a segment and removes the WAL files.
    ///
    /// Durability: unchanged; the same commits are in another file.
    ///
    /// - Throws: `StorageError.notWritable`; `StorageError.needsReopen`; other `StorageError`; `FileError`.
    public func flush() throws {
        try change { state, view in try Flush(context, state).run(&view) }
    }

    /// Flushes and merges until no segments overlap, and no segment has deleted samples or versions that history does
    /// not keep.
    ///
    /// Segments that are so already stay as they are.
    ///
    /// Cost: reads and writes all data that late rows overlap. Readers and writers go on meanwhile.
    ///
    /// - Parameter progress: Called from time to time with the samples done and the samples in all.
    /// - Throws: `StorageError.overtaken` if another compaction merged the same segments; other `StorageError`;
    ///   `FileError`.
    public func compact(_ progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> CompactionReport {
        try flush()
        while try mergeMessagesIfDue() {}
        return try compact(progress) { CompactionPlan.full($0.manifest, history: context.historyCommit($0)) }
    }

    /// Runs merges until no merge is due: of many small segments or messages files, of samples deleted a day ago, and
    /// of many versions that are no longer kept.
    ///
    /// Cost: next to nothing if no merge is due.
    ///
    /// - Parameters:
    ///   - pace: Called after every block with the bytes that a merge has read and written since the last call. It may
    ///     wait, to leave the disk to others. An error that it throws ends the merge with nothing changed.
    ///   - priority: How much of a busy processor the merges get.
    ///   - progress: Called from time to time with the samples done and the samples in all.
    /// - Throws: `StorageError.overtaken` if another compaction merged the same segments; other `StorageError`;
    ///   `FileError`; what `pace` throws.
    public func compactIfDue(
        pace: @escaping MergePacing = { _ in }, priority: ThreadPriority = .usual,
        _ progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> CompactionReport {
        while try mergeMessagesIfDue() {}
        return try compact(progress, pace, priority, isAutomatic: true) {
            CompactionPlan.automatic(
                $0.manifest, history: context.historyCommit($0), now: context.options.now())
        }
    }

    /// Carries out plans until `next` gives none.
    private func compact(
        _ progress: (UInt64, UInt64) -> Void, _ pace: @escaping MergePacing = { _ in },
        _ priority: ThreadPriority = .usual, isAutomatic: Bool = false, _ next: (StoreView) -> CompactionPlan?
    ) throws -> CompactionReport {
        var report = CompactionReport()
        while true {
            let view = view
            guard let plan = next(view), let worker = CompactionWorker(self, plan, view, pace) else {
                return report
            }
            let outcome = try worker.run(priority: priority, progress)
            report.segments += plan.inputs.count
            report.samplesIn += outcome.samplesIn
            report.dropped += outcome.dropped
            report.kept += outcome.kept
            report.deleted += outcome.deleted
            report.bytesIn += outcome.bytesIn
            report.bytesOut += outcome.bytesOut
            // A segment that a merge did not change would be planned again and again.
            if isAutomatic, plan.inputs.count == 1, outcome.dropped + outcome.deleted == 0 { return report }
        }
    }
}
