// SeriesSet.swift — the series of a segment: the filter that spares a query the segments without its series.
//
// Exact, and small because ids are dense: a list of differences in a column takes bits a series, in memory a run of
// neighbours is two numbers. Ids of a segment with more than `FormatLimits.listedSeries` are not listed; their pages say
// enough.
//
// Invariants:
// - `contains` never says no for a series of the segment.

import VarveCodec

struct SeriesSet: Hashable, Sendable {
    /// The first and last ids of the runs, ascending.
    private var starts: [SeriesID] = []
    private var ends: [SeriesID] = []
    /// The number of ids.
    private(set) var count = 0
    /// Whether ids were left out.
    private var isOpen = false

    init() {}

    /// Adds an id above all in the set.
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

    /// About how much memory the set takes.
    var byteCount: Int { starts.count * 8 + 64 }

    /// Whether a series may be in the segment.
    func contains(_ id: SeriesID) -> Bool {
        if isOpen { return true }
        let next = ends.partitioningIndex { $0 >= id }
        return next < starts.count && starts[next] <= id
    }

    /// Writes how many ids are listed and the list, in columns.
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

    /// Reads what `write` wrote.
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
