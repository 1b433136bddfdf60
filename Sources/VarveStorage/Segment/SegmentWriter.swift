// SegmentWriter.swift — runs in, a sealed segment file out.
//
// Invariants:
// - Series come in ascending order of id, each once, its samples sorted.
// - The file exists under its final random name from the start but nothing refers to it before `seal`
//   returned: after a crash it is an orphan that the next writer removes.
// - Memory: the open block, one page of entries per page written, and the buffer of bytes not yet written.

package import VarveCodec
package import VarveFile
package import VarveModel

package final class SegmentWriter {
    package let id = FileID.random()
    private let file: any File
    private let effort: Effort
    private var buffer = ByteWriter(capacity: flushBytes + (1 << 20))
    private var written = 0
    private var entries: [BlockEntry] = []
    private var pages: [[BlockEntry]] = []
    private var summary = SegmentSummary()
    private var codecs = CodecShares()
    private var sharedTimes: [Hash128: Extent] = [:]
    private var lastSeries: SeriesID?

    private static let flushBytes = 4 << 20
    private static let sharedTimesLimit = 65_536

    package init(_ files: any FileSystem, _ directory: DataDirectory, effort: Effort) throws {
        file = try files.open(directory.absolute(DataDirectory.immutable(id, .segment)), .createNew)
        self.effort = effort
        writePreamble()
    }

    /// The bytes so far.
    package var byteCount: Int { written + buffer.count }

    /// Adds the samples of the next series.
    package func append(series: SeriesID, type: ValueType, _ run: SampleRun) throws {
        precondition(lastSeries.map { $0 < series } ?? true, "series must ascend")
        lastSeries = series
        summary.series += 1
        for block in run.blocks { try appendBlock(series, type, run, block) }
    }

    /// Adds the samples of the next series from a source of runs, in time order, each full or the last.
    package func append(
        series: SeriesID, type: ValueType, runs next: () throws -> SampleRun?
    ) throws -> UInt64 {
        var first = true
        var samples: UInt64 = 0
        while let run = try next() {
            if first {
                try append(series: series, type: type, run)
                first = false
            } else {
                for block in run.blocks { try appendBlock(series, type, run, block) }
            }
            samples += UInt64(run.count)
        }
        return samples
    }

    /// Writes index and footer and makes the file durable; the folder's entry too.
    package func seal(_ files: any FileSystem, _ directory: DataDirectory) throws -> SegmentReference {
        endPage()
        let indexOffset = byteCount
        var pageEntries: [PageEntry] = []
        for page in pages { pageEntries.append(try write(page: page)) }
        let topOffset = byteCount
        let top = IndexCodec.encodeTop(pageEntries, codecs: codecs)
        try write(top)
        let footer = footer(topOffset: topOffset, top: top, indexOffset: indexOffset)
        try write(footer)
        try flush()
        try file.sync()
        file.close()
        try files.syncDirectory(directory.segments)
        return SegmentReference(
            id: id, byteCount: UInt64(written), checksum: footer.withUnsafeBytes { Checksum.of($0) },
            summary: summary)
    }

    /// Gives up: removes the file.
    package func discard(_ files: any FileSystem, _ directory: DataDirectory) {
        file.close()
        try? files.remove(directory.absolute(DataDirectory.immutable(id, .segment)))
    }

    private func appendBlock(
        _ series: SeriesID, _ type: ValueType, _ run: SampleRun, _ range: Range<Int>
    ) throws {
        let commits = run.commits[range]
        let times = try timeColumn(run, range)
        let bytes = BlockCodec.encodeBlock(run, range, type: type, effort: effort)
        try bytes.withUnsafeBytes { try countCodecs(ofBlock: $0) }
        let block = try write(bytes)
        let entry = BlockEntry(
            series: series, count: range.count, firstTime: run.times[range.lowerBound],
            lastTime: run.times[range.upperBound - 1], lowestCommit: commits.min() ?? 0,
            highestCommit: commits.max() ?? 0, block: block, times: times,
            statistics: BlockStatistics(run, range, type: type))
        entries.append(entry)
        if entries.count == Limits.pageEntries { endPage() }
        summary.samples += UInt64(entry.count)
        summary.blocks += 1
        summary.firstTime = min(summary.firstTime, entry.firstTime)
        summary.lastTime = max(summary.lastTime, entry.lastTime)
        summary.lowestCommit = min(summary.lowestCommit, entry.lowestCommit)
        summary.highestCommit = max(summary.highestCommit, entry.highestCommit)
    }

    /// Points of one device are read together: equal time columns are stored once.
    private func timeColumn(_ run: SampleRun, _ range: Range<Int>) throws -> Extent {
        let hash = run.times.withUnsafeBufferPointer {
            Hasher128.hash(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0[range])))
        }
        if let shared = sharedTimes[hash] { return shared }
        let bytes = BlockCodec.encodeTimes(run, range, effort: effort)
        bytes.withUnsafeBytes { codecs.add($0) }
        let extent = try write(bytes)
        if sharedTimes.count >= Self.sharedTimesLimit { sharedTimes.removeAll(keepingCapacity: true) }
        sharedTimes[hash] = extent
        return extent
    }

    private func countCodecs(ofBlock block: UnsafeRawBufferPointer) throws {
        var reader = ByteReader(block)
        let values = try reader.varint(limit: Limits.blockBytes, "bytes of values")
        let states = try reader.varint(limit: Limits.blockBytes, "bytes of states")
        codecs.add(try reader.bytes(count: values))
        codecs.add(try reader.bytes(count: states))
        codecs.add(try reader.bytes(count: reader.remaining))
    }

    private func endPage() {
        guard !entries.isEmpty else { return }
        pages.append(entries)
        entries = []
    }

    private func write(page: [BlockEntry]) throws -> PageEntry {
        let raw = IndexCodec.encodePage(page)
        var packed = ByteWriter()
        let isPacked =
            raw.withUnsafeBytes { LZ4.compress($0, into: &packed, level: .high) != nil }
            && packed.count < raw.count
        let extent = try write(isPacked ? packed.bytes : raw)
        return PageEntry(
            extent: extent, rawCount: raw.count, firstSeries: page.first?.series ?? 0,
            lastSeries: page.last?.series ?? 0, firstTime: page.map(\.firstTime).min() ?? 0,
            lastTime: page.map(\.lastTime).max() ?? 0)
    }

    @discardableResult
    private func write(_ bytes: [UInt8]) throws -> Extent {
        let offset = byteCount
        bytes.withUnsafeBytes { buffer.append(bytes: $0) }
        if buffer.count >= Self.flushBytes { try flush() }
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

    private func footer(topOffset: Int, top: [UInt8], indexOffset: Int) -> [UInt8] {
        var footer = ByteWriter(capacity: SegmentFormat.footerBytes)
        footer.append(UInt64(topOffset))
        footer.append(UInt64(top.count))
        footer.append(top.withUnsafeBytes { Checksum.of($0) })
        footer.append(summary.samples)
        footer.append(summary.series)
        footer.append(summary.blocks)
        footer.append(summary.firstTime)
        footer.append(summary.lastTime)
        footer.append(summary.lowestCommit)
        footer.append(summary.highestCommit)
        footer.append(UInt64(indexOffset))
        footer.append(footer.bytes.withUnsafeBytes { Checksum.of($0) })
        SegmentFormat.endMagic.withUnsafeBytes { footer.append(bytes: $0) }
        return footer.bytes
    }
}
