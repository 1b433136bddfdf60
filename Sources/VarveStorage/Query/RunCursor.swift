// RunCursor.swift — the samples of one series from one segment or from memtable runs, in time order.
//
// Invariants:
// - Holds at most one decoded block.
// - `run` and `index` name the current sample, or `run` is nil at the end.
// - Every sample shown lies in the range.

package import VarveModel

package final class RunCursor {
    private let reader: SegmentReader?
    private var tombstones: [Tombstone] = []
    /// Samples that tombstones hid.
    package private(set) var deleted: UInt64 = 0
    private var upcoming: ArraySlice<BlockEntry>
    private var upcomingRuns: ArraySlice<SampleRun> = []
    private let type: ValueType
    private let first: Int64
    private let last: Int64
    package private(set) var run: SampleRun?
    package private(set) var index = 0
    /// The end of the samples of `run` that lie in the range.
    package private(set) var end = 0

    /// The blocks of a segment.
    package init(
        _ reader: SegmentReader, _ entries: [BlockEntry], type: ValueType, first: Int64, last: Int64,
        without tombstones: [Tombstone] = []
    ) throws {
        self.reader = reader
        self.tombstones = tombstones
        upcoming = entries[...]
        self.type = type
        self.first = first
        self.last = last
        try load()
    }

    /// Runs in memory, each after the one before it.
    package init(_ runs: [SampleRun], type: ValueType, first: Int64, last: Int64) {
        reader = nil
        upcoming = []
        self.type = type
        self.first = first
        self.last = last
        upcomingRuns = runs[...]
        loadRun()
    }

    /// A cursor over the ordered rows and one over each late run.
    package static func all(
        _ rows: MemtableRows, type: ValueType, first: Int64, last: Int64
    ) -> [RunCursor] {
        let sources = (rows.ordered.isEmpty ? [] : [rows.ordered]) + rows.late.map { [$0] }
        return sources.map { RunCursor($0, type: type, first: first, last: last) }
    }

    /// Moves past the samples before `newIndex` of the current run.
    package func advance(to newIndex: Int) throws {
        index = newIndex
        if index >= end { try load() }
    }

    private func load() throws {
        run = nil
        while run == nil, let reader, let entry = upcoming.popFirst() {
            let all = try reader.read(entry, type: type, keeps: false)
            let visible = tombstones.isEmpty ? all : all.without(tombstones, commit: nil)
            deleted += UInt64(all.count - visible.count)
            show(visible)
        }
        loadRun()
    }

    private func loadRun() {
        while run == nil, let next = upcomingRuns.popFirst() { show(next) }
    }

    private func show(_ candidate: SampleRun) {
        index = candidate.lowerBound(first)
        end = last == .max ? candidate.count : candidate.lowerBound(last + 1)
        run = index < end ? candidate : nil
    }
}
