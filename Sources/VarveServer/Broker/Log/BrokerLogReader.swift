// BrokerLogReader.swift — reads mosquitto's log onward from where its reader was.
//
// When the log is too long, it is copied and truncated; when a broker is started, it is renamed (BrokerLog). So a place
// is recognised by its offset and the bytes before it. An inode would not do, as the file system reuses it at once.
//
// Invariants:
// - A line is read once while nobody removes the log, also after the log was truncated or the service restarted.
// - One call reads at most `pieceBytes`; it passes over a line that is longer.

import VarveCodec
import VarveFile

/// A place in the broker's log.
struct BrokerLogPosition: Hashable, Sendable {
    /// The first byte that has not been read.
    var offset: Int
    /// A checksum of the last bytes before it.
    var mark: UInt64

    /// The beginning of a log.
    static let start = BrokerLogPosition(offset: 0, mark: 0)

    init(offset: Int, mark: UInt64) {
        self.offset = offset
        self.mark = mark
    }

    /// Reads the form that `text` has; nil for anything else.
    init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let offset = Int(parts[0]), offset >= 0,
            let mark = UInt64(parts[1], radix: 16)
        else { return nil }
        self.init(offset: offset, mark: mark)
    }

    /// The place as text, as the message log keeps it.
    var text: String { "\(offset) \(String(mark, radix: 16))" }
}

/// The reader of the broker's log.
struct BrokerLogReader: Sendable {
    private let path: String
    private let files: any FileSystem
    private let pieceBytes: Int

    private static let markBytes = 128

    init(_ path: String, _ files: any FileSystem, pieceBytes: Int = 1 << 20) {
        self.path = path
        self.files = files
        self.pieceBytes = pieceBytes
    }

    /// Reads complete lines.
    ///
    /// - Returns: The lines, the place after them, and whether there may be more to read now.
    /// - Throws: `FileError` if a file cannot be read.
    func read(
        after position: BrokerLogPosition
    ) throws -> (lines: [String], position: BrokerLogPosition, hasMore: Bool) {
        let current = try open(path)
        defer { current?.close() }
        if let current, try matches(current, position) {
            let (lines, next) = try read(current, position)
            return (lines, next, next != position)
        }
        // The place may be in the copy. Once all of the copy is read, reading goes on at the beginning of the log.
        if let older = try open(BrokerLog(path, files).predecessor) {
            defer { older.close() }
            if try matches(older, position) {
                let (lines, next) = try read(older, position)
                if next != position { return (lines, next, true) }
            }
        }
        guard let current else { return ([], position, false) }
        let (lines, next) = try read(current, .start)
        return (lines, next, next != .start)
    }

    private func open(_ path: String) throws -> (any File)? {
        do {
            return try files.open(path, .read)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    private func matches(_ file: any File, _ position: BrokerLogPosition) throws -> Bool {
        guard try file.size() >= position.offset else { return false }
        return try mark(file, position.offset) == position.mark
    }

    private func mark(_ file: any File, _ offset: Int) throws -> UInt64 {
        guard offset > 0 else { return 0 }
        let count = min(offset, Self.markBytes)
        return try file.readBytes(count: count, at: offset - count).withUnsafeBytes { Checksum.of($0) }
    }

    private func read(
        _ file: any File, _ position: BrokerLogPosition
    ) throws -> ([String], BrokerLogPosition) {
        let size = try file.size()
        let bytes = try file.readBytes(
            count: min(pieceBytes, max(0, size - position.offset)), at: position.offset)
        let feed = UInt8(ascii: "\n")
        let end: Int
        if let last = bytes.lastIndex(of: feed) {
            end = last + 1
        } else {
            // No line of mosquitto is that long: such bytes are passed over.
            end = bytes.count == pieceBytes ? bytes.count : 0
        }
        guard end > 0 else { return ([], position) }
        let lines = bytes[..<end].split(separator: feed).map { String(decoding: $0, as: UTF8.self) }
        let offset = position.offset + end
        return (lines, BrokerLogPosition(offset: offset, mark: try mark(file, offset)))
    }
}
