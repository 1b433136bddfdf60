// CodecShares.swift — the bytes that each encoding took, for `varve stats`.
//
// The top index of a segment has them, so that statistics need not read data.

import VarveCodec

package struct CodecShares: Hashable, Sendable {
    /// Encoded bytes by the name of the outermost encoding, with ` + LZ4` where the column is also an LZ4 block.
    package var bytes: [String: UInt64] = [:]

    package init() {}

    /// Counts one encoded column.
    mutating func add(_ column: UnsafeRawBufferPointer) {
        let description = ColumnEncoding.describe(column)
        let name = (description.names.first ?? "none") + (description.isLZ4 ? " + LZ4" : "")
        bytes[name, default: 0] += UInt64(column.count)
    }

    package mutating func add(_ other: CodecShares) {
        bytes.merge(other.bytes) { $0 + $1 }
    }

    func write(to writer: inout ByteWriter) {
        writer.appendVarint(UInt64(bytes.count))
        for (name, count) in bytes.sorted(by: { $0.key < $1.key }) {
            writer.append(text: name)
            writer.appendVarint(count)
        }
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    init(from reader: inout ByteReader) throws(CodecError) {
        let count = try reader.varint(limit: 65_536, "encodings")
        for _ in 0..<count {
            let name = try reader.text(limit: 256)
            bytes[name] = try reader.varint()
        }
    }
}
