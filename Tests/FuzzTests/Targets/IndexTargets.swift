// IndexTargets.swift — the pieces of a segment's index, without the checksums, which would stop a fuzzer.

import VarveCodec
import VarveModel
import VarveStorage

@testable import VarveSegment

enum IndexTargets {
    static let all = [
        FuzzTarget(name: "index-page", seeds: { [page] }, run: indexPage),
        FuzzTarget(name: "vector-index", seeds: { [] }, run: vectorIndex),
        FuzzTarget(name: "top-index", seeds: { [] }, run: topIndex),
        FuzzTarget(name: "segment-block", seeds: { [] }, run: segmentBlock),
    ]

    private static let data = 40..<(1 << 40)

    @Sendable private static func indexPage(_ bytes: UnsafeRawBufferPointer) -> String? {
        func decode(_ bytes: UnsafeRawBufferPointer) -> [BlockEntry]? {
            try? PageDecoder.decode(bytes, data: data, vectorBytes: 0, end: data.upperBound).entries
        }
        guard let entries = decode(bytes) else { return nil }
        guard !entries.contains(where: { $0.count < 1 || $0.lastTime < $0.firstTime }) else {
            return "an impossible entry"
        }
        // The encoder names each piece once. Bytes that name one twice, or never, do not come back the same.
        let again = PageEncoder.encode(entries, vectors: nil, effort: .standard).withUnsafeBytes(decode)
        return again?.count == entries.count ? nil : "a page does not come back"
    }

    @Sendable private static func vectorIndex(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard let vectors = try? VectorIndex.read(bytes, of: entry) else { return nil }
        var sum = ExactSum()
        for vector in vectors { try? vector.statistics.add(to: &sum) }
        var writer = ByteWriter()
        VectorIndex.write(vectors, of: entry, to: &writer, effort: .standard)
        let again = writer.bytes.withUnsafeBytes { try? VectorIndex.read($0, of: entry) }
        return again?.count == vectors.count ? nil : "a vector index does not come back"
    }

    @Sendable private static func topIndex(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let end = 40 + input.count(upTo: 60_000)
        guard let top = try? TopIndex(input.rest, index: 40..<end) else { return nil }
        let again = top.encode(effort: .standard).withUnsafeBytes { try? TopIndex($0, index: 40..<end) }
        return again == top ? nil : "a top index does not come back"
    }

    @Sendable private static func segmentBlock(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let (row, count) = (Int(input.byte()), Int(input.byte()))
        guard let parts = try? SegmentBlock.parts(input.rest, count: count, row: row) else { return nil }
        return parts.samples >= row + count ? nil : "a block without its samples"
    }

    // MARK: seeds

    private static let entry = BlockEntry(
        series: 3, count: 2000, times: 1_000_000...2_999_000_000, commits: 4...9,
        block: Extent(offset: 40, count: 900, checksum: 1))

    private static let page = PageEncoder.encode([entry], vectors: nil, effort: .standard)
}
