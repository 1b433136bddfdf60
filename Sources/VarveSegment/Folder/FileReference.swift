// FileReference.swift — the three fields with which every reference of a manifest to a file begins.

import VarveCodec

/// Which file a manifest names, and which bytes it must have.
enum FileReference {
    /// Writes the fields.
    ///
    /// - Parameter checksum: XXH3-64 of the part of the file that names all others.
    static func write(_ id: FileID, byteCount: UInt64, checksum: UInt64, to writer: inout ByteWriter) {
        id.hash.write(to: &writer)
        writer.appendVarint(byteCount)
        writer.append(checksum)
    }

    /// Reads the fields.
    ///
    /// - Throws: `CodecError` if the bytes end too early.
    static func read(
        _ reader: inout ByteReader
    ) throws(CodecError) -> (id: FileID, byteCount: UInt64, checksum: UInt64) {
        let id = FileID(try Hash128(from: &reader))
        return (id, try reader.varint(), try reader.integer(as: UInt64.self))
    }
}
