// MessageFileWriter.swift — writes sorted entries to a new, durable messages file.
//
// It makes two passes over the entries: one for the filter, one for the entries themselves.
//
// Invariants:
// - The file has its final random name from the start, but nothing refers to it before `write` returns. After a crash
//   it is an orphan that the next writer removes. After an error it is removed at once.
// - Memory: one piece, and the bytes not yet written.

import VarveCodec
import VarveFile

package struct MessageFileWriter {
    private let header: MessageHeader
    private let file: any File
    private var buffer = ByteWriter(capacity: flushBytes + 8192)
    private var written = 0

    private static let flushBytes = 1 << 20

    /// Writes a file; file and name are durable on return.
    ///
    /// - Parameters:
    ///   - header: Describes the file; its counts and its highest commit must be right.
    ///   - folder: The folder of the store.
    ///   - source: Begins a pass over the sorted entries; called twice.
    /// - Throws: `StorageError.invalidBatch` if there are fewer entries than the header says; `FileError`; what
    ///   `source` throws.
    package static func write(
        _ header: MessageHeader, _ folder: StoreFolder,
        _ source: () throws -> () throws -> MessageEntry?
    ) throws -> MessageReference {
        let name = folder.absolute(StoreFolder.immutable(header.id, .messages))
        var writer = MessageFileWriter(header, try folder.files.open(name, .createNew))
        do {
            let bytes = header.encode()
            try writer.append(bytes)
            try writer.writeFilter(try source())
            try writer.writeEntries(try source())
            try writer.finish()
            try folder.files.syncDirectory(folder.segments)
            let checksum = bytes.suffix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self).littleEndian }
            return MessageReference(
                id: header.id, byteCount: UInt64(writer.written), checksum: checksum,
                count: UInt64(header.entries), oldest: header.oldest, newest: header.newest)
        } catch {
            writer.file.close()
            try? folder.files.remove(name)
            throw error
        }
    }

    private init(_ header: MessageHeader, _ file: any File) {
        self.header = header
        self.file = file
    }

    private mutating func writeFilter(_ next: () throws -> MessageEntry?) throws {
        let layout = header.layout
        var pending = try next()
        for index in 0..<layout.filterPieces {
            let first = index * MessageFormat.pieceBlocks
            let count = layout.filter(index).count / MessageFilter.blockBytes
            var blocks = [SIMD8<UInt32>](repeating: .zero, count: count)
            while let entry = pending {
                let block = MessageFilter.block(of: entry.hash, among: layout.blocks)
                guard block < first + count else { break }
                blocks[block - first] |= MessageFilter.bits(of: entry.hash)
                pending = try next()
            }
            var piece = ByteWriter(capacity: 4096)
            for block in blocks {
                for word in 0..<8 { piece.append(block[word]) }
            }
            try append(&piece)
        }
    }

    private mutating func writeEntries(_ next: () throws -> MessageEntry?) throws {
        for index in 0..<header.layout.entryPieces {
            var piece = ByteWriter(capacity: 4096)
            for _ in 0..<(header.layout.entries(index).count / MessageFormat.entryBytes) {
                guard let entry = try next() else {
                    throw StorageError.invalidBatch("fewer messages than counted")
                }
                entry.hash.write(to: &piece)
                piece.append(entry.commit)
            }
            try append(&piece)
        }
    }

    private mutating func append(_ piece: inout ByteWriter) throws {
        piece.append(MessageFormat.tag(header.id, written + buffer.count))
        piece.append(piece.bytes.withUnsafeBytes { Checksum.of($0) })
        try append(piece.bytes)
    }

    private mutating func append(_ bytes: [UInt8]) throws {
        bytes.withUnsafeBytes { buffer.append(bytes: $0) }
        if buffer.count >= Self.flushBytes { try flush() }
    }

    private mutating func flush() throws {
        try file.append(buffer.bytes)
        written += buffer.count
        buffer.bytes.removeAll(keepingCapacity: true)
    }

    private mutating func finish() throws {
        try flush()
        try file.sync()
        file.close()
    }
}
