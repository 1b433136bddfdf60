// SegmentPreamble.swift — reads and checks the first 40 bytes of a segment.

import VarveCodec
import VarveFile
import VarveModel

enum SegmentPreamble {
    /// Checks the preamble of a file that must be segment `id`.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `FileError`.
    static func check(_ file: any File, name: String, id: FileID) throws {
        let bytes = try file.readBytes(count: SegmentFormat.preambleBytes, at: 0)
        guard bytes.count == SegmentFormat.preambleBytes else {
            throw StorageError.damaged(
                Damage(file: name, offset: bytes.count, reason: "the file is cut short"))
        }
        let header = FileHeader(
            magic: SegmentFormat.magic, version: SegmentFormat.version, id: id, name: name, part: "preamble",
            kind: "segment", foreign: "it is another segment's content")
        _ = try bytes.withUnsafeBytes { try header.check($0).checksum }
    }
}
