// SegmentFooter.swift — reads and checks the last 104 bytes of a segment.
//
// Invariants:
// - A file of another version is refused before any other field is used.

import VarveCodec
import VarveModel

struct SegmentFooter {
    let offset: Int
    let checksum: UInt64
    let summary: SegmentSummary
    let indexOffset: Int
    let top: Extent
    /// The size of the top index unpacked; the stored size where it is not packed.
    let topRawCount: Int

    /// Reads the footer of a file that must have `size` bytes.
    ///
    /// - Parameters:
    ///   - tail: The last bytes of the file, at least the footer.
    ///   - actual: The size that the file has.
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`.
    init(_ tail: [UInt8], name: String, size: Int, actual: Int) throws {
        func damaged(_ offset: Int, _ reason: String) -> StorageError {
            .damaged(Damage(file: name, offset: offset, reason: reason))
        }
        let smallest = SegmentFormat.preambleBytes + SegmentFormat.footerBytes
        guard actual == size, size >= smallest, tail.count >= SegmentFormat.footerBytes else {
            throw damaged(min(size, actual), "the file has \(actual) bytes instead of \(size)")
        }
        let start = size - SegmentFormat.footerBytes
        offset = start
        let bytes = Array(tail.suffix(SegmentFormat.footerBytes))
        guard bytes.suffix(8) == SegmentFormat.endMagic[...] else {
            throw damaged(start, "the footer does not end as one")
        }
        checksum = bytes.withUnsafeBytes { Checksum.of($0) }
        let covered = bytes.count - 16
        let isWhole = bytes.withUnsafeBytes { raw in
            Checksum.of(UnsafeRawBufferPointer(rebasing: raw[..<covered]))
                == raw.loadUnaligned(fromByteOffset: covered, as: UInt64.self).littleEndian
        }
        guard isWhole else { throw damaged(start, "the checksum of the footer does not match") }
        let parsed = try bytes.withUnsafeBytes { try Self.parse(ByteReader($0)) }
        guard parsed.version == SegmentFormat.version else {
            throw StorageError.unknownVersion(file: name, version: Int(parsed.version))
        }
        guard parsed.flags == 0 else { throw damaged(start, "unknown flags") }
        let (summary, indexOffset, top) = (parsed.summary, parsed.indexOffset, parsed.top)
        guard parsed.topRawCount <= FormatLimits.topIndexBytes else {
            throw damaged(start, "a top index of impossible size")
        }
        guard indexOffset >= SegmentFormat.preambleBytes, indexOffset <= top.offset,
            top.offset + top.count == start
        else { throw damaged(start, "the footer names places outside the file") }
        self.summary = summary
        self.indexOffset = indexOffset
        self.top = top
        topRawCount = parsed.topRawCount
    }

    private struct Fields {
        var summary: SegmentSummary
        var indexOffset: Int
        var top: Extent
        var topRawCount: Int
        var version: UInt16
        var flags: UInt16
    }

    private static func parse(_ source: consuming ByteReader) throws(CodecError) -> Fields {
        var reader = source
        let top = Extent(
            offset: try place(&reader), count: try place(&reader),
            checksum: try reader.integer(as: UInt64.self))
        let summary = SegmentSummary(
            samples: try reader.integer(as: UInt64.self), series: try reader.integer(as: UInt32.self),
            blocks: try reader.integer(as: UInt32.self), firstTime: try reader.integer(as: Int64.self),
            lastTime: try reader.integer(as: Int64.self), lowestCommit: try reader.integer(as: UInt64.self),
            highestCommit: try reader.integer(as: UInt64.self))
        return Fields(
            summary: summary, indexOffset: try place(&reader), top: top,
            topRawCount: Int(try reader.integer(as: UInt32.self)),
            version: try reader.integer(as: UInt16.self), flags: try reader.integer(as: UInt16.self))
    }

    /// Reads an offset or size, of which only the low 48 bits count, so that the sum of two does not overflow.
    private static func place(_ reader: inout ByteReader) throws(CodecError) -> Int {
        Int(truncatingIfNeeded: try reader.integer(as: UInt64.self) & (1 << 48 - 1))
    }

    /// The 104 bytes of a footer.
    static func encode(
        _ summary: SegmentSummary, indexOffset: Int, top: Extent, topRawCount: Int
    ) -> [UInt8] {
        var footer = ByteWriter(capacity: SegmentFormat.footerBytes)
        footer.append(UInt64(top.offset))
        footer.append(UInt64(top.count))
        footer.append(top.checksum)
        footer.append(summary.samples)
        footer.append(summary.series)
        footer.append(summary.blocks)
        footer.append(summary.firstTime)
        footer.append(summary.lastTime)
        footer.append(summary.lowestCommit)
        footer.append(summary.highestCommit)
        footer.append(UInt64(indexOffset))
        footer.append(UInt32(topRawCount))
        footer.append(SegmentFormat.version)
        footer.append(UInt16(0))
        footer.append(footer.bytes.withUnsafeBytes { Checksum.of($0) })
        SegmentFormat.endMagic.withUnsafeBytes { footer.append(bytes: $0) }
        return footer.bytes
    }
}
