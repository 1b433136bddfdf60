// SegmentReader.swift — an open segment: finds and reads blocks.
//
// Opening reads the preamble, the footer and the top index, nothing else; a block costs one read for its entry's page (kept)
// and one or two for the block and its time column.
//
// Invariants:
// - Nothing read from the file is used before its checksum held.
// - The file's identity is checked against the manifest: the footer's checksum and the file's size.

import Synchronization
import VarveCodec
package import VarveFile
package import VarveModel

package final class SegmentReader: Sendable {
    package let reference: SegmentReference
    package let name: String
    package let top: TopIndex
    private let file: any File
    /// Where blocks and time columns are; pages follow.
    private let data: Range<Int>
    private let cache = Mutex<[Int: IndexPage]>([:])
    private let sharedBlock = Mutex<SharedColumns?>(nil)

    /// The block that was read last, and its columns if it is a shared one that was read twice.
    private struct SharedColumns {
        var extent: Extent
        var columns: SampleRun?
    }

    package init(
        _ files: any FileSystem, _ directory: DataDirectory, _ reference: SegmentReference
    ) throws {
        self.reference = reference
        let name = DataDirectory.immutable(reference.id, .segment)
        self.name = name
        file = try files.open(directory.absolute(name), .read)
        try SegmentPreamble.check(file, name: name, id: reference.id)
        let footer = try SegmentFooter(file, name: name, size: Int(reference.byteCount))
        guard footer.checksum == reference.checksum else {
            throw StorageError.damaged(
                Damage(
                    file: name, offset: footer.offset, reason: "the footer is not the one the manifest names")
            )
        }
        data = SegmentFormat.preambleBytes..<footer.indexOffset
        let index = footer.indexOffset..<footer.top.offset
        guard footer.topRawCount <= Limits.topIndexBytes else {
            throw StorageError.damaged(
                Damage(file: name, offset: footer.offset, reason: "a top index of impossible size"))
        }
        top = try Self.withUnpacked(file, name, footer.top, rawCount: footer.topRawCount, "top index") {
            bytes throws(CodecError) in
            try TopIndex(bytes, index: index)
        }
    }

    /// Opens a segment by itself, without a manifest; for `varve inspect`.
    package convenience init(
        alone name: String, id: FileID, _ files: any FileSystem, _ directory: DataDirectory
    ) throws {
        let file = try files.open(directory.absolute(name), .read)
        let size = try file.size()
        let footer = try SegmentFooter(file, name: name, size: size)
        file.close()
        try self.init(
            files, directory,
            SegmentReference(
                id: id, byteCount: UInt64(size), checksum: footer.checksum, summary: footer.summary))
    }

    package var pages: [PageEntry] { top.pages }

    package var codecs: CodecShares { top.codecs }

    /// The entries of a series' blocks with samples in a range, in time order.
    package func blocks(of series: SeriesID, in range: TimeRange = .all) throws -> [BlockEntry] {
        var found: [BlockEntry] = []
        guard let last = range.lastNanosecond, top.series.contains(series) else { return found }
        let first = range.from.nanoseconds
        var index = top.firstPage(of: series)
        while index < pages.count, pages[index].firstSeries <= series {
            if pages[index].firstTime <= last, pages[index].lastTime >= first {
                try page(index).entries(of: series, first: first, last: last, into: &found)
            }
            index += 1
        }
        return found
    }

    /// Page `index`.
    package func page(_ index: Int) throws -> IndexPage {
        if let cached = cache.withLock({ $0[index] }) { return cached }
        let page = pages[index]
        let decoded = try Self.withUnpacked(file, name, page.extent, rawCount: page.rawCount, "index page") {
            bytes throws(CodecError) in
            try PageDecoder.decode(
                bytes, data: data, vectorBytes: page.vectorBytes, end: page.extent.offset)
        }
        cache.withLock { cache in
            if cache.count >= Limits.cachedPages { cache.removeAll(keepingCapacity: true) }
            cache[index] = decoded
        }
        return decoded
    }

    /// What is known of the vectors of a block; empty where it has only one or they are not worth their bytes.
    package func vectors(of entry: BlockEntry) throws -> [VectorEntry] {
        guard let place = entry.vectors else { return [] }
        return try Self.withChecked(file, name, place.extent, "vector tables") { bytes throws(CodecError) in
            guard place.bytes.upperBound <= bytes.count else {
                throw CodecError(offset: 0, reason: "a table outside its piece")
            }
            return try VectorTable.read(UnsafeRawBufferPointer(rebasing: bytes[place.bytes]), of: entry)
        }
    }

    /// Reads and decodes the samples of an entry, or some of its columns.
    package func read(
        _ entry: BlockEntry, type: ValueType, columns: BlockColumns = .all
    ) throws -> SampleRun {
        let run = try read(entry, rows: 0..<entry.count, type: type, columns: columns)
        guard
            !columns.contains(.times)
                || (run.times.first == entry.firstTime && run.times.last == entry.lastTime)
        else { throw damaged(entry.block, "the block does not decode: its times are not those of its entry") }
        return run
    }

    /// Reads and decodes the samples of some vectors of an entry's block.
    package func read(
        _ entry: BlockEntry, type: ValueType, vectors: Range<Int>, columns: BlockColumns = .all
    ) throws -> SampleRun {
        try read(
            entry, rows: BlockLimits.values(of: vectors, count: entry.count), type: type, columns: columns)
    }

    private func read(
        _ entry: BlockEntry, rows: Range<Int>, type: ValueType, columns: BlockColumns
    ) throws -> SampleRun {
        let rows = rows.lowerBound + entry.row..<rows.upperBound + entry.row
        let before = sharedBlock.withLock { shared -> SharedColumns? in
            defer { if shared?.extent != entry.block { shared = SharedColumns(extent: entry.block) } }
            return shared?.extent == entry.block ? shared : nil
        }
        if let columns = before?.columns { return try part(of: columns, rows, entry) }
        let needsTimes = columns.contains(.times)
        let outside =
            needsTimes ? try entry.times.map { try Self.checked(file, name, $0, "time column") } ?? [] : []
        return try Self.withChecked(file, name, entry.block, "block") { bytes throws(CodecError) in
            let parts = try SegmentBlock.parts(bytes, count: entry.count, row: entry.row)
            // A shared block is decoded as a whole only if it is asked for twice: its series are mostly read one
            // after the other, but a query wants one of them.
            let isWhole = before != nil && parts.samples != entry.count
            let result = outside.withUnsafeBytes { outside -> Result<SampleRun, CodecError> in
                Result { () throws(CodecError) in
                    try BlockCodec.decodeColumns(
                        block: parts.block, times: parts.times ?? outside, count: parts.samples,
                        rows: isWhole ? nil : rows, type: type, columns: isWhole ? .all : columns)
                }
            }
            let run = try result.get()
            guard isWhole else {
                try BlockCodec.check(run)
                return run
            }
            sharedBlock.withLock { $0 = SharedColumns(extent: entry.block, columns: run) }
            let part = run.part(rows)
            try BlockCodec.check(part)
            return part
        }
    }

    private func part(of columns: SampleRun, _ rows: Range<Int>, _ entry: BlockEntry) throws -> SampleRun {
        let run = columns.part(rows)
        do throws(CodecError) {
            try BlockCodec.check(run)
        } catch {
            throw damaged(entry.block, "the block does not decode: \(error.reason)")
        }
        return run
    }

    private func damaged(_ extent: Extent, _ reason: String) -> StorageError {
        .damaged(Damage(file: name, offset: extent.offset, reason: reason))
    }

    /// Checks the bytes of an extent of this file without decoding them.
    package func check(_ extent: Extent, _ what: String) throws {
        _ = try Self.checked(file, name, extent, what)
    }

    /// Where blocks and time columns are.
    package var dataRange: Range<Int> { data }

    private static func checked(
        _ file: any File, _ name: String, _ extent: Extent, _ what: String
    ) throws -> [UInt8] {
        let bytes = try file.readBytes(count: extent.count, at: extent.offset)
        guard bytes.count == extent.count, bytes.withUnsafeBytes({ Checksum.of($0) }) == extent.checksum
        else {
            throw StorageError.damaged(
                Damage(
                    file: name, offset: extent.offset, reason: "the checksum of the \(what) does not match"))
        }
        return bytes
    }

    private static func withChecked<T>(
        _ file: any File, _ name: String, _ extent: Extent, _ what: String,
        _ body: (UnsafeRawBufferPointer) throws(CodecError) -> T
    ) throws -> T {
        let bytes = try checked(file, name, extent, what)
        let result = bytes.withUnsafeBytes { raw -> Result<T, CodecError> in
            Result { () throws(CodecError) in try body(raw) }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error):
            throw StorageError.damaged(
                Damage(
                    file: name, offset: extent.offset, reason: "the \(what) does not decode: \(error.reason)")
            )
        }
    }

    /// Gives the unpacked bytes of a piece that is an LZ4 block unless its bytes are `rawCount` already.
    private static func withUnpacked<T>(
        _ file: any File, _ name: String, _ extent: Extent, rawCount: Int, _ what: String,
        _ body: (UnsafeRawBufferPointer) throws(CodecError) -> T
    ) throws -> T {
        try withChecked(file, name, extent, what) { bytes throws(CodecError) in
            guard rawCount != bytes.count else { return try body(bytes) }
            var raw = [UInt8](repeating: 0, count: rawCount)
            let result = raw.withUnsafeMutableBytes { target -> Result<T, CodecError> in
                Result { () throws(CodecError) in
                    try LZ4.decompress(bytes, into: target)
                    return try body(UnsafeRawBufferPointer(target))
                }
            }
            return try result.get()
        }
    }
}
