// PageEncoder.swift — block entries → the bytes of an index page: columns of integers, then rows of statistics.
//
// Byte table: SegmentFormat.md. PageDecoder.swift is the inverse.
//
// Invariants:
// - Entries are sorted by (series, first time), and pages follow each other in the same order.
// - The entries of a shared block are all in one page, in the order of their samples.

import VarveCodec

/// The bits of an entry's marks.
enum PageMark {
    /// The entry has statistics.
    static let statistics: Int64 = 1
    /// A time comes more than once among the samples.
    static let versions: Int64 = 2
}

enum PageEncoder {
    /// The bytes of a page, before LZ4.
    ///
    /// - Parameters:
    ///   - entries: Sorted; at least one, at most `FormatLimits.pageEntries`.
    ///   - vectors: The piece with their vector indexes, if there are any.
    static func encode(_ entries: [BlockEntry], vectors: Extent?, effort: Effort) -> [UInt8] {
        var writer = ByteWriter(capacity: 256 + entries.count * 40)
        let extents = Set(entries.map(\.block)).union(entries.compactMap(\.times))
            .sorted { $0.offset < $1.offset }
        let places = Dictionary(uniqueKeysWithValues: zip(extents, 0...))
        writer.appendVarint(UInt64(entries.count))
        writer.appendVarint(UInt64(extents.count))
        var end = 0
        write(
            extents.map { extent in
                defer { end = extent.offset + extent.count }
                return Int64(extent.offset - end)
            }, to: &writer, effort)
        write(extents.map { Int64($0.count) }, to: &writer, effort)
        for extent in extents { writer.append(extent.checksum) }
        write(columns(of: entries, places), to: &writer, effort)
        if let vectors { writer.append(vectors.checksum) }
        var codec = StatisticsCodec()
        for entry in entries {
            guard let statistics = entry.statistics else { continue }
            codec.write(statistics, count: entry.count, to: &writer)
        }
        return writer.bytes
    }

    private static func columns(of entries: [BlockEntry], _ places: [Extent: Int]) -> [[Int64]] {
        var columns = [[Int64]](repeating: [], count: 10)
        var before: BlockEntry?
        var block = 0
        for entry in entries {
            let place = places[entry.block] ?? 0
            let isSame = entry.series == before?.series
            let time = isSame ? before?.lastTime : before?.firstTime
            columns[0].append(Int64(entry.series) - Int64(before?.series ?? 0))
            columns[1].append(Int64(entry.count) - 1)
            columns[2].append(entry.firstTime &- (time ?? 0))
            columns[3].append(entry.lastTime &- entry.firstTime)
            columns[4].append(Int64(bitPattern: entry.lowestCommit))
            columns[5].append(Int64(bitPattern: entry.highestCommit - entry.lowestCommit))
            columns[6].append(Int64(place - block))
            columns[7].append(entry.times.map { Int64(1 + (places[$0] ?? 0)) } ?? 0)
            columns[8].append(
                (entry.statistics == nil ? 0 : PageMark.statistics)
                    | (entry.hasVersions ? PageMark.versions : 0))
            columns[9].append(Int64(entry.vectors?.bytes.count ?? 0))
            block = place
            before = entry
        }
        return columns
    }

    private static func write(_ columns: [[Int64]], to writer: inout ByteWriter, _ effort: Effort) {
        for column in columns { write(column, to: &writer, effort) }
    }

    private static func write(_ column: [Int64], to writer: inout ByteWriter, _ effort: Effort) {
        writer.appendSized { nested in
            column.withUnsafeBufferPointer { IntegerColumn.encode($0, into: &nested, effort: effort) }
        }
    }
}
