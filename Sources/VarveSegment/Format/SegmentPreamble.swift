// SegmentPreamble.swift — reads and checks the first 40 bytes of a segment.
//
// Invariants:
// - A file of another version is refused before any field behind the version is used.

import VarveCodec
import VarveFile
import VarveModel

enum SegmentPreamble {
    /// Checks the preamble of a file that must be segment `id`.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `FileError`.
    static func check(_ file: any File, name: String, id: FileID) throws {
        func damaged(_ offset: Int, _ reason: String) -> StorageError {
            .damaged(Damage(file: name, offset: offset, reason: reason))
        }
        let bytes = try file.readBytes(count: SegmentFormat.preambleBytes, at: 0)
        guard bytes.count == SegmentFormat.preambleBytes else {
            throw damaged(bytes.count, "the file is cut short")
        }
        try bytes.withUnsafeBytes { raw in
            let covered = SegmentFormat.preambleBytes - 8
            guard
                Checksum.of(UnsafeRawBufferPointer(rebasing: raw[..<covered]))
                    == raw.loadUnaligned(fromByteOffset: covered, as: UInt64.self).littleEndian
            else { throw damaged(0, "the checksum of the preamble does not match") }
            var reader = ByteReader(raw)
            guard try reader.bytes(count: 8).elementsEqual(SegmentFormat.magic) else {
                throw damaged(0, "not a segment")
            }
            let version = try reader.integer(as: UInt16.self)
            guard version == SegmentFormat.version else {
                throw StorageError.unknownVersion(file: name, version: Int(version))
            }
            guard try reader.integer(as: UInt16.self) == 0 else { throw damaged(10, "unknown flags") }
            _ = try reader.bytes(count: 4)
            guard try FileID(Hash128(from: &reader)) == id else {
                throw damaged(16, "it is another segment's content")
            }
        }
    }
}
