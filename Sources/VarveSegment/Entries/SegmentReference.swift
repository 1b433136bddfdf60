// SegmentReference.swift — what a manifest says about a segment.

package import VarveCodec

/// The numbers in the footer of a segment.
package struct SegmentSummary: Hashable, Sendable {
    package var samples: UInt64 = 0
    package var series: UInt32 = 0
    package var blocks: UInt32 = 0
    package var firstTime: Int64 = .max
    package var lastTime: Int64 = .min
    package var lowestCommit: UInt64 = .max
    package var highestCommit: UInt64 = 0
}

/// A segment that the manifest names.
package struct SegmentReference: Hashable, Sendable {
    package var id: FileID
    package var byteCount: UInt64
    /// XXH3-64 of the footer.
    package var checksum: UInt64
    package var summary: SegmentSummary
    /// Whether compaction wrote it, with the best compression.
    package var isCompacted = false
    /// Samples that have a later version in the same segment.
    package var olderVersions: UInt64 = 0
    /// The highest commit of these later versions: once history begins there, a merge may drop the older ones.
    package var replacedUpTo: UInt64 = 0
    /// Samples that were deleted up to this commit are no longer in the segment.
    package var erasedUpTo: UInt64 = 0

    init(
        id: FileID, byteCount: UInt64, checksum: UInt64, summary: SegmentSummary, isCompacted: Bool = false
    ) {
        self.isCompacted = isCompacted
        self.id = id
        self.byteCount = byteCount
        self.checksum = checksum
        self.summary = summary
    }

    /// Writes the fields that every version of a manifest has for a segment.
    package func write(to writer: inout ByteWriter) {
        FileReference.write(id, byteCount: byteCount, checksum: checksum, to: &writer)
        writer.appendVarint(summary.samples)
        writer.appendVarint(UInt64(summary.series))
        writer.appendVarint(UInt64(summary.blocks))
        writer.append(summary.firstTime)
        writer.append(summary.lastTime)
        writer.appendVarint(summary.lowestCommit)
        writer.appendVarint(summary.highestCommit)
        writer.append(isCompacted ? UInt8(1) : UInt8(0))
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    package init(from reader: inout ByteReader) throws(CodecError) {
        (id, byteCount, checksum) = try FileReference.read(&reader)
        summary = SegmentSummary(
            samples: try reader.varint(),
            series: UInt32(try reader.varint(limit: FormatLimits.series, "series")),
            blocks: UInt32(try reader.varint(limit: Int(UInt32.max), "blocks")),
            firstTime: try reader.integer(as: Int64.self), lastTime: try reader.integer(as: Int64.self),
            lowestCommit: try reader.varint(), highestCommit: try reader.varint())
        let origin = try reader.integer(as: UInt8.self)
        guard byteCount < 1 << 48, origin < 2 else { throw reader.failure("an impossible segment") }
        isCompacted = origin == 1
    }
}
