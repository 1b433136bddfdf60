// SegmentTop.swift — the end of a segment: footer and top index, mostly in one read.
//
// Invariants:
// - The first read takes the last `FormatLimits.tailBytes` of the file; a second one is needed only for a longer top
//   index.
// - The footer is the one that the manifest names, if one does.

import VarveCodec
import VarveFile

package final class SegmentTop: Sendable {
    let index: TopIndex
    /// The part of the file with blocks and time columns; the index follows it.
    let data: Range<Int>
    let summary: SegmentSummary
    /// XXH3-64 of the footer.
    let checksum: UInt64

    /// About how much memory it takes, in bytes.
    var byteCount: Int { index.byteCount + 128 }

    /// Reads the end of a file that must have `size` bytes and, if given, a footer with this checksum.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `FileError`.
    init(_ file: any File, name: String, size: Int, checksum: UInt64?) throws {
        let start = max(0, size - FormatLimits.tailBytes)
        let tail = try file.readBytes(count: max(0, size - start), at: start)
        let footer = try SegmentFooter(tail, name: name, size: size, actual: try file.size())
        guard checksum == nil || footer.checksum == checksum else {
            throw StorageError.damaged(
                Damage(
                    file: name, offset: footer.offset, reason: "the footer is not the one the manifest names")
            )
        }
        let top = footer.top
        let bytes =
            top.offset >= start
            ? Array(tail[top.offset - start..<top.offset - start + top.count])
            : try file.readBytes(count: top.count, at: top.offset)
        let piece = SegmentPiece(name: name, extent: top, what: "top index")
        try piece.check(bytes)
        index = try piece.unpack(bytes, rawCount: footer.topRawCount) { raw throws(CodecError) in
            try TopIndex(raw, index: footer.indexOffset..<top.offset)
        }
        data = SegmentFormat.preambleBytes..<footer.indexOffset
        summary = footer.summary
        self.checksum = footer.checksum
    }
}
