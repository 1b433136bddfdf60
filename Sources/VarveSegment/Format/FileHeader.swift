// FileHeader.swift — the first 32 bytes of segments and messages files, and the checksum at the end of their headers.
//
// offset  width  field
//      0      8  magic, one per kind of file
//      8      2  format version, of the kind of file
//     10      2  flags, 0
//     12      4  zero
//     16     16  id of the file
//
// Invariants:
// - The checksum is verified before any field is used.
// - A file of another version is refused before any field behind the version is used.

import VarveCodec

/// What the beginning of a file must say.
struct FileHeader {
    let magic: [UInt8]
    let version: UInt16
    let id: FileID
    /// The file's name in errors.
    let name: String
    /// What the covered bytes are called, and what the file is, in errors: such as `preamble` and `segment`.
    let part: String
    let kind: String
    /// What is wrong with a file of another id.
    let foreign: String

    /// Checks a header that ends with the XXH3-64 of all bytes before.
    ///
    /// - Parameter bytes: The whole header, of at least 40 bytes.
    /// - Returns: A reader of the fields behind the id, and the checksum.
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`.
    func check(_ bytes: UnsafeRawBufferPointer) throws -> (rest: ByteReader, checksum: UInt64) {
        func damaged(_ offset: Int, _ reason: String) -> StorageError {
            .damaged(Damage(file: name, offset: offset, reason: reason))
        }
        let covered = bytes.count - 8
        let checksum = bytes.loadUnaligned(fromByteOffset: covered, as: UInt64.self).littleEndian
        guard Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<covered])) == checksum else {
            throw damaged(0, "the checksum of the \(part) does not match")
        }
        var reader = ByteReader(bytes)
        guard try reader.bytes(count: 8).elementsEqual(magic) else { throw damaged(0, "not a \(kind)") }
        let found = try reader.integer(as: UInt16.self)
        guard found == version else { throw StorageError.unknownVersion(file: name, version: Int(found)) }
        guard try reader.integer(as: UInt16.self) == 0 else { throw damaged(10, "unknown flags") }
        _ = try reader.bytes(count: 4)
        guard try FileID(Hash128(from: &reader)) == id else {
            throw damaged(16, foreign)
        }
        return (reader, checksum)
    }
}
