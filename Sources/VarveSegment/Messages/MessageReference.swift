// MessageReference.swift — what a manifest says about a messages file.

package import VarveCodec

/// A messages file that the manifest names.
package struct MessageReference: Hashable, Sendable {
    package var id: FileID
    package var byteCount: UInt64
    /// XXH3-64 of the header.
    var checksum: UInt64
    package var count: UInt64
    /// The age clock when the oldest message was written to a file; `newest` is that of the newest.
    package var oldest: Int64
    package var newest: Int64

    /// The most that the age clock advances between two manifests: an hour.
    package static let longestClockStep: Int64 = 3_600_000_000_000

    init(id: FileID, byteCount: UInt64, checksum: UInt64, count: UInt64, oldest: Int64, newest: Int64) {
        self.id = id
        self.byteCount = byteCount
        self.checksum = checksum
        self.count = count
        self.oldest = oldest
        self.newest = newest
    }

    package func write(to writer: inout ByteWriter) {
        FileReference.write(id, byteCount: byteCount, checksum: checksum, to: &writer)
        writer.appendVarint(count)
        writer.append(oldest)
        writer.append(newest)
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    package init(from reader: inout ByteReader) throws(CodecError) {
        (id, byteCount, checksum) = try FileReference.read(&reader)
        count = UInt64(try reader.varint(limit: MessageFormat.maximumEntries, "messages"))
        oldest = try reader.integer(as: Int64.self)
        newest = try reader.integer(as: Int64.self)
        // The size is compared with the file's; beyond this it is impossible.
        guard byteCount < 1 << 48 else { throw reader.failure("an impossible messages file") }
    }
}
