// SegmentFooter.swift — the last bytes of a segment, read and checked.

import VarveCodec
import VarveFile
import VarveModel

struct SegmentFooter {
    let offset: Int
    let checksum: UInt64
    let summary: SegmentSummary
    let indexOffset: Int
    let top: Extent

    /// Reads the footer of a file that must have `size` bytes.
    init(_ file: any File, name: String, size: Int) throws {
        func damaged(_ offset: Int, _ reason: String) -> StorageError {
            .damaged(Damage(file: name, offset: offset, reason: reason))
        }
        let actual = try file.size()
        let smallest = SegmentFormat.preambleBytes + SegmentFormat.footerBytes
        guard actual == size, size >= smallest else {
            throw damaged(min(size, actual), "the file has \(actual) bytes instead of \(size)")
        }
        let start = size - SegmentFormat.footerBytes
        offset = start
        let bytes = try file.readBytes(count: SegmentFormat.footerBytes, at: start)
        guard bytes.count == SegmentFormat.footerBytes, bytes.suffix(8) == SegmentFormat.endMagic[...] else {
            throw damaged(start, "the footer does not end as one")
        }
        checksum = bytes.withUnsafeBytes { Checksum.of($0) }
        let covered = bytes.count - 16
        let parsed = try bytes.withUnsafeBytes { raw -> (SegmentSummary, Int, Extent)? in
            let expected = raw.loadUnaligned(fromByteOffset: covered, as: UInt64.self).littleEndian
            guard Checksum.of(UnsafeRawBufferPointer(rebasing: raw[..<covered])) == expected else {
                return nil
            }
            return try Self.parse(ByteReader(raw))
        }
        guard let (summary, indexOffset, top) = parsed else {
            throw damaged(start, "the checksum of the footer does not match")
        }
        guard indexOffset >= SegmentFormat.preambleBytes, indexOffset <= top.offset,
            top.offset + top.count == start
        else { throw damaged(start, "the footer names places outside the file") }
        self.summary = summary
        self.indexOffset = indexOffset
        self.top = top
    }

    private static func parse(
        _ source: consuming ByteReader
    ) throws(CodecError) -> (SegmentSummary, Int, Extent) {
        var reader = source
        let top = Extent(
            offset: Int(truncatingIfNeeded: try reader.integer(as: UInt64.self) & (1 << 48 - 1)),
            count: Int(truncatingIfNeeded: try reader.integer(as: UInt64.self) & (1 << 48 - 1)),
            checksum: try reader.integer(as: UInt64.self))
        let summary = SegmentSummary(
            samples: try reader.integer(as: UInt64.self), series: try reader.integer(as: UInt32.self),
            blocks: try reader.integer(as: UInt32.self), firstTime: try reader.integer(as: Int64.self),
            lastTime: try reader.integer(as: Int64.self), lowestCommit: try reader.integer(as: UInt64.self),
            highestCommit: try reader.integer(as: UInt64.self))
        let index = Int(truncatingIfNeeded: try reader.integer(as: UInt64.self) & (1 << 48 - 1))
        return (summary, index, top)
    }
}
