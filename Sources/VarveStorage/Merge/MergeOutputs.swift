// MergeOutputs.swift — the segments that a merge writes at the same time, one for each partition.
//
// Each series goes through all partitions before the next one begins, so all files are open at once. In a partition the
// samples are collected until they fill blocks: every block but the last has at least half of the most samples. A
// copied block comes between such runs.
//
// Invariants:
// - Series come in ascending order, and the samples of each in order of time.
// - Outputs of different partitions share no time.
// - Nothing refers to a file until the merge is committed. `discard` removes all files.

import VarveCodec
import VarveFile
import VarveModel
import VarveSegment

/// Called with the bytes that a merge has read and written since the last call.
///
/// It may wait to slow the merge. An error that it throws ends the merge.
public typealias MergePacing = @Sendable (_ bytes: Int) throws -> Void

final class MergeOutputs {
    /// An output that is being written.
    private struct Output {
        var writer: SegmentWriter?
        /// Whether it has samples of the current series.
        var hasSeries = false
    }

    /// The number of collected samples at which a full block is written; the rest then is at least half a block.
    private static let fullBlockThreshold = FormatLimits.blockSamples * 3 / 2
    /// Blocks of fewer samples are decoded and packed together with others.
    static let fewSamples = FormatLimits.blockSamples / 2

    private let folder: StoreFolder
    private let cuts: [Int64]
    private let erasedUpTo: UInt64
    private let pace: MergePacing
    private var outputs: [Output]
    private var current = 0
    private var series: SeriesID = 0
    private var type = ValueType.double
    private var gathered: SampleRunBuilder
    /// The segments that are finished.
    private(set) var sealed: [SegmentReference] = []
    /// The checksums of the copied blocks, by file.
    private var copied: [FileID: Set<UInt64>] = [:]
    private(set) var samples: UInt64 = 0

    /// Creates outputs that begin at the earliest time and at each of the cuts.
    ///
    /// - Parameters:
    ///   - erasedUpTo: The merge leaves out what was deleted up to this commit.
    ///   - pace: Called for each block with twice its bytes, as they are read and written.
    init(_ folder: StoreFolder, cuts: [Int64], erasedUpTo: UInt64, pace: @escaping MergePacing) {
        self.erasedUpTo = erasedUpTo
        self.pace = pace
        self.folder = folder
        self.cuts = cuts
        outputs = Array(repeating: Output(), count: cuts.count + 1)
        gathered = SampleRunBuilder(type: .double)
    }

    /// Begins the next series.
    func begin(_ series: SeriesID, _ type: ValueType) {
        self.series = series
        self.type = type
        gathered = SampleRunBuilder(type: type)
        current = 0
        for index in outputs.indices { outputs[index].hasSeries = false }
    }

    /// The number of collected samples that are not written yet.
    var waiting: Int { gathered.count }

    /// Whether two times are in different partitions.
    func crossesPartitions(_ first: Int64, _ last: Int64) -> Bool {
        partition(of: first) != partition(of: last)
    }

    /// Adds samples of the current series, which may reach into several partitions.
    ///
    /// - Throws: `FileError`; what `pace` throws.
    func append(_ run: SampleRun) throws {
        var start = 0
        while start < run.count {
            let index = partition(of: run.times[start])
            try move(to: index)
            let end = index < cuts.count ? run.lowerBound(cuts[index]) : run.count
            gathered.append(run, start..<end)
            start = end
            try writeFullBlocks()
        }
    }

    /// Adds a block of the current series, unchanged.
    ///
    /// - Throws: `FileError`; what `pace` throws.
    func copy(_ block: StoredBlock) throws {
        try move(to: partition(of: block.entry.firstTime))
        try writeGathered()
        let writer = try currentWriter()
        if !outputs[current].hasSeries { writer.begin(series) }
        outputs[current].hasSeries = true
        copied[writer.id, default: []].insert(block.entry.block.checksum)
        try counting(block.entry.count, to: writer) { try writer.copy(block) }
    }

    /// Ends the series, and seals files that have grown large.
    ///
    /// - Throws: `FileError`; what `pace` throws.
    func end() throws {
        try writeGathered(isEnd: true)
        for index in outputs.indices where outputs[index].writer?.byteCount ?? 0 > Limits.segmentBytes {
            try seal(index)
        }
    }

    /// Seals all files; they are durable on return.
    ///
    /// - Throws: `FileError`.
    func finish() throws {
        for index in outputs.indices { try seal(index) }
    }

    /// Reads an output back from disk and returns the number of its samples.
    ///
    /// - Parameter type: The type of a series that was written.
    /// - Throws: `StorageError.needsReopen` if blocks overlap; `StorageError.damaged`; `FileError`; what `pace` throws.
    func check(_ reader: SegmentReader, _ type: (SeriesID) -> ValueType?) throws -> UInt64 {
        try reader.readBack(copied: copied[reader.reference.id] ?? [], type: type, pace: pace)
    }

    /// Removes all files.
    func discard() {
        for output in outputs { output.writer?.discard() }
        for reference in sealed {
            try? folder.remove(StoreFolder.immutable(reference.id, .segment))
        }
    }

    /// The number of the partition that a time is in.
    private func partition(of time: Int64) -> Int { cuts.partitioningIndex { $0 > time } }

    private func move(to index: Int) throws {
        guard index != current else { return }
        try writeGathered()
        current = index
    }

    private func currentWriter() throws -> SegmentWriter {
        if let writer = outputs[current].writer { return writer }
        let writer = try SegmentWriter(folder, effort: .thorough, isOneOfMany: !cuts.isEmpty)
        outputs[current].writer = writer
        return writer
    }

    private func writeFullBlocks() throws {
        let isLarge = gathered.textBytes >= FormatLimits.blockTextBytes / 2
        guard gathered.count >= Self.fullBlockThreshold || isLarge else { return }
        let run = gathered.finish()
        var start = 0
        while run.count - start >= Self.fullBlockThreshold {
            try write(run.part(start..<start + FormatLimits.blockSamples))
            start += FormatLimits.blockSamples
        }
        // Large texts are cut by their bytes.
        if isLarge {
            try write(start == 0 ? run : run.part(start..<run.count))
        } else {
            gathered.append(run, start..<run.count)
        }
    }

    /// Writes the collected samples as one block, or as two if they are too many for one.
    ///
    /// At the end of the series the first of the two is full. Elsewhere both are halves, as a short block between
    /// others would stay short.
    private func writeGathered(isEnd: Bool = false) throws {
        guard gathered.count > 0 else { return }
        let run = gathered.finish()
        guard run.count > FormatLimits.blockSamples else { return try write(run, isWhole: true) }
        let cut = isEnd ? FormatLimits.blockSamples : run.count / 2
        try write(run.part(0..<cut))
        try write(run.part(cut..<run.count))
    }

    /// Writes samples as blocks; a short series shares a block with others.
    ///
    /// - Parameter isWhole: Whether these may be all samples of the series in this output.
    private func write(_ run: SampleRun, isWhole: Bool = false) throws {
        let writer = try currentWriter()
        let isShort = isWhole && !outputs[current].hasSeries
        if !isShort, !outputs[current].hasSeries { writer.begin(series) }
        outputs[current].hasSeries = true
        try counting(run.count, to: writer) {
            if isShort {
                try writer.append(series: series, type: type, run)
            } else {
                try writer.appendBlocks(series, type, run)
            }
        }
    }

    private func counting(_ samples: Int, to writer: SegmentWriter, _ write: () throws -> Void) throws {
        let before = writer.byteCount
        try write()
        self.samples += UInt64(samples)
        try pace(2 * (writer.byteCount - before))
    }

    private func seal(_ index: Int) throws {
        guard let writer = outputs[index].writer else { return }
        outputs[index] = Output()
        do {
            var reference = try writer.seal()
            reference.isCompacted = true
            reference.erasedUpTo = erasedUpTo
            sealed.append(reference)
        } catch {
            writer.discard()
            throw error
        }
    }
}
