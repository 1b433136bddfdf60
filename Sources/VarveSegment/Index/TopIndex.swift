// TopIndex.swift — the index at the end of a segment: its index pages, series and encodings.
//
// Byte table: SegmentFormat.md.
//
// Invariants:
// - The vector indexes and pages follow each other without gaps from the start of the index to the top index.
// - Pages ascend by series: the first series of a page is not below the last one of the page before.

package import VarveCodec

package struct TopIndex: Hashable, Sendable {
    var pages: [PageEntry] = []
    var series = SeriesSet()
    var codecs = CodecShares()

    /// The bytes of a page entry whose numbers all take one byte.
    private static let leastPageBytes = 15

    init() {}

    /// About how much memory it takes, in bytes.
    var byteCount: Int {
        pages.count * MemoryLayout<PageEntry>.stride + series.byteCount + codecs.bytes.count * 64 + 256
    }

    /// The first page that may have entries of a series.
    func firstPage(of series: SeriesID) -> Int {
        pages.partitioningIndex { $0.lastSeries >= series }
    }

    func encode(effort: Effort) -> [UInt8] {
        var writer = ByteWriter(capacity: pages.count * 40 + 256)
        writer.appendVarint(UInt64(pages.count))
        var series: SeriesID = 0
        for page in pages {
            writer.appendVarint(UInt64(page.vectorBytes))
            writer.appendVarint(UInt64(page.extent.count))
            writer.append(page.extent.checksum)
            writer.appendVarint(UInt64(page.rawCount))
            writer.appendVarint(UInt64(page.firstSeries - series))
            writer.appendVarint(UInt64(page.lastSeries - page.firstSeries))
            writer.appendSigned(page.firstTime)
            writer.appendVarint(UInt64(bitPattern: page.lastTime &- page.firstTime))
            series = page.lastSeries
        }
        self.series.write(to: &writer, effort: effort)
        codecs.write(to: &writer)
        return writer.bytes
    }

    /// Reads the unpacked bytes of a top index.
    ///
    /// - Parameter index: The part of the file with vector indexes and pages, which the pages must fill.
    /// - Throws: `CodecError` where the bytes are not such an index.
    package init(_ bytes: UnsafeRawBufferPointer, index: Range<Int>) throws(CodecError) {
        var reader = ByteReader(bytes)
        let count = try reader.varint(limit: bytes.count / Self.leastPageBytes, "index pages")
        pages.reserveCapacity(count)
        var offset = index.lowerBound
        var series = 0
        for _ in 0..<count {
            let vectorBytes = try reader.varint(limit: index.upperBound - offset, "bytes of vector indexes")
            let room = index.upperBound - offset - vectorBytes
            let stored = try reader.varint(limit: room, "stored bytes of a page")
            let checksum = try reader.integer(as: UInt64.self)
            let raw = try reader.varint(limit: FormatLimits.pageBytes, "bytes of a page")
            let first = series + (try reader.varint(limit: FormatLimits.series, "series id"))
            let last = first + (try reader.varint(limit: FormatLimits.series, "series id"))
            let firstTime = try reader.signed()
            let lastTime = firstTime &+ Int64(bitPattern: try reader.varint())
            guard last < FormatLimits.series, lastTime >= firstTime,
                vectorBytes <= FormatLimits.vectorIndexBytes
            else {
                throw reader.failure("an impossible page")
            }
            let extent = Extent(offset: offset + vectorBytes, count: stored, checksum: checksum)
            pages.append(
                PageEntry(
                    extent: extent, rawCount: raw, vectorBytes: vectorBytes, firstSeries: SeriesID(first),
                    lastSeries: SeriesID(last), firstTime: firstTime, lastTime: lastTime))
            offset = extent.offset + stored
            series = last
        }
        guard offset == index.upperBound else { throw reader.failure("bytes of no page") }
        self.series = try SeriesSet(from: &reader)
        codecs = try CodecShares(from: &reader)
        try reader.finish()
    }
}
