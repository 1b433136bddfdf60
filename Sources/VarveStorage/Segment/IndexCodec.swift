// IndexCodec.swift — block entries ⇄ index pages, page entries ⇄ the top index.
//
// Byte tables: SegmentFormat.md.
//
// Invariants:
// - Entries are sorted by (series, first time); pages follow each other in the same order.
// - Every extent lies inside the data part of the file: checked when a page is read.

package import VarveCodec

package enum IndexCodec {
    package static func encodePage(_ entries: [BlockEntry]) -> [UInt8] {
        var writer = ByteWriter(capacity: entries.count * 160)
        writer.appendVarint(UInt64(entries.count))
        for entry in entries {
            writer.appendVarint(UInt64(entry.series))
            writer.appendVarint(UInt64(entry.count))
            writer.appendSigned(entry.firstTime)
            writer.appendVarint(UInt64(bitPattern: entry.lastTime &- entry.firstTime))
            writer.appendVarint(entry.lowestCommit)
            writer.appendVarint(entry.highestCommit - entry.lowestCommit)
            append(entry.block, to: &writer)
            append(entry.times, to: &writer)
            entry.statistics.write(to: &writer)
        }
        return writer.bytes
    }

    package static func decodePage(
        _ bytes: UnsafeRawBufferPointer, data: Range<Int>
    ) throws(CodecError) -> [BlockEntry] {
        var reader = ByteReader(bytes)
        let count = try reader.varint(limit: Limits.pageEntries, "entries of a page")
        var entries: [BlockEntry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let series = try reader.varint(limit: Limits.series, "series id")
            let samples = try reader.varint(limit: Limits.blockSamples, "samples of a block")
            let first = try reader.signed()
            let span = try reader.varint()
            let lowest = try reader.varint()
            let (highest, overflow) = lowest.addingReportingOverflow(try reader.varint())
            let last = first &+ Int64(bitPattern: span)
            guard samples > 0, last >= first, !overflow else { throw reader.failure("an impossible entry") }
            let entry = BlockEntry(
                series: SeriesID(series), count: samples, firstTime: first, lastTime: last,
                lowestCommit: lowest, highestCommit: highest, block: try extent(&reader, data),
                times: try extent(&reader, data), statistics: try BlockStatistics(from: &reader))
            if let before = entries.last, !inOrder(before, entry) {
                throw reader.failure("entries out of order")
            }
            entries.append(entry)
        }
        try reader.finish()
        return entries
    }

    package static func encodeTop(_ pages: [PageEntry], codecs: CodecShares) -> [UInt8] {
        var writer = ByteWriter(capacity: pages.count * 48)
        writer.appendVarint(UInt64(pages.count))
        for page in pages {
            append(page.extent, to: &writer)
            writer.appendVarint(UInt64(page.rawCount))
            writer.appendVarint(UInt64(page.firstSeries))
            writer.appendVarint(UInt64(page.lastSeries))
            writer.appendSigned(page.firstTime)
            writer.appendSigned(page.lastTime)
        }
        codecs.write(to: &writer)
        return writer.bytes
    }

    package static func decodeTop(
        _ bytes: UnsafeRawBufferPointer, index: Range<Int>
    ) throws(CodecError) -> (pages: [PageEntry], codecs: CodecShares) {
        var reader = ByteReader(bytes)
        let count = try reader.varint(limit: bytes.count, "index pages")
        var pages: [PageEntry] = []
        pages.reserveCapacity(count)
        for _ in 0..<count {
            pages.append(
                PageEntry(
                    extent: try extent(&reader, index),
                    rawCount: try reader.varint(limit: Limits.pageBytes, "bytes of a page"),
                    firstSeries: SeriesID(try reader.varint(limit: Limits.series, "series id")),
                    lastSeries: SeriesID(try reader.varint(limit: Limits.series, "series id")),
                    firstTime: try reader.signed(), lastTime: try reader.signed()))
        }
        let codecs = try CodecShares(from: &reader)
        try reader.finish()
        return (pages, codecs)
    }

    package static func inOrder(_ before: BlockEntry, _ after: BlockEntry) -> Bool {
        before.series < after.series || (before.series == after.series && before.lastTime <= after.firstTime)
    }

    private static func append(_ extent: Extent, to writer: inout ByteWriter) {
        writer.appendVarint(UInt64(extent.offset))
        writer.appendVarint(UInt64(extent.count))
        writer.append(extent.checksum)
    }

    private static func extent(_ reader: inout ByteReader, _ bounds: Range<Int>) throws(CodecError) -> Extent
    {
        let offset = try reader.varint(limit: bounds.upperBound, "offset")
        let count = try reader.varint(limit: Limits.blockBytes, "bytes of an extent")
        guard offset >= bounds.lowerBound, offset + count <= bounds.upperBound else {
            throw reader.failure("an extent outside the file's data")
        }
        return Extent(offset: offset, count: count, checksum: try reader.integer(as: UInt64.self))
    }
}
