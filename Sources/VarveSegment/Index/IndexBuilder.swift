// IndexBuilder.swift — collects block entries into pages while a segment is written.
//
// Invariants:
// - A page is encoded as soon as it is full, so memory holds finished pages only in their encoded form.

import VarveCodec

struct IndexBuilder {
    /// An encoded page and the vector indexes of its blocks, which precede it in the file.
    private struct Page {
        var vectors: [UInt8]
        var bytes: [UInt8]
        var entry: PageEntry
    }

    private let effort: Effort
    private var pages: [Page] = []
    private var pageBytes = 0
    /// The entries of the open page; the writer fills in the place of a shared block once it is written.
    var entries: [BlockEntry] = []
    private var vectors = ByteWriter()
    /// The ends of the vector indexes of the entries.
    private var vectorEnds: [Int] = []
    private var large = 0
    private var series = SeriesSet()
    private var lastSeries: SeriesID?

    init(effort: Effort) {
        self.effort = effort
    }

    /// About how many bytes the index takes so far.
    var byteCount: Int { pageBytes + vectors.count + entries.count * 32 }

    /// Whether the open page must end before the next entry.
    var isPageFull: Bool {
        large >= FormatLimits.largePageEntries || entries.count >= FormatLimits.pageEntries
    }

    /// Adds an entry, and the statistics of its vectors if they are small beside the block.
    mutating func append(_ entry: BlockEntry, vectors entries: [VectorEntry] = []) {
        if entry.series != lastSeries { series.append(entry.series) }
        lastSeries = entry.series
        self.entries.append(entry)
        if entry.statistics != nil { large += 1 }
        if entries.count > 1 {
            var bytes = ByteWriter()
            VectorIndex.write(entries, of: entry, to: &bytes, effort: effort)
            if bytes.count * FormatLimits.blockBytesPerIndexByte <= entry.block.count {
                bytes.bytes.withUnsafeBytes { vectors.append(bytes: $0) }
            }
        }
        vectorEnds.append(vectors.count)
    }

    /// Encodes the open page and begins the next one.
    mutating func endPage() {
        guard let first = entries.first, let last = entries.last else { return }
        var extent: Extent?
        if vectors.count > 0 {
            // The piece's offset is not known yet; a page needs only the places of the indexes within the piece.
            extent = Extent(
                offset: 0, count: vectors.count, checksum: vectors.bytes.withUnsafeBytes { Checksum.of($0) })
            for index in entries.indices {
                let start = index == 0 ? 0 : vectorEnds[index - 1]
                guard let extent, vectorEnds[index] > start else { continue }
                entries[index].vectors = VectorIndexPlace(extent: extent, bytes: start..<vectorEnds[index])
            }
        }
        let raw = PageEncoder.encode(entries, vectors: extent, effort: effort)
        let bytes = Self.packed(raw)
        let entry = PageEntry(
            extent: Extent(
                offset: 0, count: bytes.count, checksum: bytes.withUnsafeBytes { Checksum.of($0) }),
            rawCount: raw.count, vectorBytes: vectors.count, firstSeries: first.series,
            lastSeries: last.series, firstTime: entries.reduce(.max) { min($0, $1.firstTime) },
            lastTime: entries.reduce(.min) { max($0, $1.lastTime) })
        pages.append(Page(vectors: vectors.bytes, bytes: bytes, entry: entry))
        pageBytes += vectors.count + bytes.count
        entries.removeAll(keepingCapacity: true)
        vectorEnds.removeAll(keepingCapacity: true)
        vectors = ByteWriter()
        large = 0
    }

    /// Passes the bytes of all pages to `write`, in order, and returns the top index.
    ///
    /// - Throws: What `write` throws.
    func finish(
        codecs: CodecShares, write: ([UInt8]) throws -> Void
    ) throws -> (stored: [UInt8], rawCount: Int) {
        var top = TopIndex()
        for page in pages {
            try write(page.vectors)
            try write(page.bytes)
            top.pages.append(page.entry)
        }
        top.series = series
        top.codecs = codecs
        let raw = top.encode(effort: effort)
        return (Self.packed(raw), raw.count)
    }

    /// The bytes as an LZ4 block if that is smaller, else unchanged.
    private static func packed(_ raw: [UInt8]) -> [UInt8] {
        var packed = ByteWriter()
        let isPacked = raw.withUnsafeBytes {
            LZ4.compress($0, into: &packed, level: .high, limit: raw.count - 1) != nil
        }
        return isPacked && packed.count < raw.count ? packed.bytes : raw
    }
}
