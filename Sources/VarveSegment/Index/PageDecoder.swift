// PageDecoder.swift — the bytes of an index page → its columns. Byte table: SegmentFormat.md.
//
// Invariants:
// - Every number is checked against its limit. Memory is taken for at most `FormatLimits.pageEntries` entries.
// - Every extent lies inside the data part of the file, behind the one before it.

import VarveCodec

struct PageDecoder {
    private var reader: ByteReader
    private var columns = IndexPage.Columns()
    private let count: Int

    /// Decodes the unpacked bytes of a page.
    ///
    /// - Parameters:
    ///   - data: The part of the file with blocks and time columns.
    ///   - vectorBytes: The bytes of all vector indexes of the page.
    ///   - end: The offset at which the vector indexes end.
    /// - Throws: `CodecError` where the bytes are not a page.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, data: Range<Int>, vectorBytes: Int, end: Int
    ) throws(CodecError) -> IndexPage {
        var decoder = try PageDecoder(bytes)
        try decoder.readExtents(data)
        try decoder.readSeriesAndTimes()
        try decoder.readCommits()
        try decoder.readBlocksAndTimeColumns()
        try decoder.readStatistics(vectorBytes: vectorBytes, end: end)
        try decoder.reader.finish()
        return IndexPage(decoder.columns)
    }

    private init(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        reader = ByteReader(bytes)
        count = try reader.varint(limit: FormatLimits.pageEntries, "entries of a page")
        guard count > 0 else { throw reader.failure("a page without entries") }
    }

    private mutating func readExtents(_ data: Range<Int>) throws(CodecError) {
        let extentCount = try reader.varint(limit: 2 * count, "pieces of a page")
        let gaps = try column(extentCount)
        let counts = try column(extentCount)
        columns.extents.reserveCapacity(extentCount)
        var end = Int64(0)
        for index in 0..<extentCount {
            let checksum = try reader.integer(as: UInt64.self)
            let (gap, count) = (gaps[index], counts[index])
            guard gap >= 0, gap <= Int64(data.upperBound), count > 0, count <= Int64(FormatLimits.blockBytes),
                end + gap >= Int64(data.lowerBound), end + gap + count <= Int64(data.upperBound)
            else { throw reader.failure("an extent outside the file's data") }
            columns.extents.append(Extent(offset: Int(end + gap), count: Int(count), checksum: checksum))
            end += gap + count
        }
    }

    private mutating func readSeriesAndTimes() throws(CodecError) {
        let series = try column(count)
        let counts = try column(count)
        let starts = try column(count)
        let spans = try column(count)
        var id = Int64(0)
        for index in 0..<count {
            guard series[index] >= 0, series[index] <= Int64(FormatLimits.series),
                id + series[index] <= Int64(FormatLimits.series), counts[index] >= 0,
                counts[index] < Int64(FormatLimits.blockSamples)
            else { throw reader.failure("an impossible entry") }
            id += series[index]
            let isSame = index > 0 && series[index] == 0
            let origin =
                index == 0 ? 0 : isSame ? columns.lastTimes[index - 1] : columns.firstTimes[index - 1]
            let first = origin &+ starts[index]
            let last = first &+ spans[index]
            guard last >= first, !isSame || first >= origin else {
                throw reader.failure("entries out of order")
            }
            columns.series.append(SeriesID(id))
            columns.counts.append(UInt16(counts[index] + 1))
            columns.firstTimes.append(first)
            columns.lastTimes.append(last)
        }
    }

    private mutating func readCommits() throws(CodecError) {
        let lowest = try column(count)
        let spans = try column(count)
        for index in 0..<count {
            let low = UInt64(bitPattern: lowest[index])
            let (high, overflow) = low.addingReportingOverflow(UInt64(bitPattern: spans[index]))
            guard !overflow else { throw reader.failure("impossible commits") }
            columns.lowestCommits.append(low)
            columns.highestCommits.append(high)
        }
    }

    private mutating func readBlocksAndTimeColumns() throws(CodecError) {
        let steps = try column(count)
        let times = try column(count)
        let limit = Int64(columns.extents.count)
        var ends = [Int](repeating: 0, count: columns.extents.count)
        var block = Int64(0)
        for index in 0..<count {
            let (next, overflow) = block.addingReportingOverflow(steps[index])
            guard !overflow, next >= 0, next < limit, times[index] >= 0, times[index] <= limit else {
                throw reader.failure("an entry of no piece")
            }
            block = next
            columns.blocks.append(UInt16(block))
            columns.times.append(UInt16(times[index]))
            columns.rows.append(UInt16(ends[Int(block)]))
            ends[Int(block)] += Int(columns.counts[index])
            guard ends[Int(block)] <= FormatLimits.blockSamples else {
                throw reader.failure("a block of more than \(FormatLimits.blockSamples) samples")
            }
        }
    }

    private mutating func readStatistics(vectorBytes: Int, end: Int) throws(CodecError) {
        let marks = try column(count)
        let lengths = try column(count)
        var vectorEnd = Int64(0)
        for length in lengths {
            guard length >= 0, length <= Int64(vectorBytes) - vectorEnd else {
                throw reader.failure("vector indexes outside their piece")
            }
            vectorEnd += length
            columns.vectorEnds.append(UInt32(vectorEnd))
        }
        guard vectorEnd == Int64(vectorBytes) else { throw reader.failure("vector indexes of no block") }
        if vectorBytes > 0 {
            columns.vectors = Extent(
                offset: end - vectorBytes, count: vectorBytes, checksum: try reader.integer(as: UInt64.self))
        }
        var codec = StatisticsCodec()
        for index in 0..<count {
            let mark = marks[index]
            guard mark & ~(PageMark.statistics | PageMark.versions) == 0 else {
                throw reader.failure("an unknown mark of an entry")
            }
            columns.haveVersions.append(mark & PageMark.versions != 0)
            guard mark & PageMark.statistics != 0 else {
                columns.statisticsNumbers.append(0)
                continue
            }
            columns.statistics.append(try codec.read(&reader, count: Int(columns.counts[index])))
            columns.statisticsNumbers.append(UInt16(columns.statistics.count))
        }
    }

    /// Reads a column of integers that is preceded by its size.
    private mutating func column(_ count: Int) throws(CodecError) -> [Int64] {
        let size = try reader.varint(limit: reader.remaining, "bytes of a column")
        return try IntegerColumn.array(try reader.bytes(count: size), count: count)
    }
}

extension IntegerColumn {
    /// Decodes a column into an array.
    ///
    /// - Throws: `CodecError` where the bytes are not a column of `count` integers.
    static func array(_ bytes: UnsafeRawBufferPointer, count: Int) throws(CodecError) -> [Int64] {
        var failure: CodecError?
        let column = [Int64](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress, count > 0 else { return }
            do throws(CodecError) {
                try decode(bytes, count: count, into: base)
                filled = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return column
    }
}
