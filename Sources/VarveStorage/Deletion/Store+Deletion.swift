// Store+Deletion.swift — deletes ranges of series: every read omits them at once, and compaction erases them from disk.
//
// The memtable is flushed first, so that tombstones concern only segments; later rows have a higher commit.

public import VarveModel
import VarveSegment

extension DeletionReport {
    /// Adds the counts of another deletion.
    mutating func add(_ other: DeletionReport) {
        series += other.series
        samples += other.samples
        commit = max(commit, other.commit)
        var span = Receipt()
        for time in [from, to, other.from, other.to] { if let time { span.include(time) } }
        (from, to) = (span.from, span.to)
    }
}

extension StoreSnapshot {
    /// What a deletion would do now; nothing is deleted.
    ///
    /// Cost: reads indexes, and decodes the blocks that an end of the range cuts or that others overlap.
    ///
    /// - Parameters:
    ///   - keys: The series; an unknown one has no samples.
    ///   - range: The half-open range of times.
    /// - Throws: `StorageError.noSuchState` in a state before a series got its type; `StorageError.damaged`;
    ///   `FileError`.
    public func assessDeletion(of keys: [SeriesKey], in range: TimeRange) throws -> DeletionReport {
        var report = DeletionReport()
        report.commit = commit
        for key in keys { try count(key, range, into: &report) }
        return report
    }

    /// Counts the visible samples of a series; returns its id, or nil if it has no samples in the range.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `StorageError.noSuchState`; `FileError`.
    @discardableResult
    func count(
        _ key: SeriesKey, _ range: TimeRange, into report: inout DeletionReport
    ) throws -> SeriesID? {
        guard let (series, type) = try find(key), !range.isEmpty else { return nil }
        var span = Receipt()
        span.from = report.from
        span.to = report.to
        var samples: UInt64 = 0
        var scan = try SeriesScan(view, series, type, in: range, order: .ascending)
        while try scan.next({ part in
            switch part {
            case .block(let block) where block.isWhole:
                samples += UInt64(block.entry.count)
                span.include(Timestamp(nanoseconds: block.entry.firstTime))
                span.include(Timestamp(nanoseconds: block.entry.lastTime))
            case .block(let block):
                let (run, rows) = try block.read(.times)
                Self.add(run, rows, &samples, &span)
            case .samples(let run, let rows): Self.add(run, rows, &samples, &span)
            }
            return true
        }) {}
        guard samples > 0 else { return nil }
        report.series += 1
        report.samples += samples
        (report.from, report.to) = (span.from, span.to)
        return series
    }

    private static func add(
        _ run: SampleRun, _ rows: Range<Int>, _ samples: inout UInt64, _ span: inout Receipt
    ) {
        guard let first = rows.first, let last = rows.last else { return }
        samples += UInt64(rows.count)
        span.include(Timestamp(nanoseconds: run.times[first]))
        span.include(Timestamp(nanoseconds: run.times[last]))
    }
}

extension Store {
    /// Deletes the samples of some series in a range of times.
    ///
    /// Durability: when it returns, the whole deletion is on disk; after an error before its commit, no part of it is.
    /// Reads that began before still see what they saw. The bytes are erased when compaction rewrites their segments: a
    /// day later by itself, or at once with `compact`. Cost: a flush, and the cost of `assessDeletion`; commits wait
    /// meanwhile.
    ///
    /// - Parameters:
    ///   - keys: The series; an unknown one has no samples.
    ///   - range: The half-open range of times.
    /// - Throws: `StorageError.invalidBatch` if the store would have too many deleted ranges;
    ///   `StorageError.notWritable`, `needsReopen` or `directoryChanged`; other `StorageError`; `FileError`.
    public func delete(_ keys: [SeriesKey], in range: TimeRange) throws -> DeletionReport {
        try change { state, view in
            try Flush(context, state).run(&view)
            let snapshot = StoreSnapshot(view: view, dictionary: context.dictionary)
            var report = DeletionReport()
            report.commit = view.commit
            var manifest = view.manifest
            let now = context.options.now()
            for key in Set(keys) {
                guard let series = try snapshot.count(key, range, into: &report),
                    let last = range.lastNanosecond
                else { continue }
                manifest.tombstones.append(
                    Tombstone(
                        series: series, first: range.from.nanoseconds, last: last, commit: state.nextCommit,
                        writtenAt: now))
            }
            guard report.samples > 0 else { return report }
            guard manifest.tombstones.count <= Limits.tombstones else {
                throw StorageError.invalidBatch("the store has \(Limits.tombstones) deleted ranges already")
            }
            manifest.tombstones.sort { ($0.commit, $0.series) < ($1.commit, $1.series) }
            manifest.samples -= min(manifest.samples, report.samples)
            report.commit = state.nextCommit
            try commit(deletion: &manifest, at: now, state, &view)
            return report
        }
    }

    /// Commits a manifest with new tombstones or expiries.
    ///
    /// - Throws: As `ManifestLog.commit`.
    func commit(
        deletion manifest: inout Manifest, at now: Int64, _ state: WriterState, _ view: inout StoreView
    ) throws {
        manifest.commit = state.nextCommit
        manifest.commitTimes = view.commitTimes
        manifest.commitTimes.note(state.nextCommit, at: now)
        var change = ManifestChange(context, state)
        try change.commit(&manifest)
        view.manifest = manifest
        view.commitTimes = manifest.commitTimes
        view.commit = state.nextCommit
        state.nextCommit += 1
    }
}
