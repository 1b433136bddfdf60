// SeriesSet.swift — the set of the series of a segment; a query skips segments without its series.
//
// The set is exact, and small because ids are dense. On disk, a column of differences takes a few bits a series. In
// memory, a run of neighbours is two numbers. The ids of a segment with more than `FormatLimits.listedSeries` series
// are not listed; its page entries suffice.
//
// Invariants:
// - `contains` is true for every series of the segment.

import VarveCodec

struct SeriesSet: Hashable, Sendable {
    /// The first ids of the runs of neighbours, ascending; `ends` has their last ids.
    private var starts: [SeriesID] = []
    private var ends: [SeriesID] = []
    /// The number of ids.
    private(set) var count = 0
    /// Whether there are too many ids to list; then any series may be in the segment.
    private var isOpen = false

    init() {}

    /// Adds an id that is higher than all ids in the set.
    mutating func append(_ id: SeriesID) {
        count += 1
        if let end = ends.last, end + 1 == id {
            ends[ends.count - 1] = id
        } else {
            starts.append(id)
            ends.append(id)
        }
        if count > FormatLimits.listedSeries {
            isOpen = true
            starts = []
            ends = []
        }
    }

    /// About how much memory the set takes, in bytes.
    var byteCount: Int { starts.count * 8 + 64 }

    /// Whether a series may be in the segment.
    func contains(_ id: SeriesID) -> Bool {
        if isOpen { return true }
        let next = ends.partitioningIndex { $0 >= id }
        return next < starts.count && starts[next] <= id
    }

    /// Writes the number of listed ids, and the ids in columns.
    func write(to writer: inout ByteWriter, effort: Effort) {
        guard !isOpen else { return writer.appendVarint(0) }
        writer.appendVarint(UInt64(count))
        var ids: [Int64] = []
        ids.reserveCapacity(count)
        for (start, end) in zip(starts, ends) { ids.append(contentsOf: Int64(start)...Int64(end)) }
        for begin in stride(from: 0, to: ids.count, by: BlockLimits.samples) {
            let part = Array(ids[begin..<min(begin + BlockLimits.samples, ids.count)])
            writer.appendSized { nested in
                part.withUnsafeBufferPointer { IntegerColumn.encode($0, into: &nested, effort: effort) }
            }
        }
    }

    /// Reads a set that `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse or the series do not ascend.
    init(from reader: inout ByteReader) throws(CodecError) {
        let listed = try reader.varint(limit: FormatLimits.listedSeries, "listed series")
        isOpen = listed == 0
        var left = listed
        while left > 0 {
            let part = min(left, BlockLimits.samples)
            let size = try reader.varint(limit: reader.remaining, "bytes of a column")
            for id in try IntegerColumn.array(try reader.bytes(count: size), count: part) {
                guard id >= 0, id < Int64(FormatLimits.series), id > Int64(ends.last ?? 0) || count == 0
                else {
                    throw reader.failure("series out of order")
                }
                append(SeriesID(id))
            }
            left -= part
        }
    }
}
