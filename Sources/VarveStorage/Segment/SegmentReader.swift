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
    package let codecs: CodecShares
    package let pages: [PageEntry]
    private let file: any File
    /// Where blocks and time columns are; pages follow.
    private let data: Range<Int>
    private let cache = Mutex<[Int: [BlockEntry]]>([:])

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
        (pages, codecs) = try Self.withChecked(file, name, footer.top, "top index") {
            bytes throws(CodecError) in
            try IndexCodec.decodeTop(bytes, index: index)
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

    /// The entries of a series' blocks with samples in a range, in time order.
    package func blocks(of series: SeriesID, in range: TimeRange = .all) throws -> [BlockEntry] {
        var found: [BlockEntry] = []
        var index = firstPage(of: series)
        while index < pages.count, pages[index].firstSeries <= series {
            let page = pages[index]
            if range.overlaps(
                first: Timestamp(nanoseconds: page.firstTime), last: Timestamp(nanoseconds: page.lastTime))
            {
                for entry in try self.page(index) where entry.series == series {
                    if range.overlaps(
                        first: Timestamp(nanoseconds: entry.firstTime),
                        last: Timestamp(nanoseconds: entry.lastTime))
                    {
                        found.append(entry)
                    }
                }
            }
            index += 1
        }
        return found
    }

    /// All entries of page `index`.
    package func page(_ index: Int) throws -> [BlockEntry] {
        if let cached = cache.withLock({ $0[index] }) { return cached }
        let page = pages[index]
        let entries = try Self.withChecked(file, name, page.extent, "index page") {
            bytes throws(CodecError) in
            guard page.rawCount != bytes.count else { return try IndexCodec.decodePage(bytes, data: data) }
            var raw = [UInt8](repeating: 0, count: page.rawCount)
            return try Self.unpack(bytes, &raw) { unpacked throws(CodecError) in
                try IndexCodec.decodePage(unpacked, data: data)
            }
        }
        cache.withLock { cache in
            if cache.count >= Limits.cachedPages { cache.removeAll(keepingCapacity: true) }
            cache[index] = entries
        }
        return entries
    }

    /// Reads and decodes a block, or some of its columns.
    package func read(
        _ entry: BlockEntry, type: ValueType, columns: BlockColumns = .all
    ) throws -> SampleRun {
        let needsTimes = columns.contains(.times)
        let times = needsTimes ? try Self.checked(file, name, entry.times, "time column") : []
        return try Self.withChecked(file, name, entry.block, "block") { block throws(CodecError) in
            let result = times.withUnsafeBytes { times -> Result<SampleRun, CodecError> in
                Result { () throws(CodecError) in
                    try BlockCodec.decode(
                        block: block, times: times, count: entry.count, type: type, columns: columns)
                }
            }
            let run = try result.get()
            guard !needsTimes || (run.times.first == entry.firstTime && run.times.last == entry.lastTime)
            else { throw CodecError(offset: 0, reason: "its times are not those of its entry") }
            return run
        }
    }

    /// Checks the bytes of an extent of this file without decoding them.
    package func check(_ extent: Extent, _ what: String) throws {
        _ = try Self.checked(file, name, extent, what)
    }

    /// Where blocks and time columns are.
    package var dataRange: Range<Int> { data }

    private func firstPage(of series: SeriesID) -> Int {
        var low = 0
        var high = pages.count
        while low < high {
            let middle = (low + high) / 2
            if pages[middle].lastSeries < series { low = middle + 1 } else { high = middle }
        }
        return low
    }

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

    private static func unpack<T>(
        _ packed: UnsafeRawBufferPointer, _ raw: inout [UInt8],
        _ body: (UnsafeRawBufferPointer) throws(CodecError) -> T
    ) throws(CodecError) -> T {
        let result = raw.withUnsafeMutableBytes { target -> Result<T, CodecError> in
            Result { () throws(CodecError) in
                try LZ4.decompress(packed, into: target)
                return try body(UnsafeRawBufferPointer(target))
            }
        }
        return try result.get()
    }
}
