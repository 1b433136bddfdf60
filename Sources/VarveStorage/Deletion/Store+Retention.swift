// Store+Retention.swift — removes samples that are too old, by their time or by their arrival.
//
// One entry of the manifest hides them from every read at once. Segments with only such samples leave the store in the
// same commit, and their blocks are not read. From other segments compaction erases the samples, a day later by itself.
//
// Rows that come later and are too old by their time are not stored (ExpiredRows). A batch that was committed before is
// still a replay, so a re-send brings nothing back.
//
// The latest value of an attribute is what the attribute is now, so it stays, whatever its age: as long as a limit would
// remove it, the series keeps what it has.

public import VarveModel
import VarveSegment

extension Store {
    /// Removes samples that are older than their products and points keep them.
    ///
    /// Durability and cost: as `expire(_:keeping:)`, for each period.
    ///
    /// - Parameter rules: The rules by product; a product that is not listed keeps everything.
    /// - Returns: What was removed, of all products together.
    /// - Throws: As `expire(_:keeping:)`; periods before the failure stay applied.
    public func expire(_ rules: [Name: ProductRetention]) throws -> DeletionReport {
        var report = DeletionReport()
        let snapshot = snapshot()
        report.commit = snapshot.commit
        guard !rules.isEmpty else { return report }
        let series = Dictionary(grouping: snapshot.series().map(\.key)) {
            rules[Name($0.product)]?.term(of: $0.point)?.period
        }
        for (period, keys) in series {
            guard let period, let limit = period.limit(at: context.options.now()) else { continue }
            report.add(try expire(keys, keeping: limit))
        }
        return report
    }

    /// Removes samples beyond a limit.
    ///
    /// Durability: as `delete`. Cost: a flush, and reading the indexes of all segments with samples beyond the limit
    /// and the blocks that the limit cuts; commits wait meanwhile.
    ///
    /// - Parameters:
    ///   - keys: The series; attributes whose latest value is beyond the limit are left as they are.
    ///   - limit: The samples that stay.
    /// - Throws: `StorageError.notWritable`, `needsReopen` or `directoryChanged`; other `StorageError`; `FileError`.
    public func expire(_ keys: [SeriesKey], keeping limit: RetentionLimit) throws -> DeletionReport {
        try change { state, view in
            var report = DeletionReport()
            report.commit = view.commit
            func series(_ keys: [SeriesKey]) -> [SeriesID] {
                keys.compactMap { context.dictionary.find($0)?.id }
            }
            guard expiry(of: series(keys), limit, state, view) != nil else { return report }
            try Flush(context, state).run(&view)
            let current = try currentAttributes(keys, limit, state, view)
            let keys = current.isEmpty ? keys : keys.filter { !current.contains($0) }
            guard var expiry = expiry(of: series(keys), limit, state, view) else { return report }
            var after = view
            // The samples that older expiries hid have waited longer to be erased.
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

    /// The attributes whose latest value a limit would remove.
    private func currentAttributes(
        _ keys: [SeriesKey], _ limit: RetentionLimit, _ state: WriterState, _ view: StoreView
    ) throws -> Set<SeriesKey> {
        let attributes = keys.filter { ReservedPoint.isAttribute($0.point) }
        let series = attributes.compactMap { context.dictionary.find($0)?.id }
        guard let expiry = expiry(of: series, limit, state, view) else { return [] }
        var after = view
        after.manifest.expiries.append(expiry)
        let snapshots = [view, after].map { StoreSnapshot(view: $0, dictionary: context.dictionary) }
        return try Set(
            attributes.filter { key in
                let latest = try snapshots.map { snapshot in
                    var report = DeletionReport()
                    try snapshot.count(key, .all, into: &report)
                    return report.to
                }
                return latest[0] != latest[1]
            })
    }

    /// The expiry for a limit; nil if it would hide nothing.
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

    /// Counts the samples of a series that `before` shows and `after` does not.
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

    /// Whether an expiry hides all samples of a segment.
    private static func isGone(_ segment: SegmentReader, _ expiry: Expiry) throws -> Bool {
        let summary = segment.reference.summary
        guard summary.firstTime >= expiry.first, summary.lastTime <= expiry.last,
            summary.highestCommit < expiry.commit
        else { return false }
        return try segment.series().allSatisfy(expiry.contains)
    }
}
