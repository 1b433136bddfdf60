// SeriesMerge.swift — merges one series: copies blocks that nothing overlaps, decodes and merges the others.
//
// A merge cannot improve a block of a compacted segment that no other block overlaps, that lies in one partition, that
// has no versions and no deleted samples, and that is not much too short.
//
// Invariants:
// - The samples read equal the samples written plus `dropped` and `deleted`.
// - Memory: one decoded block for each cursor of a set of overlapping blocks.

import VarveModel
import VarveSegment

struct SeriesMerge {
    private typealias Source = OverlappingBlocks.Source

    /// A short block with at least so many stored bytes is copied, as its texts are large.
    private static let largeTextBytes = 32 << 10

    private let series: SeriesID
    private let type: ValueType
    private let hidden: Tombstones
    private let history: UInt64
    /// The number of older versions left out.
    private(set) var dropped: UInt64 = 0
    /// The number of deleted samples left out.
    private(set) var deleted: UInt64 = 0
    /// The oldest commit whose state needs no version that was left out.
    private(set) var historyFrom: UInt64 = 0

    init(_ series: SeriesID, _ type: ValueType, hidden: Tombstones, history: UInt64) {
        self.series = series
        self.type = type
        self.hidden = hidden
        self.history = history
    }

    /// Merges the blocks that the segments have of the series.
    ///
    /// - Throws: `StorageError`; `FileError`; what pacing throws.
    mutating func run(_ inputs: [SegmentReader], into outputs: MergeOutputs) throws {
        for group in try OverlappingBlocks.groups(of: series, in: inputs) { try merge(group, into: outputs) }
    }

    /// Merges blocks that overlap, or copies a block that nothing overlaps.
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
        let deletions = hidden.reaching(series, first: .min, last: .max, lowestCommit: 0)
        let cursors = OverlappingBlocks.cursors(sources, type: type, without: deletions)
        var merge = try MergeCursor(cursors, type: type, history: history)
        while let run = try merge.next() { try outputs.append(run) }
        dropped += merge.dropped
        deleted += merge.deleted
        historyFrom = max(historyFrom, merge.historyFrom)
    }

    /// Whether a block that nothing overlaps may be copied.
    private func isWhole(_ source: Source, _ outputs: MergeOutputs) -> Bool {
        let entry = source.entry
        guard source.reader.reference.isCompacted, !entry.hasVersions, tombstones(entry).isEmpty,
            !outputs.crossesPartitions(entry.firstTime, entry.lastTime)
        else { return false }
        // A few waiting samples would make a short block, so they are packed together with this one.
        let isFree = outputs.waiting == 0 || outputs.waiting >= MergeOutputs.fewSamples
        return isFree && (entry.count >= MergeOutputs.fewSamples || entry.block.count >= Self.largeTextBytes)
    }

    private func tombstones(_ entry: BlockEntry) -> [Tombstone] {
        hidden.reaching(
            series, first: entry.firstTime, last: entry.lastTime, lowestCommit: entry.lowestCommit)
    }
}
