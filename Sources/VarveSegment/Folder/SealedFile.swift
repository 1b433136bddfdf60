// SealedFile.swift — the frame of the small immutable files: manifest, dictionary, receipts.
//
// offset  width  field
//      0      8  magic, one per kind of file
//      8      2  format version, of the kind of file
//     10      2  flags: bit 0 = the payload is LZ4; all others 0
//     12      4  payload bytes after unpacking
//     16      8  payload bytes in the file
//     24      n  payload
//   24+n      8  XXH3-64 of every byte before it
//
// Invariants:
// - A file has exactly these bytes; the checksum finds any flipped bit.
// - The payload is unpacked only after the checksum was verified.

package import VarveCodec
import VarveFile

package enum SealedFile {
    /// A kind of file; the module that owns the payload declares it.
    package struct Kind: Sendable {
        /// The eight ASCII letters at the start of the file.
        let magic: String
        /// The name of the kind in error messages.
        let name: String
        /// The newest version of the payload; older ones are still read.
        let version: UInt16

        package init(magic: String, name: String, version: UInt16) {
            self.magic = magic
            self.name = name
            self.version = version
        }
    }

    package static let headerBytes = 8 + 2 + 2 + 4 + 8
    static let trailerBytes = 8
    private static let packedFlag: UInt16 = 1

    /// The file's bytes for a payload, packed with LZ4 where that saves more than a tenth.
    ///
    /// - Parameter payload: At most `FormatLimits.sealedFileBytes`, which is all a reader accepts; the caller checks
    ///   this.
    package static func encode(_ kind: Kind, version: UInt16? = nil, payload: [UInt8]) -> [UInt8] {
        var packed = ByteWriter()
        let isPacked =
            payload.count >= 128
            && payload.withUnsafeBytes { LZ4.compress($0, into: &packed, level: .fast) != nil }
            && packed.count < payload.count / 10 * 9
        let stored = isPacked ? packed.bytes : payload
        var writer = ByteWriter(capacity: stored.count + headerBytes + trailerBytes)
        kind.magic.utf8.forEach { writer.append($0) }
        writer.append(version ?? kind.version)
        writer.append(isPacked ? packedFlag : UInt16(0))
        writer.append(UInt32(truncatingIfNeeded: payload.count))
        writer.append(UInt64(stored.count))
        stored.withUnsafeBytes { writer.append(bytes: $0) }
        writer.append(writer.bytes.withUnsafeBytes { Checksum.of($0) })
        return writer.bytes
    }

    /// The checksum at the end of an encoded file.
    package static func checksum(of bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: $0.count - trailerBytes, as: UInt64.self).littleEndian
        }
    }

    /// Reads a file and returns its payload, checksum and version.
    ///
    /// - Parameters:
    ///   - folder: The folder of the store.
    ///   - name: The file's name in the folder.
    ///   - kind: The kind that the file must be.
    /// - Throws: `StorageError.damaged` with file and offset; `StorageError.unknownVersion`; `FileError` if it cannot
    ///   be read.
    package static func read(
        _ folder: StoreFolder, _ name: String, _ kind: Kind
    ) throws -> (payload: [UInt8], checksum: UInt64, version: UInt16) {
        let bytes = try folder.readAll(name, limit: FormatLimits.sealedFileBytes)
        func damaged(_ offset: Int, _ reason: String) -> StorageError {
            .damaged(Damage(file: name, offset: offset, reason: reason))
        }
        guard bytes.count >= headerBytes + trailerBytes else { throw damaged(0, "the file is cut short") }
        return try bytes.withUnsafeBytes { raw in
            let body = UnsafeRawBufferPointer(rebasing: raw[..<(raw.count - trailerBytes)])
            let checksum = raw.loadUnaligned(fromByteOffset: body.count, as: UInt64.self).littleEndian
            guard Checksum.of(body) == checksum else { throw damaged(0, "the checksum does not match") }
            guard body.starts(with: kind.magic.utf8) else { throw damaged(0, "not a \(kind.name) file") }
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: body[8...]))
            let fileVersion = try reader.integer(as: UInt16.self)
            guard (1...kind.version).contains(fileVersion) else {
                throw StorageError.unknownVersion(file: name, version: Int(fileVersion))
            }
            let flags = try reader.integer(as: UInt16.self)
            let rawCount = Int(try reader.integer(as: UInt32.self))
            let storedCount = try reader.integer(as: UInt64.self)
            guard flags & ~packedFlag == 0, storedCount == reader.remaining,
                rawCount <= FormatLimits.sealedFileBytes
            else { throw damaged(10, "the header does not fit the file") }
            let stored = try reader.bytes(count: reader.remaining)
            guard flags & packedFlag != 0 else {
                guard stored.count == rawCount else { throw damaged(12, "the size does not fit the file") }
                return (Array(stored), checksum, fileVersion)
            }
            var payload = [UInt8](repeating: 0, count: rawCount)
            do {
                try payload.withUnsafeMutableBytes { try LZ4.decompress(stored, into: $0) }
            } catch {
                throw damaged(headerBytes, "the payload does not unpack")
            }
            return (payload, checksum, fileVersion)
        }
    }

    /// Runs a parser over a payload and reports its error as damage of the file.
    ///
    /// - Throws: `StorageError.damaged` if the parser throws a `CodecError` or leaves bytes unread; any other error of
    ///   the parser.
    package static func parse<T>(
        _ payload: [UInt8], _ name: String, _ body: (inout ByteReader) throws -> T
    ) throws -> T {
        try payload.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            do {
                let value = try body(&reader)
                try reader.finish()
                return value
            } catch let error as CodecError {
                throw StorageError.damaged(
                    Damage(file: name, offset: headerBytes + error.offset, reason: error.reason))
            }
        }
    }
}
