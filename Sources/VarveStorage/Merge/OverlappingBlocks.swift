// OverlappingBlocks.swift — groups the blocks of one series in several segments by overlapping times.
//
// Invariants:
// - The groups ascend in time and do not overlap each other.

import VarveModel
import VarveSegment

/// Groups of blocks that overlap in time.
enum OverlappingBlocks {
    /// A block and the segment it is in.
    struct Source {
        var reader: SegmentReader
        var entry: BlockEntry
    }

    /// The blocks of a series in some segments, in groups.
    ///
    /// Cost: reads the index pages of the series.
    ///
    /// - Throws: As `SegmentReader.top()`.
    static func groups(of series: SeriesID, in inputs: [SegmentReader]) throws -> [ArraySlice<Source>] {
        var sources: [Source] = []
        for input in inputs {
            for entry in try input.blocks(of: series) { sources.append(Source(reader: input, entry: entry)) }
        }
        sources.sort { ($0.entry.firstTime, $0.entry.lastTime) < ($1.entry.firstTime, $1.entry.lastTime) }
        var groups: [ArraySlice<Source>] = []
        var start = 0
        while start < sources.count {
            var end = start + 1
            var last = sources[start].entry.lastTime
            while end < sources.count, sources[end].entry.firstTime <= last {
                last = max(last, sources[end].entry.lastTime)
                end += 1
            }
            groups.append(sources[start..<end])
            start = end
        }
        return groups
    }

    /// One cursor for each segment over its blocks of a group, which are in order.
    static func cursors(
        _ sources: ArraySlice<Source>, type: ValueType, without deleted: [Tombstone]
    ) -> [RunCursor] {
        var inputs: [(reader: SegmentReader, entries: [BlockEntry])] = []
        var places: [FileID: Int] = [:]
        for source in sources {
            let id = source.reader.reference.id
            if let place = places[id] {
                inputs[place].entries.append(source.entry)
            } else {
                places[id] = inputs.count
                inputs.append((source.reader, [source.entry]))
            }
        }
        return inputs.map {
            RunCursor($0.reader, $0.entries, type: type, first: .min, last: .max, without: deleted)
        }
    }
}
