// RunCursor.swift — reads the samples of one series from one segment or from runs in memory, in time order.
//
// Invariants:
// - It decodes one block at a time.
// - Every sample that it gives lies in the range.

import VarveModel
import VarveSegment

struct RunCursor {
    private let reader: SegmentReader?
    private var tombstones: [Tombstone] = []
    /// The number of samples that tombstones hid.
    private(set) var deleted: UInt64 = 0
    private var upcoming: ArraySlice<BlockEntry>
    private var upcomingRuns: ArraySlice<SampleRun> = []
    private let type: ValueType
    private let first: Int64
    private let last: Int64

    /// Creates a cursor over blocks of a segment, in time order.
    init(
        _ reader: SegmentReader, _ entries: [BlockEntry], type: ValueType, first: Int64, last: Int64,
        without tombstones: [Tombstone] = []
    ) {
        self.reader = reader
        self.tombstones = tombstones
        upcoming = entries[...]
        self.type = type
        self.first = first
        self.last = last
    }

    /// Creates a cursor over runs in memory, each later than the one before.
    init(_ runs: [SampleRun], type: ValueType, first: Int64, last: Int64) {
        reader = nil
        upcoming = []
        self.type = type
        self.first = first
        self.last = last
        upcomingRuns = runs[...]
    }

    /// One cursor over the ordered rows, and one over each late run.
    static func all(
        _ rows: MemtableRows, type: ValueType, first: Int64, last: Int64
    ) -> [RunCursor] {
        let sources = (rows.ordered.isEmpty ? [] : [rows.ordered]) + rows.late.map { [$0] }
        return sources.map { RunCursor($0, type: type, first: first, last: last) }
    }

    /// The next run, and the indexes of its samples in the range; nil at the end.
    ///
    /// - Throws: `StorageError`; `FileError`.
    mutating func next() throws -> (run: SampleRun, range: Range<Int>)? {
        while let reader, let entry = upcoming.popFirst() {
            let all = try reader.read(entry, type: type, keeps: false)
            let visible = tombstones.isEmpty ? all : all.without(tombstones, commit: nil)
            deleted += UInt64(all.count - visible.count)
            let range = visible.range(first, last)
            if !range.isEmpty { return (visible, range) }
        }
        while let run = upcomingRuns.popFirst() {
            let range = run.range(first, last)
            if !range.isEmpty { return (run, range) }
        }
        return nil
    }
}
