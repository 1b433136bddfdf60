// Store+Compaction.swift — flush and compaction as the store's users see them.

/// What a compaction did.
public struct CompactionReport: Hashable, Sendable {
    /// Segments merged.
    public var segments = 0
    /// Samples read.
    public var samplesIn: UInt64 = 0
    /// Older versions that were removed.
    public var dropped: UInt64 = 0
    /// Deleted samples that were removed.
    public var deleted: UInt64 = 0
    /// Bytes of the segments read.
    public var bytesIn: UInt64 = 0
    /// Bytes of the segments written.
    public var bytesOut: UInt64 = 0
}

extension Store {
    /// Writes what is in the WAL and the memtable as a segment and removes the WAL files.
    ///
    /// Durability: unchanged; the same commits, in another file.
    public func flush() throws {
        try change { state, view in try Flush(self, state).run(&view) }
    }

    /// Flushes and merges all segments into one sorted run, without older versions.
    ///
    /// Cost: reads and writes all data; readers and writers go on meanwhile.
    ///
    /// - Parameter progress: Gets samples done and samples in all, from time to time.
    public func compact(_ progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> CompactionReport {
        try flush()
        while try mergeMessagesIfDue() {}
        return try compact(CompactionPlan.full(snapshot().view.manifest), progress)
    }

    /// Merges what has become many small segments or messages files, until nothing is due; cheap where nothing is.
    public func compactIfDue(_ progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> CompactionReport {
        while try mergeMessagesIfDue() {}
        var report = CompactionReport()
        while let plan = CompactionPlan.automatic(snapshot().view.manifest, now: options.now()) {
            let step = try compact(plan, progress)
            guard step.segments > 0 else { break }
            report.segments += step.segments
            report.samplesIn += step.samplesIn
            report.dropped += step.dropped
            report.deleted += step.deleted
            report.bytesIn += step.bytesIn
            report.bytesOut += step.bytesOut
        }
        return report
    }

    private func compact(
        _ plan: CompactionPlan?, _ progress: (UInt64, UInt64) -> Void
    ) throws -> CompactionReport {
        guard let plan, let worker = CompactionWorker(self, plan, snapshot().view) else {
            return CompactionReport()
        }
        let outcome = try worker.run(progress)
        return CompactionReport(
            segments: plan.inputs.count, samplesIn: outcome.samplesIn, dropped: outcome.dropped,
            deleted: outcome.deleted, bytesIn: outcome.bytesIn, bytesOut: outcome.bytesOut)
    }
}
