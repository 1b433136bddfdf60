// MessageFormat.swift — the constants and the layout of a messages file.
//
//     header │ filter piece │ … │ entry piece │ …
//
// Byte table: ManifestFormat.md, "Messages file".
//
// Invariants:
// - The two counts of the header determine the place of every piece.
// - The checksum of the header or of a piece covers every byte. The tag of a piece names its file and its place.

package import VarveCodec

/// One committed message; a replay is recognised by its hash.
package struct MessageEntry: Hashable, Comparable, Sendable {
    package var hash: Hash128
    package var commit: UInt64

    package init(hash: Hash128, commit: UInt64) {
        self.hash = hash
        self.commit = commit
    }

    /// Orders by the upper 64 bits of the hash, then the lower ones, then the commit.
    package static func < (left: MessageEntry, right: MessageEntry) -> Bool {
        if left.hash.high != right.hash.high { return left.hash.high < right.hash.high }
        if left.hash.low != right.hash.low { return left.hash.low < right.hash.low }
        return left.commit < right.commit
    }
}

enum MessageFormat {
    static let magic: [UInt8] = Array("VARVEMSG".utf8)
    static let version: UInt16 = 1
    static let headerBytes = 8 + 2 + 2 + 4 + 16 + 5 * 8 + 16 + 8
    static let entryBytes = 16 + 8
    static let pieceEntries = 170
    static let pieceBlocks = 127
    /// The tag, then the checksum.
    static let trailerBytes = 8 + 8
    /// The most messages of a file; it keeps every size far below overflow.
    static let maximumEntries = 1 << 36

    /// The places of the pieces of a file.
    struct Layout: Hashable, Sendable {
        let entries: Int
        let blocks: Int

        init(entries: Int, blocks: Int) {
            self.entries = entries
            self.blocks = blocks
        }

        var filterPieces: Int { (blocks + pieceBlocks - 1) / pieceBlocks }
        var entryPieces: Int { (entries + pieceEntries - 1) / pieceEntries }

        /// The size of the file.
        var byteCount: Int {
            entryStart + entries * entryBytes + entryPieces * trailerBytes
        }

        private var entryStart: Int {
            headerBytes + blocks * MessageFilter.blockBytes + filterPieces * trailerBytes
        }

        /// Offset and payload bytes of filter piece `index`.
        func filter(_ index: Int) -> (offset: Int, count: Int) {
            let full = pieceBlocks * MessageFilter.blockBytes
            let count = min(full, (blocks - index * pieceBlocks) * MessageFilter.blockBytes)
            return (headerBytes + index * (full + trailerBytes), count)
        }

        /// Offset and payload bytes of entry piece `index`.
        func entries(_ index: Int) -> (offset: Int, count: Int) {
            let full = pieceEntries * entryBytes
            let count = min(full, (entries - index * pieceEntries) * entryBytes)
            return (entryStart + index * (full + trailerBytes), count)
        }
    }

    /// The tag that a piece at an offset of a file must have.
    static func tag(_ id: FileID, _ offset: Int) -> UInt64 { id.hash.low &+ UInt64(offset) }
}

/// The header of a messages file.
package struct MessageHeader: Hashable, Sendable {
    package var id: FileID
    package var entries: Int
    var blocks: Int
    /// The age clock (`Manifest.messageClock`) when the oldest message was written to a file; `newest` is that of the
    /// newest.
    package var oldest: Int64
    package var newest: Int64
    package var highestCommit: UInt64

    package init(id: FileID, entries: Int, oldest: Int64, newest: Int64, highestCommit: UInt64) {
        self.id = id
        self.entries = entries
        blocks = MessageFilter.blocks(for: entries)
        self.oldest = oldest
        self.newest = newest
        self.highestCommit = highestCommit
    }

    var layout: MessageFormat.Layout { .init(entries: entries, blocks: blocks) }

    func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: MessageFormat.headerBytes)
        MessageFormat.magic.withUnsafeBytes { writer.append(bytes: $0) }
        writer.append(MessageFormat.version)
        writer.append(UInt16(0))
        writer.append(UInt32(0))
        id.hash.write(to: &writer)
        writer.append(UInt64(entries))
        writer.append(UInt64(blocks))
        writer.append(oldest)
        writer.append(newest)
        writer.append(highestCommit)
        writer.append(UInt64(0))
        writer.append(UInt64(0))
        writer.append(writer.bytes.withUnsafeBytes { Checksum.of($0) })
        return writer.bytes
    }

    /// Reads a header and returns it with its checksum.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`.
    static func decode(
        _ bytes: [UInt8], id: FileID, name: String
    ) throws -> (header: MessageHeader, checksum: UInt64) {
        func damaged(_ offset: Int, _ reason: String) -> StorageError {
            .damaged(Damage(file: name, offset: offset, reason: reason))
        }
        guard bytes.count == MessageFormat.headerBytes else { throw damaged(0, "the file is cut short") }
        return try bytes.withUnsafeBytes { raw in
            let expected = FileHeader(
                magic: MessageFormat.magic, version: MessageFormat.version, id: id, name: name,
                part: "header", kind: "messages file", foreign: "another file's header")
            let checked = try expected.check(raw)
            var reader = checked.rest
            let entries = try reader.integer(as: UInt64.self)
            let blocks = try reader.integer(as: UInt64.self)
            guard (1...UInt64(MessageFormat.maximumEntries)).contains(entries),
                blocks == UInt64(MessageFilter.blocks(for: Int(entries)))
            else { throw damaged(32, "impossible counts") }
            var header = MessageHeader(
                id: id, entries: Int(entries), oldest: try reader.integer(as: Int64.self),
                newest: try reader.integer(as: Int64.self), highestCommit: 0)
            header.highestCommit = try reader.integer(as: UInt64.self)
            return (header, checked.checksum)
        }
    }
}
