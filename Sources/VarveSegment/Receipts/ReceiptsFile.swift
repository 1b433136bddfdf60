// ReceiptsFile.swift — a file of batch records: a sealed file with a varint count, then the records.
//
// Byte table: ManifestFormat.md, "receipts".

package import VarveCodec

extension SealedFile.Kind {
    /// Files that say what the batches of imports did.
    package static let receipts = SealedFile.Kind(magic: "VARVERCP", name: "receipts", version: 1)
}

package enum ReceiptsFile {
    /// The payload for some records.
    package static func encode(_ records: [BatchRecord]) -> [UInt8] {
        var writer = ByteWriter(capacity: records.count * 72)
        writer.appendVarint(UInt64(records.count))
        for record in records { record.write(to: &writer) }
        return writer.bytes
    }

    /// Reads the records of a payload.
    ///
    /// - Throws: `CodecError` where the payload does not parse.
    package static func decode(_ reader: inout ByteReader) throws(CodecError) -> [BatchRecord] {
        let count = try reader.varint(limit: reader.remaining, "records")
        var records: [BatchRecord] = []
        records.reserveCapacity(count)
        for _ in 0..<count { records.append(try BatchRecord(from: &reader)) }
        return records
    }

    /// Creates a file of records under a new name; it is durable on return.
    ///
    /// - Throws: As `SealedFile.create`.
    package static func create(_ records: [BatchRecord], in folder: StoreFolder) throws -> PartReference {
        try SealedFile.create(.receipts, .receipts, encode(records), count: records.count, in: folder)
    }

    /// Reads a file that a manifest names.
    ///
    /// - Throws: `StorageError.damaged` with file and offset; `StorageError.unknownVersion`; `FileError` if it cannot
    ///   be read.
    package static func read(_ part: PartReference, in folder: StoreFolder) throws -> [BatchRecord] {
        try SealedFile.read(part, .receipts, .receipts, in: folder) { try decode(&$0) }
    }
}
