// SeriesMerge.swift — merges one series: blocks that nothing touches are copied, the others decoded and merged.
//
// A block of a compacted segment that no other block overlaps, that lies in one partition, that has no versions and no
// deleted samples, and that is not much too short, is as good as a merge could make it.
//
// Invariants:
// - Samples in equal samples out plus versions and deleted samples dropped.
// - Memory: of blocks that overlap one decoded each.

import VarveModel

struct SeriesMerge {
    /// A block and the segment it is in.
    private struct Source {
        var reader: SegmentReader
        var entry: BlockEntry
    }

    /// Stored bytes from which on a short block is not packed anew: its texts are large.
    private static let muchText = 32 << 10

    private let series: SeriesID
    private let type: ValueType
    private let hidden: Tombstones
    private let history: UInt64
    /// Older versions left out.
    private(set) var dropped: UInt64 = 0
    /// Deleted samples left out.
    private(set) var deleted: UInt64 = 0
    /// The oldest commit whose state lacks nothing that was left out.
    private(set) var historyFrom: UInt64 = 0

    init(_ series: SeriesID, _ type: ValueType, hidden: Tombstones, history: UInt64) {
        self.series = series
        self.type = type
        self.hidden = hidden
        self.history = history
    }

    /// Merges what the segments have of the series.
    mutating func run(_ inputs: [SegmentReader], into outputs: MergeOutputs) throws {
        var sources: [Source] = []
        for input in inputs {
            for entry in try input.blocks(of: series) { sources.append(Source(reader: input, entry: entry)) }
        }
        sources.sort { ($0.entry.firstTime, $0.entry.lastTime) < ($1.entry.firstTime, $1.entry.lastTime) }
        var start = 0
        while start < sources.count {
            var end = start + 1
            var last = sources[start].entry.lastTime
            while end < sources.count, sources[end].entry.firstTime <= last {
                last = max(last, sources[end].entry.lastTime)
                end += 1
            }
            try merge(sources[start..<end], into: outputs)
            start = end
        }
    }

    /// Merges blocks that overlap, or takes one that stands alone.
    private mutating func merge(_ sources: ArraySlice<Source>, into outputs: MergeOutputs) throws {
        if sources.count == 1, let source = sources.first {
            let entry = source.entry
            let isGone = tombstones(entry).contains {
                $0.hidesAll(first: entry.firstTime, last: entry.lastTime, highestCommit: entry.highestCommit)
            }
            if isGone {
                deleted += UInt64(entry.count)
                return
            }
            if isWhole(source, outputs), let block = try source.reader.stored(entry) {
                return try outputs.copy(block)
            }
        }
        var merge = try MergeCursor(cursors(sources), type: type, history: history)
        while let run = try merge.next() { try outputs.append(run) }
        dropped += merge.dropped
        deleted += merge.deleted
        historyFrom = max(historyFrom, merge.historyFrom)
    }

    /// Whether a block that stands alone may stay as it is.
    private func isWhole(_ source: Source, _ outputs: MergeOutputs) -> Bool {
        let entry = source.entry
        guard source.reader.reference.isCompacted, !entry.hasVersions, tombstones(entry).isEmpty,
            !outputs.isCut(entry.firstTime, entry.lastTime)
        else { return false }
        // Few samples before it would make a short block: they are packed together with it.
        let isFree = outputs.waiting == 0 || outputs.waiting >= MergeOutputs.fewSamples
        return isFree && (entry.count >= MergeOutputs.fewSamples || entry.block.count >= Self.muchText)
    }

    private func tombstones(_ entry: BlockEntry) -> [Tombstone] {
        hidden.reaching(
            series, first: entry.firstTime, last: entry.lastTime, lowestCommit: entry.lowestCommit)
    }

    /// A cursor over the blocks of each segment; in a segment they are in order.
    private func cursors(_ sources: ArraySlice<Source>) -> [RunCursor] {
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
        let deleted = hidden.reaching(series, first: .min, last: .max, lowestCommit: 0)
        return inputs.map {
            RunCursor($0.reader, $0.entries, type: type, first: .min, last: .max, without: deleted)
        }
    }
}
