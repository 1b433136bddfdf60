// Store+Compaction.swift — flush and compaction as the store's users see them.

public import VarveModel

extension Store {
    /// Writes what is in the WAL and the memtable as a segment and removes the WAL files.
    ///
    /// Durability: unchanged; the same commits, in another file.
    public func flush() throws {
        try change { state, view in try Flush(context, state).run(&view) }
    }

    /// Flushes and merges until no segments overlap, without versions that history does not keep, and without deleted
    /// samples; what is so already stays as it is.
    ///
    /// Cost: reads and writes all data that late rows have come for; readers and writers go on meanwhile.
    ///
    /// - Parameter progress: Gets samples done and samples in all, from time to time.
    public func compact(_ progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> CompactionReport {
        try flush()
        while try mergeMessagesIfDue() {}
        return try compact(progress) { CompactionPlan.full($0.manifest, history: context.historyCommit($0)) }
    }

    /// Merges what has become many small segments or messages files, erases what was deleted a day ago, and leaves out
    /// versions that are not kept any more where they are many, until nothing is due; cheap where nothing is.
    ///
    /// - Parameters:
    ///   - pace: Gets the bytes that a merge has read and written since the last call, after every block; it may wait,
    ///     so that a merge leaves the disk to others, and what it throws gives the merge up, with nothing changed.
    ///   - progress: Gets samples done and samples in all, from time to time.
    public func compactIfDue(
        pace: @escaping MergePacing = { _ in }, _ progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> CompactionReport {
        while try mergeMessagesIfDue() {}
        return try compact(progress, pace, isAutomatic: true) {
            CompactionPlan.automatic(
                $0.manifest, history: context.historyCommit($0), now: context.options.now())
        }
    }

    /// Carries out plans until there is none.
    private func compact(
        _ progress: (UInt64, UInt64) -> Void, _ pace: @escaping MergePacing = { _ in },
        isAutomatic: Bool = false, _ next: (StoreView) -> CompactionPlan?
    ) throws -> CompactionReport {
        var report = CompactionReport()
        while true {
            let view = view
            guard let plan = next(view), let worker = CompactionWorker(self, plan, view, pace) else {
                return report
            }
            let outcome = try worker.run(progress)
            report.segments += plan.inputs.count
            report.samplesIn += outcome.samplesIn
            report.dropped += outcome.dropped
            report.kept += outcome.kept
            report.deleted += outcome.deleted
            report.bytesIn += outcome.bytesIn
            report.bytesOut += outcome.bytesOut
            // A segment that came out as it went in would be planned again and again.
            if isAutomatic, plan.inputs.count == 1, outcome.dropped + outcome.deleted == 0 { return report }
        }
    }
}
