// StoreView.swift — one unchanging state of the store: what readers see.
//
// Invariants:
// - A value; a commit makes a new one. Segments in it stay readable: their files are open, even if compaction has
//   removed their names since.

package import VarveModel

package struct StoreView: Sendable {
    package var manifest = Manifest()
    package var segments: [SegmentReader] = []
    package var memtable = Memtable()
    /// Series with ids below this belong to the state.
    package var seriesCount = 0
    /// The newest commit in it.
    package var commit: UInt64 = 0

    package init() {}

    /// Distinct (series, time) pairs.
    package var samples: UInt64 { manifest.samples + memtable.accepted }

    /// The sources of a series in a range, each sorted.
    package func cursors(_ series: SeriesID, type: ValueType, in range: TimeRange) throws -> [RunCursor] {
        guard let last = range.lastNanosecond else { return [] }
        let first = range.from.nanoseconds
        var cursors: [RunCursor] = []
        for segment in segments {
            let blocks = try segment.blocks(of: series, in: range)
            if blocks.isEmpty { continue }
            cursors.append(try RunCursor(segment, blocks, type: type, first: first, last: last))
        }
        for run in memtable.runs[series] ?? [] {
            cursors.append(RunCursor(run, type: type, first: first, last: last))
        }
        return cursors
    }

    /// Shows a resolver the samples at the times of its rows.
    package func show(_ series: SeriesID, type: ValueType, to known: inout KnownSamples) throws {
        for segment in segments {
            for entry in try segment.blocks(of: series, in: known.range)
            where known.wants(first: entry.firstTime, last: entry.lastTime) {
                known.look(at: try segment.read(entry, type: type))
            }
        }
        for run in memtable.runs[series] ?? [] { known.look(at: run) }
    }
}
