// MessageFile.swift — an open messages file: sorted hashes and commits of messages behind a filter.
//
// Opening reads the header. A look-up that passes the filter reads one piece of 4 KiB, rarely two or three: hashes are
// spread evenly, so the hash gives a good guess of the piece.
//
// Invariants:
// - No piece is used before its checksum, and the tag of its file and place, are verified.
// - The file never changes.

package import VarveCodec
import VarveFile

package final class MessageFile: Sendable {
    package let header: MessageHeader
    let name: String
    /// The checksum of the header: what the manifest names.
    let checksum: UInt64
    private let file: any File
    private let layout: MessageFormat.Layout

    /// Opens a file that the manifest names.
    ///
    /// - Throws: `StorageError.damaged`, also if it is another file; `StorageError.unknownVersion`; `FileError`.
    package convenience init(
        _ folder: StoreFolder, _ reference: MessageReference
    ) throws {
        try self.init(reference.id, folder)
        guard checksum == reference.checksum, layout.byteCount == Int(reference.byteCount),
            header.entries == Int(reference.count)
        else {
            throw StorageError.damaged(
                Damage(file: name, offset: 0, reason: "not the file the manifest names"))
        }
    }

    /// Opens a file without a manifest.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `FileError`.
    package init(_ id: FileID, _ folder: StoreFolder) throws {
        let name = StoreFolder.immutable(id, .messages)
        self.name = name
        file = try folder.open(name, .read)
        let bytes = try file.readBytes(count: MessageFormat.headerBytes, at: 0)
        (header, checksum) = try MessageHeader.decode(bytes, id: id, name: name)
        layout = header.layout
        let size = try file.size()
        guard size == layout.byteCount else {
            throw StorageError.damaged(
                Damage(
                    file: name, offset: min(size, layout.byteCount),
                    reason: "the file has \(size) bytes instead of \(layout.byteCount)"))
        }
    }

    /// The bytes that its filter takes in memory.
    package var filterBytes: Int { layout.blocks * MessageFilter.blockBytes }

    /// Reads the whole filter.
    ///
    /// - Throws: `StorageError.damaged`; `FileError`.
    package func filter() throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(filterBytes)
        for index in 0..<layout.filterPieces { bytes += try piece(layout.filter(index), "filter") }
        return bytes
    }

    /// The newest commit of a message, or nil if the file does not have the message.
    ///
    /// - Parameters:
    ///   - hash: The content hash of the message.
    ///   - filter: The whole filter if it is in memory, else nil: then a piece of the filter is read.
    /// - Throws: `StorageError.damaged`; `FileError`.
    package func commit(of hash: Hash128, filter: [UInt8]?) throws -> UInt64? {
        let block = MessageFilter.block(of: hash, among: layout.blocks)
        let isPerhapsHere: Bool
        if let filter {
            isPerhapsHere = filter.withUnsafeBytes {
                MessageFilter.has(hash, $0, at: block * MessageFilter.blockBytes)
            }
        } else {
            let (index, place) = block.quotientAndRemainder(dividingBy: MessageFormat.pieceBlocks)
            isPerhapsHere = try piece(layout.filter(index), "filter").withUnsafeBytes {
                MessageFilter.has(hash, $0, at: place * MessageFilter.blockBytes)
            }
        }
        return isPerhapsHere ? try search(hash) : nil
    }

    /// The entries of piece `index`, sorted.
    ///
    /// - Throws: `StorageError.damaged`; `FileError`.
    package func entries(_ index: Int) throws -> [MessageEntry] {
        let extent = layout.entries(index)
        let bytes = try piece(extent, "entries")
        return bytes.withUnsafeBytes { raw in
            (0..<(raw.count / MessageFormat.entryBytes)).map { Self.entry(raw, $0) }
        }
    }

    package var pieces: Int { layout.entryPieces }

    /// Checks every byte, the order of the entries, and that the filter passes each of them.
    ///
    /// - Throws: `StorageError.damaged` at the first fault; `FileError`.
    package func check() throws {
        let filter = try filter()
        var before: MessageEntry?
        for index in 0..<pieces {
            for entry in try entries(index) {
                let block = MessageFilter.block(of: entry.hash, among: layout.blocks)
                let isThere = filter.withUnsafeBytes {
                    MessageFilter.has(entry.hash, $0, at: block * MessageFilter.blockBytes)
                }
                guard isThere, before.map({ !(entry < $0) }) ?? true, entry.commit <= header.highestCommit
                else {
                    throw StorageError.damaged(
                        Damage(
                            file: name, offset: layout.entries(index).offset,
                            reason: "a message is out of order or not in the filter"))
                }
                before = entry
            }
        }
    }

    /// Searches for a hash: guesses its piece between those known to be too low and too high, and bisects after four
    /// guesses.
    private func search(_ hash: Hash128) throws -> UInt64? {
        var (low, high) = (0, pieces - 1)
        var (lowKey, highKey) = (UInt64.min, UInt64.max)
        var guesses = 0
        while low <= high {
            let share = Double(hash.high &- lowKey) / (Double(highKey &- lowKey) + 1)
            let guess = low + min(high - low, max(0, Int(share * Double(high - low + 1))))
            let index = guesses < 4 ? guess : (low + high) / 2
            guesses += 1
            let entries = try entries(index)
            guard let first = entries.first, let last = entries.last else { return nil }
            if let found = Self.newest(hash, entries) { return try newest(after: index, found) }
            if MessageEntry(hash: hash, commit: 0) < first {
                high = index - 1
                highKey = first.hash.high
            } else if last < MessageEntry(hash: hash, commit: .max) {
                low = index + 1
                lowKey = last.hash.high
            } else {
                return nil
            }
        }
        return nil
    }

    /// The newest entry of a message in a piece; a message that was applied again has several.
    private static func newest(_ hash: Hash128, _ entries: [MessageEntry]) -> MessageEntry? {
        let wanted = MessageEntry(hash: hash, commit: .max)
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle] <= wanted { low = middle + 1 } else { high = middle }
        }
        return low > 0 && entries[low - 1].hash == hash ? entries[low - 1] : nil
    }

    /// The newest commit of a message, including the following pieces, into which equal hashes may reach.
    private func newest(after index: Int, _ found: MessageEntry) throws -> UInt64 {
        var newest = found
        for next in index + 1..<max(pieces, index + 1) {
            let entries = try entries(next)
            guard let more = Self.newest(found.hash, entries) else { break }
            newest = more
        }
        return newest.commit
    }

    private static func entry(_ raw: UnsafeRawBufferPointer, _ index: Int) -> MessageEntry {
        func word(_ place: Int) -> UInt64 {
            let offset = index * MessageFormat.entryBytes + place * 8
            return raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
        }
        return MessageEntry(hash: Hash128(low: word(0), high: word(1)), commit: word(2))
    }

    private func piece(_ extent: (offset: Int, count: Int), _ what: String) throws -> [UInt8] {
        let whole = extent.count + MessageFormat.trailerBytes
        var bytes = try file.readBytes(count: whole, at: extent.offset)
        let isRight = bytes.withUnsafeBytes { raw in
            guard raw.count == whole else { return false }
            let covered = whole - 8
            let checksum = raw.loadUnaligned(fromByteOffset: covered, as: UInt64.self).littleEndian
            let tag = raw.loadUnaligned(fromByteOffset: extent.count, as: UInt64.self).littleEndian
            return Checksum.of(.init(rebasing: raw[..<covered])) == checksum
                && tag == MessageFormat.tag(header.id, extent.offset)
        }
        guard isRight else {
            throw StorageError.damaged(
                Damage(
                    file: name, offset: extent.offset, reason: "the checksum of the \(what) does not match"))
        }
        bytes.removeLast(MessageFormat.trailerBytes)
        return bytes
    }
}
