// SegmentReader.swift — finds and reads the blocks of one segment of a store.
//
// Creating a reader reads nothing. The first question reads the end of the file, with the filter of its series. A
// series in the segment costs one read for its index page and one for a block, and one more where blocks share their
// times. The pieces stay in the cache for a while.
//
// Invariants:
// - No byte of the file is used before its checksum was verified.
// - The footer's checksum and the file's size are those that the manifest names.
// - A retired segment keeps its file until the last reference to its reader is gone.

import Synchronization
import VarveCodec
package import VarveFile
package import VarveModel

package final class SegmentReader: Sendable {
    package let reference: SegmentReference
    let name: String
    private let library: SegmentLibrary
    private let isRetired = Atomic<Bool>(false)
    /// The offset of the block that was read last.
    private let lastBlock = Atomic<Int>(0)

    package init(_ library: SegmentLibrary, _ reference: SegmentReference) {
        self.library = library
        self.reference = reference
        name = StoreFolder.immutable(reference.id, .segment)
    }

    /// Opens a segment without a manifest, for `varve inspect` and `varve verify`.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `FileError`.
    package convenience init(alone name: String, id: FileID, _ folder: StoreFolder) throws {
        let file = try folder.open(name, .read)
        defer { file.close() }
        try SegmentPreamble.check(file, name: name, id: id)
        let size = try file.size()
        let top = try SegmentTop(file, name: name, size: size, checksum: nil)
        self.init(
            SegmentLibrary(folder),
            SegmentReference(
                id: id, byteCount: UInt64(size), checksum: top.checksum, summary: top.summary))
    }

    deinit {
        library.files.release(reference.id, removing: isRetired.load(ordering: .acquiring))
    }

    /// Marks the segment as no longer part of the store: its file is removed when no snapshot uses it any more.
    package func retire() { isRetired.store(true, ordering: .releasing) }

    /// Opens the file, so that it can be read even after another process removes its name.
    ///
    /// - Throws: `FileError` if it cannot be opened.
    package func openFile() throws(FileError) { _ = try library.files.file(reference.id) }

    /// The footer and top index, from the cache if they are there.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `StorageError.segmentGone`; `FileError`.
    package func top() throws -> SegmentTop {
        let key = SegmentCache.Key(reference.id, -1)
        if case .top(let top)? = library.cache.find(key) { return top }
        let top = try SegmentTop(
            try file(), name: name, size: Int(reference.byteCount), checksum: reference.checksum)
        library.cache.insert(.top(top), key)
        return top
    }

    /// The entries of a series with samples in a range, in time order.
    ///
    /// Cost: reads the end of the file and the index pages of the series, unless they are in the cache.
    ///
    /// - Throws: As `top()`.
    package func blocks(of series: SeriesID, in range: TimeRange = .all) throws -> [BlockEntry] {
        var found: [BlockEntry] = []
        guard let last = range.lastNanosecond else { return found }
        let first = range.from.nanoseconds
        guard reference.summary.firstTime <= last, reference.summary.lastTime >= first else { return found }
        let top = try top()
        guard top.index.series.contains(series) else { return found }
        let pages = top.index.pages
        var index = top.index.firstPage(of: series)
        while index < pages.count, pages[index].firstSeries <= series {
            if pages[index].firstTime <= last, pages[index].lastTime >= first {
                try page(index, of: top).entries(of: series, first: first, last: last, into: &found)
            }
            index += 1
        }
        return found
    }

    /// Index page `index`, from the cache if it is there.
    ///
    /// - Throws: As `top()`.
    func page(_ index: Int) throws -> IndexPage { try page(index, of: top()) }

    private func page(_ index: Int, of top: SegmentTop) throws -> IndexPage {
        let page = top.index.pages[index]
        let key = SegmentCache.Key(reference.id, page.extent.offset)
        if case .page(let page)? = library.cache.find(key) { return page }
        let piece = SegmentPiece(name: name, extent: page.extent, what: "index page")
        let bytes = try file().readBytes(count: page.extent.count, at: page.extent.offset)
        try piece.check(bytes)
        let decoded = try piece.unpack(bytes, rawCount: page.rawCount) { raw throws(CodecError) in
            try PageDecoder.decode(
                raw, data: top.data, vectorBytes: page.vectorBytes, end: page.extent.offset)
        }
        library.cache.insert(.page(decoded), key)
        return decoded
    }

    /// The statistics of the vectors of a block; empty where the segment has none of them.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func vectors(of entry: BlockEntry) throws -> [VectorEntry] {
        guard let place = entry.vectors else { return [] }
        let piece = SegmentPiece(name: name, extent: place.extent, what: "vector indexes")
        return try piece.decode(try bytes(of: piece)) { bytes throws(CodecError) in
            guard place.bytes.upperBound <= bytes.count else {
                throw CodecError(offset: 0, reason: "a vector index outside its piece")
            }
            return try VectorIndex.read(UnsafeRawBufferPointer(rebasing: bytes[place.bytes]), of: entry)
        }
    }

    /// Reads and decodes the samples of an entry, or some of their columns.
    ///
    /// - Parameter keeps: Whether the block may stay in the cache; false for a caller that reads all blocks once.
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func read(
        _ entry: BlockEntry, type: ValueType, columns: BlockColumns = .all, keeps: Bool = true
    ) throws -> SampleRun {
        let run = try read(entry, rows: 0..<entry.count, type: type, columns: columns, keeps: keeps)
        guard
            !columns.contains(.times)
                || (run.times.first == entry.firstTime && run.times.last == entry.lastTime)
        else {
            throw blockPiece(entry).damaged("the block does not decode: its times are not those of its entry")
        }
        return run
    }

    /// Reads a block without decoding it; nil where several series share the block.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func stored(_ entry: BlockEntry) throws -> StoredBlock? {
        let bytes = try bytes(of: blockPiece(entry), keeps: false)
        let isShared = try blockPiece(entry).decode(bytes) { raw throws(CodecError) in
            try SegmentBlock.parts(raw, count: entry.count, row: entry.row).samples != entry.count
        }
        guard !isShared, entry.row == 0 else { return nil }
        let times = try entry.times.map {
            try self.bytes(of: SegmentPiece(name: name, extent: $0, what: "time column"), keeps: false)
        }
        return StoredBlock(entry: entry, bytes: bytes, times: times, vectors: try vectors(of: entry))
    }

    /// Reads and decodes the samples of some vectors of an entry's block.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func read(
        _ entry: BlockEntry, type: ValueType, vectors: Range<Int>, columns: BlockColumns = .all
    ) throws -> SampleRun {
        let rows = BlockLimits.values(of: vectors, count: entry.count)
        return try read(entry, rows: rows, type: type, columns: columns, keeps: true)
    }

    /// Reads and decodes the vectors of an entry's block that have samples in a range of times.
    ///
    /// All times are decoded to find the vectors. Of the other columns only these vectors are decoded.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func read(
        _ entry: BlockEntry, type: ValueType, between times: ClosedRange<Int64>, columns: BlockColumns
    ) throws -> SampleRun {
        try read(
            entry, rows: 0..<entry.count, between: times, type: type, columns: columns.union(.times),
            keeps: true)
    }

    private func read(
        _ entry: BlockEntry, rows: Range<Int>, between wanted: ClosedRange<Int64>? = nil, type: ValueType,
        columns: BlockColumns, keeps: Bool
    ) throws -> SampleRun {
        let rows = rows.lowerBound + entry.row..<rows.upperBound + entry.row
        let piece = blockPiece(entry)
        // A shared block is decoded as a whole only at the second read in a row: a merge reads its series one after the
        // other, but a query wants only one of them.
        let isAgain = lastBlock.exchange(entry.block.offset, ordering: .relaxed) == entry.block.offset
        let shared = SegmentCache.Key(reference.id, decodedAt: entry.block.offset)
        if isAgain, case .run(let columns)? = library.cache.find(shared) {
            return try part(of: columns, rows, piece)
        }
        var times: [UInt8] = []
        if columns.contains(.times), let extent = entry.times {
            times = try bytes(
                of: SegmentPiece(name: name, extent: extent, what: "time column"), keeps: keeps)
        }
        let block = try bytes(of: piece, keeps: keeps)
        return try piece.decode(block) { bytes throws(CodecError) in
            let parts = try SegmentBlock.parts(bytes, count: entry.count, row: entry.row)
            let isWhole = isAgain && parts.samples != entry.count
            let result = times.withUnsafeBytes { times -> Result<SampleRun, CodecError> in
                Result { () throws(CodecError) in
                    let times = parts.times ?? times
                    if let wanted, parts.samples == entry.count {
                        return try BlockCodec.decode(
                            block: parts.block, times: times, count: entry.count, between: wanted, type: type,
                            columns: columns)
                    }
                    return try BlockCodec.decodeColumns(
                        block: parts.block, times: times, count: parts.samples,
                        rows: isWhole ? nil : rows, type: type, columns: isWhole ? .all : columns)
                }
            }
            var run = try result.get()
            if isWhole {
                let whole = run
                library.cache.insert(.run(whole), shared)
                run = whole.part(rows)
            }
            try BlockCodec.check(run)
            return run
        }
    }

    private func part(
        of columns: SampleRun, _ rows: Range<Int>, _ piece: SegmentPiece
    ) throws -> SampleRun {
        guard rows.upperBound <= columns.count else { throw piece.damaged("a block without its samples") }
        let run = columns.part(rows)
        do throws(CodecError) {
            try BlockCodec.check(run)
        } catch {
            throw piece.damaged("the block does not decode: \(error.reason)")
        }
        return run
    }

    /// Checks the bytes of an extent of this file without decoding them.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    func check(_ extent: Extent, _ what: StaticString) throws {
        _ = try bytes(of: SegmentPiece(name: name, extent: extent, what: what), keeps: false)
    }

    private func blockPiece(_ entry: BlockEntry) -> SegmentPiece {
        SegmentPiece(name: name, extent: entry.block, what: "block")
    }

    /// The bytes of a piece; they are checked once while they stay in the cache.
    private func bytes(of piece: SegmentPiece, keeps: Bool = true) throws -> [UInt8] {
        let key = SegmentCache.Key(reference.id, piece.extent.offset)
        if case .bytes(let bytes)? = library.cache.find(key), bytes.count == piece.extent.count {
            return bytes
        }
        let bytes = try file().readBytes(count: piece.extent.count, at: piece.extent.offset)
        try piece.check(bytes)
        if keeps { library.cache.insert(.bytes(bytes), key) }
        return bytes
    }

    private func file() throws -> any File {
        do {
            return try library.files.file(reference.id)
        } catch let error where error.isNotFound {
            throw StorageError.segmentGone(file: name)
        }
    }
}
