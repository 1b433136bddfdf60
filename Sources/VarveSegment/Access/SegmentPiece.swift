// SegmentPiece.swift — checks, unpacks and decodes one piece of a segment; every error names file and offset.

import VarveCodec

struct SegmentPiece {
    let name: String
    let extent: Extent
    let what: StaticString

    /// Checks size and checksum of the stored bytes.
    ///
    /// - Throws: `StorageError.damaged` if they differ.
    func check(_ bytes: [UInt8]) throws {
        guard bytes.count == extent.count, bytes.withUnsafeBytes({ Checksum.of($0) }) == extent.checksum
        else { throw damaged("the checksum of the \(what) does not match") }
    }

    /// Decodes checked bytes.
    ///
    /// - Throws: `StorageError.damaged` where `body` throws.
    func decode<T>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(CodecError) -> T
    ) throws -> T {
        let result = bytes.withUnsafeBytes { raw -> Result<T, CodecError> in
            Result { () throws(CodecError) in try body(raw) }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw damaged("the \(what) does not decode: \(error.reason)")
        }
    }

    /// Decodes checked bytes; they are an LZ4 block unless their count is `rawCount`.
    ///
    /// - Throws: `StorageError.damaged` where unpacking or `body` throws.
    func unpack<T>(
        _ bytes: [UInt8], rawCount: Int, _ body: (UnsafeRawBufferPointer) throws(CodecError) -> T
    ) throws -> T {
        guard rawCount != bytes.count else { return try decode(bytes, body) }
        var raw = [UInt8](repeating: 0, count: rawCount)
        _ = try decode(bytes) { packed throws(CodecError) in
            let result = raw.withUnsafeMutableBytes { target -> Result<Void, CodecError> in
                Result { () throws(CodecError) in try LZ4.decompress(packed, into: target) }
            }
            try result.get()
        }
        return try decode(raw, body)
    }

    func damaged(_ reason: String) -> StorageError {
        .damaged(Damage(file: name, offset: extent.offset, reason: reason))
    }
}
