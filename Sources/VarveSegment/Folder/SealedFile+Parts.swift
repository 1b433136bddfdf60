// SealedFile+Parts.swift — the dictionary and receipts files that a manifest names.

package import VarveCodec

/// A dictionary or receipts file that a manifest names.
package struct PartReference: Hashable, Sendable {
    package var id: FileID
    package var byteCount: UInt64
    /// The file's own checksum.
    var checksum: UInt64
    /// Series or records in it.
    package var count: UInt64

    init(id: FileID, byteCount: UInt64, checksum: UInt64, count: UInt64) {
        self.id = id
        self.byteCount = byteCount
        self.checksum = checksum
        self.count = count
    }

    package func write(to writer: inout ByteWriter) {
        FileReference.write(id, byteCount: byteCount, checksum: checksum, to: &writer)
        writer.appendVarint(count)
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    package init(from reader: inout ByteReader) throws(CodecError) {
        (id, byteCount, checksum) = try FileReference.read(&reader)
        count = try reader.varint()
    }
}

extension SealedFile {
    /// Creates a file under a new name; it is durable on return.
    ///
    /// - Parameters:
    ///   - role: The role in the file's name.
    ///   - kind: The kind of the file.
    ///   - payload: The content, unpacked.
    ///   - count: The series or records in it.
    /// - Throws: `StorageError.invalidBatch` if the payload is larger than a reader accepts; `StorageError.needsReopen`
    ///   if the name is taken; `FileError`.
    package static func create(
        _ role: FileRole, _ kind: Kind, _ payload: [UInt8], count: Int, in folder: StoreFolder
    ) throws -> PartReference {
        guard payload.count <= FormatLimits.sealedFileBytes else {
            throw StorageError.invalidBatch("the \(role.rawValue) of the store have outgrown one file")
        }
        let id = folder.newFileID()
        let name = StoreFolder.immutable(id, role)
        let bytes = encode(kind, payload: payload)
        guard try folder.createIfAbsent(name, bytes) else {
            throw StorageError.needsReopen("\(name) exists already")
        }
        return PartReference(
            id: id, byteCount: UInt64(bytes.count), checksum: checksum(of: bytes), count: UInt64(count))
    }

    /// Reads a file that a manifest names, and parses its payload.
    ///
    /// - Throws: As `read(_:_:_:)`, and `StorageError.damaged` if it is another file or does not parse.
    package static func read<T>(
        _ part: PartReference, _ role: FileRole, _ kind: Kind, in folder: StoreFolder,
        _ body: (inout ByteReader) throws -> T
    ) throws -> T {
        let name = StoreFolder.immutable(part.id, role)
        let (payload, checksum, _) = try read(folder, name, kind)
        guard checksum == part.checksum else {
            throw StorageError.damaged(
                Damage(file: name, offset: 0, reason: "not the file the manifest names"))
        }
        return try parse(payload, name, body)
    }
}
