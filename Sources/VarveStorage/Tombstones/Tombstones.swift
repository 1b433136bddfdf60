// Tombstones.swift — everything that hides samples in one state: deletions, retention, changes of type.

internal import VarveModel
import VarveSegment

/// The tombstones, expiries and replacements of a state.
struct Tombstones: Sendable {
    private var bySeries: [SeriesID: [Tombstone]] = [:]
    private var expiries: [Expiry] = []
    private var replacements: [Replacement] = []
    /// What all of them removed, in short.
    private(set) var removals = SampleRemovals()

    init(
        _ all: [Tombstone] = [], _ expiries: [Expiry] = [], _ replacements: [Replacement] = []
    ) {
        for tombstone in all { bySeries[tombstone.series, default: []].append(tombstone) }
        self.expiries = expiries
        self.replacements = replacements
        for tombstone in all { removals.newest = max(removals.newest, tombstone.commit) }
        if let last = replacements.last { removals.newest = max(removals.newest, last.commit) }
        for expiry in expiries {
            // Retention by arrival hides samples of all times.
            if expiry.last == .max {
                removals.expiredCommit = max(removals.expiredCommit, expiry.commit)
            } else {
                removals.expiredTime = max(removals.expiredTime, expiry.last)
            }
        }
    }

    /// Whether no sample is hidden of the series that reads find.
    var isEmpty: Bool { bySeries.isEmpty && expiries.isEmpty }

    /// The tombstones of a series that may hide samples between two times with commits from `lowestCommit` on.
    func reaching(
        _ series: SeriesID, first: Int64, last: Int64, lowestCommit: UInt64
    ) -> [Tombstone] {
        if let replacement = replacements.first(where: { $0.successor(of: series) != nil }) {
            return [
                Tombstone(
                    series: series, first: .min, last: .max, commit: replacement.commit,
                    writtenAt: replacement.writtenAt)
            ]
        }
        guard !isEmpty else { return [] }
        var known = bySeries[series] ?? []
        for expiry in expiries where expiry.contains(series) { known.append(expiry.tombstone(of: series)) }
        return known.filter { $0.reaches(first: first, last: last, lowestCommit: lowestCommit) }
    }

    /// Whether a deletion after a commit touches a time between two times; erased tombstones count, retention does not.
    func touched(_ series: SeriesID, first: Int64, last: Int64, after commit: UInt64) -> Bool {
        guard let known = bySeries[series] else { return false }
        return known.contains { $0.commit > commit && $0.first <= last && first <= $0.last }
    }
}

extension SegmentReference {
    /// Whether the segment may have samples that a tombstone hides.
    func mayHave(hiddenBy tombstone: Tombstone) -> Bool {
        tombstone.commit > erasedUpTo
            && tombstone.reaches(
                first: summary.firstTime, last: summary.lastTime, lowestCommit: summary.lowestCommit)
    }

    /// Whether the segment may have samples that retention hides.
    func mayHave(hiddenBy expiry: Expiry) -> Bool {
        expiry.made > erasedUpTo && expiry.commit > summary.lowestCommit
            && expiry.first <= summary.lastTime && summary.firstTime <= expiry.last
    }

    /// Whether the segment may have samples of the series that were replaced.
    func mayHave(hiddenBy replacement: Replacement) -> Bool {
        replacement.commit > erasedUpTo && replacement.commit > summary.lowestCommit
    }
}

extension SampleRun {
    /// The samples that no tombstone hides and that were there at a commit; the run itself if these are all.
    ///
    /// - Parameters:
    ///   - tombstones: The tombstones of the series.
    ///   - commit: The commit of all samples; nil if each has its own in `commits`.
    ///   - newest: Samples of later commits are left out.
    func without(_ tombstones: [Tombstone], commit: UInt64?, upTo newest: UInt64 = .max) -> SampleRun {
        var kept: [Range<Int>] = []
        var start = 0
        for index in 0..<count {
            let age = commit ?? commits[index]
            let isHidden =
                age > newest
                || tombstones.contains {
                    $0.commit > age && $0.first <= times[index] && times[index] <= $0.last
                }
            guard isHidden else { continue }
            if start < index { kept.append(start..<index) }
            start = index + 1
        }
        guard start > 0 else { return self }
        if start < count { kept.append(start..<count) }
        return parts(kept)
    }

    /// Samples `ranges`, one after the other, with the same columns.
    private func parts(_ ranges: [Range<Int>]) -> SampleRun {
        func gather<Word>(_ column: [Word]) -> [Word] {
            column.isEmpty ? [] : Array(ranges.map { column[$0] }.joined())
        }
        let chosen: ValueColumn
        switch values {
        case .bits(let bits): chosen = .bits(gather(bits))
        case .text(let source):
            var text = TextColumn()
            if !source.ends.isEmpty {
                for index in ranges.joined() { text.append(source.bytes[source.range(index)]) }
            }
            chosen = .text(text)
        }
        return SampleRun(
            count: ranges.reduce(0) { $0 + $1.count }, times: gather(times), values: chosen,
            states: gather(states), commits: gather(commits))
    }
}
