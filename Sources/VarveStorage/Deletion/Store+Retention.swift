// Store+Retention.swift — lets go of what is older than it need be: by the time of the samples, or by when they came.
//
// One entry of the manifest hides it from every read at once. Segments that have nothing else leave the store in the same
// commit, without their blocks being read; from others compaction erases it, a day later by itself.
//
// What comes after that and is too old by its time is not stored (ExpiredRows). A batch that was committed before is still
// a replay: a re-send brings nothing back.

public import VarveModel
import VarveSegment

extension Store {
    /// Lets go of what is older than products keep it.
    ///
    /// - Parameter periods: By product; of one that is not here everything is kept.
    /// - Returns: What went, of all products together.
    public func expire(_ periods: [String: RetentionPeriod]) throws -> DeletionReport {
        var report = DeletionReport()
        let snapshot = snapshot()
        report.commit = snapshot.commit
        guard !periods.isEmpty else { return report }
        let series = Dictionary(grouping: snapshot.series().map(\.key)) { periods[$0.product] }
        for (period, keys) in series {
            guard let period, let limit = period.limit(at: context.options.now()) else { continue }
            report.add(try expire(keys, keeping: limit))
        }
        return report
    }

    /// Lets go of samples beyond a limit.
    ///
    /// Durability: as `delete`. Cost: a flush, and reading the index of all segments that have samples beyond the limit, and
    /// the blocks that the limit cuts; commits wait meanwhile.
    ///
    /// - Parameters:
    ///   - keys: The series.
    ///   - limit: What stays.
    public func expire(_ keys: [SeriesKey], keeping limit: RetentionLimit) throws -> DeletionReport {
        try change { state, view in
            var report = DeletionReport()
            report.commit = view.commit
            let series = keys.compactMap { context.dictionary.find($0)?.id }
            guard var expiry = expiry(of: series, limit, state, view) else { return report }
            try Flush(context, state).run(&view)
            var after = view
            // What older ones hid has waited longer to be erased.
            for old in after.manifest.expiries where expiry.covers(old) {
                expiry.writtenAt = min(expiry.writtenAt, old.writtenAt)
            }
            after.manifest.expiries.removeAll { expiry.covers($0) }
            after.manifest.expiries.append(expiry)
            for key in keys { try count(key, expiry, before: view, after: after, into: &report) }
            let gone = try view.segments.filter { try Self.isGone($0, expiry) }
            guard report.samples > 0 || !gone.isEmpty else { return report }
            var manifest = after.manifest
            let names = Set(gone.map(\.reference.id))
            manifest.segments.removeAll { names.contains($0.id) }
            manifest.noteErased()
            manifest.samples -= min(manifest.samples, report.samples)
            report.commit = state.nextCommit
            try commit(deletion: &manifest, at: context.options.now(), state, &view)
            view.segments.removeAll { names.contains($0.reference.id) }
            for segment in gone { segment.retire() }
            return report
        }
    }

    /// What a limit hides; nil if that is nothing.
    private func expiry(
        of series: [SeriesID], _ limit: RetentionLimit, _ state: WriterState, _ view: StoreView
    ) -> Expiry? {
        var expiry = Expiry(
            series: series, first: .min, last: .max, commit: state.nextCommit, made: state.nextCommit,
            writtenAt: context.options.now())
        switch limit {
        case .from(let time):
            guard time.nanoseconds > .min else { return nil }
            expiry.last = time.nanoseconds - 1
        case .arrivedAfter(let time):
            if let newest = view.commitTimes.newest(at: time.nanoseconds) { expiry.commit = newest + 1 }
        }
        return expiry.runs.isEmpty ? nil : expiry
    }

    /// Counts the samples of a series that are in one state and not in the other.
    private func count(
        _ key: SeriesKey, _ expiry: Expiry, before: StoreView, after: StoreView,
        into report: inout DeletionReport
    ) throws {
        let end = expiry.last == .max ? nil : Timestamp(nanoseconds: expiry.last + 1)
        let range = TimeRange(to: end)
        var (old, new) = (DeletionReport(), DeletionReport())
        let snapshot = StoreSnapshot(view: before, dictionary: context.dictionary)
        try snapshot.count(key, range, into: &old)
        guard old.samples > 0 else { return }
        if expiry.last == .max {
            try StoreSnapshot(view: after, dictionary: context.dictionary).count(key, range, into: &new)
        }
        guard old.samples > new.samples else { return }
        old.samples -= new.samples
        report.add(old)
    }

    /// Whether a segment has nothing but what an expiry hides.
    private static func isGone(_ segment: SegmentReader, _ expiry: Expiry) throws -> Bool {
        let summary = segment.reference.summary
        guard summary.firstTime >= expiry.first, summary.lastTime <= expiry.last,
            summary.highestCommit < expiry.commit
        else { return false }
        return try segment.series().allSatisfy(expiry.contains)
    }
}
