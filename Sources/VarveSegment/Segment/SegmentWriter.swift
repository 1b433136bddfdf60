// SegmentWriter.swift — writes runs of samples to a new segment file.
//
// Invariants:
// - Series come in ascending order of id, each once. The samples of a series are sorted.
// - The file has its final random name from the start, but nothing refers to it before `seal` returns. After a crash it
//   is an orphan that the next writer removes.
// - Memory: the open block, one open shared block for each type, the encoded index, and the bytes not yet written.

package import VarveCodec
import VarveFile
package import VarveModel

package final class SegmentWriter {
    /// A time column: its bytes if they are few, else its place in the file.
    private enum TimeColumn {
        case short([UInt8])
        case stored(Extent)
    }

    package let id: FileID
    private let folder: StoreFolder
    private let file: any File
    private let effort: Effort
    private var buffer: ByteWriter
    /// Bytes that are collected before they are written.
    private let flushBytes: Int
    private var written = 0
    private var index: IndexBuilder
    private var shared: [ValueType: SharedBlock] = [:]
    private var summary = SegmentSummary()
    private var codecs = CodecShares()
    private var sharedTimes: [Hash128: TimeColumn] = [:]
    /// The places of time columns by the hash of their bytes, as those of copied blocks are not decoded.
    private var storedTimes: [Hash128: Extent] = [:]
    private var lastSeries: SeriesID?
    private var lastSample: (series: SeriesID, time: Int64)?
    private var olderVersions: UInt64 = 0
    private var replacedUpTo: UInt64 = 0
    /// What the last block of the current series showed.
    private var hint = ColumnHint()
    private var sum = ExactSum()
    private var total = ExactSum()

    private static let sharedTimesLimit = 65_536

    /// Creates the file.
    ///
    /// - Parameter isOneOfMany: Whether many files are written at once; then each takes little memory.
    /// - Throws: `FileError`.
    package init(_ folder: StoreFolder, effort: Effort, isOneOfMany: Bool = false) throws {
        self.folder = folder
        flushBytes = isOneOfMany ? 512 << 10 : 4 << 20
        buffer = ByteWriter(capacity: isOneOfMany ? 0 : flushBytes + (1 << 20))
        id = folder.newFileID()
        file = try folder.open(StoreFolder.immutable(id, .segment), .createNew)
        self.effort = effort
        index = IndexBuilder(effort: effort)
        writePreamble()
    }

    /// About how large the file is so far, in bytes.
    package var byteCount: Int { written + buffer.count + index.byteCount }

    /// Adds all samples of the next series.
    ///
    /// - Throws: `FileError`.
    package func append(series: SeriesID, type: ValueType, _ run: SampleRun) throws {
        begin(series)
        if SharedBlock.takes(run), run.count > 0 {
            try addToSharedBlock(series, type, run)
        } else {
            for block in run.blocks { try appendBlock(series, type, run, block) }
        }
    }

    /// Adds samples to the current series, as blocks of their own.
    ///
    /// - Throws: `FileError`.
    package func appendBlocks(_ series: SeriesID, _ type: ValueType, _ run: SampleRun) throws {
        for block in run.blocks { try appendBlock(series, type, run, block) }
    }

    /// Adds a block of another segment to the current series, unchanged.
    ///
    /// - Throws: `FileError`; `CodecError` if the block does not parse.
    package func copy(_ block: StoredBlock) throws {
        var entry = block.entry
        try block.bytes.withUnsafeBytes { bytes in
            let parts = try SegmentBlock.parts(bytes, count: entry.count, row: 0)
            if let times = parts.times { codecs.add(times) }
            try countCodecs(ofBlock: parts.block)
        }
        entry.times = try block.times.map { try store(times: $0) }
        entry.block = try write(block.bytes)
        noteEnds(entry.series, first: entry.firstTime, last: entry.lastTime, commit: entry.highestCommit)
        index.append(counted(entry), vectors: block.vectors)
        if index.isPageFull { try endPage() }
    }

    /// Adds all samples of the next series from a source of runs.
    ///
    /// - Parameter next: Gives the runs in time order; each but the last fills its blocks.
    /// - Returns: The number of samples.
    /// - Throws: `FileError`; what `next` throws.
    package func append(
        series: SeriesID, type: ValueType, runs next: () throws -> SampleRun?
    ) throws -> UInt64 {
        guard let first = try next() else { return 0 }
        var samples = UInt64(first.count)
        var following = try next()
        guard following != nil else {
            try append(series: series, type: type, first)
            return samples
        }
        begin(series)
        for block in first.blocks { try appendBlock(series, type, first, block) }
        while let run = following {
            for block in run.blocks { try appendBlock(series, type, run, block) }
            samples += UInt64(run.count)
            following = try next()
        }
        return samples
    }

    /// Writes index and footer, and makes the file and its name durable.
    ///
    /// Cost: two syncs.
    ///
    /// - Throws: `FileError`.
    package func seal() throws -> SegmentReference {
        try endPage()
        let indexOffset = written + buffer.count
        let top = try index.finish(codecs: codecs) { try write($0) }
        let topExtent = try write(top.stored)
        let footer = SegmentFooter.encode(
            summary, indexOffset: indexOffset, top: topExtent, topRawCount: top.rawCount)
        try write(footer)
        try flush()
        try file.sync()
        file.close()
        try folder.files.syncDirectory(folder.segments)
        var reference = SegmentReference(
            id: id, byteCount: UInt64(written), checksum: footer.withUnsafeBytes { Checksum.of($0) },
            summary: summary)
        (reference.olderVersions, reference.replacedUpTo) = (olderVersions, replacedUpTo)
        return reference
    }

    /// Abandons the segment and removes its file.
    package func discard() {
        file.close()
        try? folder.remove(StoreFolder.immutable(id, .segment))
    }

    /// Begins the next series; its blocks follow with `appendBlocks` and `copy`.
    package func begin(_ series: SeriesID) {
        precondition(lastSeries.map { $0 < series } ?? true, "series must ascend")
        lastSeries = series
        hint = ColumnHint()
        summary.series += 1
    }

    private func appendBlock(
        _ series: SeriesID, _ type: ValueType, _ run: SampleRun, _ range: Range<Int>
    ) throws {
        var entry = entry(series, run, range)
        noteVersions(series, run, range, entry)
        let times = try timeColumn(run, range)
        let bytes = BlockCodec.encodeBlock(run, range, type: type, effort: effort, hint: &hint)
        try bytes.withUnsafeBytes { try countCodecs(ofBlock: $0) }
        switch times {
        case .short(let times): entry.block = try write(SegmentBlock.encode(times: times, block: bytes))
        case .stored(let times):
            entry.times = times
            entry.block = try write(SegmentBlock.encode(times: [], block: bytes))
        }
        let vectors = vectors(run, range, type)
        var differences: UInt64 = 0
        for state in run.states[range] { differences |= state ^ run.states[range.lowerBound] }
        entry.statistics = BlockStatistics(
            joining: vectors.map(\.statistics), sum: total,
            oneQuality: differences & ~SampleState(isMissing: true).bits == 0)
        index.append(counted(entry), vectors: vectors)
        if index.isPageFull { try endPage() }
    }

    /// The statistics of the vectors of a block; their sum is in `total` afterwards.
    private func vectors(_ run: SampleRun, _ range: Range<Int>, _ type: ValueType) -> [VectorEntry] {
        total.reset()
        return (0..<VectorIndex.count(samples: range.count)).map { index in
            let start = range.lowerBound + index * BlockLimits.vector
            let part = start..<start + VectorIndex.samples(index, of: range.count)
            let statistics = BlockStatistics(run, part, type: type, sum: &sum)
            total.merge(sum)
            let whole = entry(0, run, part)
            return VectorEntry(
                count: part.count, firstTime: whole.firstTime, lastTime: whole.lastTime,
                lowestCommit: whole.lowestCommit, highestCommit: whole.highestCommit, statistics: statistics)
        }
    }

    /// The entry of some samples, whose place is not known yet.
    private func entry(_ series: SeriesID, _ run: SampleRun, _ range: Range<Int>) -> BlockEntry {
        var lowest = UInt64.max
        var highest: UInt64 = 0
        for commit in run.commits[range] {
            lowest = min(lowest, commit)
            highest = max(highest, commit)
        }
        var entry = BlockEntry(
            series: series, count: range.count,
            times: run.times[range.lowerBound]...run.times[range.upperBound - 1], commits: lowest...highest,
            block: Extent(offset: 0, count: 0, checksum: 0))
        entry.hasVersions = run.repeatsTime(in: range)
        return entry
    }

    // MARK: Short series

    private func addToSharedBlock(_ series: SeriesID, _ type: ValueType, _ run: SampleRun) throws {
        if let open = shared[type], !open.hasRoom(for: run) { try endShared(type) }
        let entry = entry(series, run, 0..<run.count)
        noteVersions(series, run, 0..<run.count, entry)
        index.append(counted(entry))
        shared[type, default: SharedBlock(type: type)].append(run, place: index.entries.count - 1)
        if index.isPageFull { try endPage() }
    }

    private func endShared(_ type: ValueType) throws {
        guard var block = shared.removeValue(forKey: type) else { return }
        let (times, bytes, samples) = block.encode(effort: effort)
        times.withUnsafeBytes { codecs.add($0) }
        try bytes.withUnsafeBytes { try countCodecs(ofBlock: $0) }
        let extent = try write(
            SegmentBlock.encode(times: times, block: bytes, shared: block.places.count > 1 ? samples : nil))
        for place in block.places { index.entries[place].block = extent }
    }

    // MARK: Time columns

    /// The time column of some samples, written unless an equal one was.
    ///
    /// The points of one device are often sampled together, so equal time columns are stored once.
    private func timeColumn(_ run: SampleRun, _ range: Range<Int>) throws -> TimeColumn {
        let hash = run.times.withUnsafeBufferPointer {
            Hasher128.hash(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0[range])))
        }
        if let shared = sharedTimes[hash] { return shared }
        let bytes = BlockCodec.encodeTimes(run, range, effort: effort)
        let column: TimeColumn
        if bytes.count <= SegmentBlock.inlineTimes {
            bytes.withUnsafeBytes { codecs.add($0) }
            column = .short(bytes)
        } else {
            column = .stored(try store(times: bytes))
        }
        if sharedTimes.count >= Self.sharedTimesLimit { sharedTimes.removeAll(keepingCapacity: true) }
        sharedTimes[hash] = column
        return column
    }

    /// The place of an encoded time column, which is written if it is new.
    private func store(times bytes: [UInt8]) throws -> Extent {
        let hash = bytes.withUnsafeBytes { Hasher128.hash($0) }
        if let known = storedTimes[hash] { return known }
        bytes.withUnsafeBytes { codecs.add($0) }
        let extent = try write(bytes)
        if storedTimes.count >= Self.sharedTimesLimit { storedTimes.removeAll(keepingCapacity: true) }
        storedTimes[hash] = extent
        return extent
    }

    // MARK: Versions

    /// Counts the samples that have a later version in the segment.
    private func noteVersions(_ series: SeriesID, _ run: SampleRun, _ range: Range<Int>, _ entry: BlockEntry)
    {
        noteEnds(
            series, first: entry.firstTime, last: entry.lastTime, commit: run.commits[range.lowerBound])
        guard entry.hasVersions else { return }
        for index in range.dropFirst() where run.times[index - 1] == run.times[index] {
            olderVersions += 1
            replacedUpTo = max(replacedUpTo, run.commits[index])
        }
    }

    /// Notes the ends of a block; its first sample may be a later version of the last sample of the block before.
    private func noteEnds(_ series: SeriesID, first: Int64, last: Int64, commit: UInt64) {
        if let lastSample, lastSample == (series, first) {
            olderVersions += 1
            replacedUpTo = max(replacedUpTo, commit)
        }
        lastSample = (series, last)
    }

    private func countCodecs(ofBlock block: UnsafeRawBufferPointer) throws {
        var reader = ByteReader(block)
        let values = try reader.varint(limit: FormatLimits.blockBytes, "bytes of values")
        let states = try reader.varint(limit: FormatLimits.blockBytes, "bytes of states")
        codecs.add(try reader.bytes(count: values))
        codecs.add(try reader.bytes(count: states))
        codecs.add(try reader.bytes(count: reader.remaining))
    }

    // MARK: The file

    private func endPage() throws {
        for type in shared.keys.sorted(by: { $0.rawValue < $1.rawValue }) { try endShared(type) }
        index.endPage()
    }

    /// Counts an entry in the footer's numbers and returns it.
    private func counted(_ entry: BlockEntry) -> BlockEntry {
        summary.samples += UInt64(entry.count)
        summary.blocks += 1
        summary.firstTime = min(summary.firstTime, entry.firstTime)
        summary.lastTime = max(summary.lastTime, entry.lastTime)
        summary.lowestCommit = min(summary.lowestCommit, entry.lowestCommit)
        summary.highestCommit = max(summary.highestCommit, entry.highestCommit)
        return entry
    }

    @discardableResult
    private func write(_ bytes: [UInt8]) throws -> Extent {
        let offset = written + buffer.count
        bytes.withUnsafeBytes { buffer.append(bytes: $0) }
        if buffer.count >= flushBytes { try flush() }
        return Extent(offset: offset, count: bytes.count, checksum: bytes.withUnsafeBytes { Checksum.of($0) })
    }

    private func flush() throws {
        try file.append(buffer.bytes)
        written += buffer.count
        buffer.bytes.removeAll(keepingCapacity: true)
    }

    private func writePreamble() {
        var preamble = ByteWriter(capacity: SegmentFormat.preambleBytes)
        SegmentFormat.magic.withUnsafeBytes { preamble.append(bytes: $0) }
        preamble.append(SegmentFormat.version)
        preamble.append(UInt16(0))
        preamble.append(UInt32(0))
        id.hash.write(to: &preamble)
        preamble.append(preamble.bytes.withUnsafeBytes { Checksum.of($0) })
        preamble.bytes.withUnsafeBytes { buffer.append(bytes: $0) }
    }
}
