// VisibleSpan.swift — the first and the last time of a state, without deleted samples.
//
// Invariants:
// - A block is decoded only if a deletion cuts it and it may have the first or last time.
// - A segment that no deletion reaches is not opened.

import VarveModel
import VarveSegment

extension StoreSnapshot {
    /// The earliest and the latest time of a sample that a query sees; nil in a state without samples.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `StorageError.segmentGone`; `FileError`.
    func visibleSpan() throws -> (first: Timestamp, last: Timestamp)? {
        guard let first = try edge(.ascending), let last = try edge(.descending) else { return nil }
        return (Timestamp(nanoseconds: first), Timestamp(nanoseconds: last))
    }

    /// The first time in an order.
    private func edge(_ order: TimeOrder) throws -> Int64? {
        let isAscending = order == .ascending
        func isBetter(_ time: Int64, _ best: Int64?) -> Bool {
            guard let best else { return true }
            return isAscending ? time < best : time > best
        }
        func end(_ first: Int64, _ last: Int64) -> Int64 { isAscending ? first : last }
        var best: Int64?
        // A deletion begins a new memtable, so all rows in memory are newer than every deletion.
        for series in view.memtable.series {
            for run in view.memtable.rows(of: series, upTo: view.commit).runs {
                guard let first = run.times.first, let last = run.times.last else { continue }
                if isBetter(end(first, last), best) { best = end(first, last) }
            }
        }
        // If series were replaced since, the manifest's reference is newer than the reader's.
        let reached = Set(view.manifest.segments.filter(view.manifest.hides).map(\.id))
        let segments = view.segments.sorted {
            let (one, other) = ($0.reference.summary, $1.reference.summary)
            return isAscending ? one.firstTime < other.firstTime : one.lastTime > other.lastTime
        }
        for segment in segments {
            let summary = segment.reference.summary
            guard isBetter(end(summary.firstTime, summary.lastTime), best) else { break }
            guard reached.contains(segment.reference.id) else {
                best = end(summary.firstTime, summary.lastTime)
                continue
            }
            try segment.forEachEntry { entry in
                guard isBetter(end(entry.firstTime, entry.lastTime), best),
                    let (first, last) = try visible(entry, of: segment)
                else { return }
                if isBetter(end(first, last), best) { best = end(first, last) }
            }
        }
        return best
    }

    /// The first and the last time of a block without its deleted samples.
    private func visible(_ entry: BlockEntry, of segment: SegmentReader) throws -> (Int64, Int64)? {
        let tombstones = view.tombstones(of: entry.series, in: entry)
        if tombstones.isEmpty { return (entry.firstTime, entry.lastTime) }
        let isGone = tombstones.contains {
            $0.hidesAll(first: entry.firstTime, last: entry.lastTime, highestCommit: entry.highestCommit)
        }
        guard !isGone, let type = dictionary.type(entry.series) else { return nil }
        let run = try segment.read(entry, type: type, columns: [.times, .commits], keeps: false)
            .without(tombstones, commit: nil)
        guard let first = run.times.first, let last = run.times.last else { return nil }
        return (first, last)
    }
}
