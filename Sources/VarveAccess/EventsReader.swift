// EventsReader.swift — the service's side of the events file: reads what is new, across restarts of both.
//
// Invariants:
// - Each line is given once, in order, as long as the reader comes before two files have filled up.
// - The position moves past whole lines only.

package import VarveFile

/// How far the events were read: the name of a file and an offset in it.
package struct EventsPosition: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var offset: Int

    package init(file: String, offset: Int) {
        self.file = file
        self.offset = offset
    }

    /// Reads what `description` wrote.
    package init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let offset = Int(parts[1]), offset >= 0 else { return nil }
        self.init(file: String(parts[0]), offset: offset)
    }

    package var description: String { "\(file) \(offset)" }
}

/// Reads connection events.
package struct EventsReader: Sendable {
    private let path: String
    private let files: any FileSystem

    static let olderSuffix = ".1"
    /// Most bytes read at once.
    private static let pieceBytes = 1 << 20

    package init(_ path: String, files: any FileSystem = POSIXFileSystem()) {
        self.path = path
        self.files = files
    }

    /// The events after a position, at most a mebibyte of them, and the position after those.
    ///
    /// Lines that are none are left out and counted.
    package func read(
        after position: EventsPosition?
    ) throws -> (events: [ConnectionEvent], position: EventsPosition?, damaged: Int) {
        guard let current = try Opened(path, files) else { return ([], position, 0) }
        defer { current.file.close() }
        if current.name != position?.file, let older = try Opened(path + Self.olderSuffix, files) {
            defer { older.file.close() }
            let start = older.name == position?.file ? position?.offset ?? older.start : older.start
            let (lines, end) = try older.lines(from: start, limit: Self.pieceBytes)
            if !lines.isEmpty { return Self.events(lines, EventsPosition(file: older.name, offset: end)) }
        }
        let start = current.name == position?.file ? position?.offset ?? current.start : current.start
        let (lines, end) = try current.lines(from: start, limit: Self.pieceBytes)
        return Self.events(lines, EventsPosition(file: current.name, offset: end))
    }

    private static func events(
        _ lines: [ArraySlice<UInt8>], _ position: EventsPosition
    ) -> (events: [ConnectionEvent], position: EventsPosition?, damaged: Int) {
        let events = lines.compactMap { ConnectionEvent(line: $0) }
        return (events, position, lines.count - events.count)
    }

    /// An events file with its name.
    private struct Opened {
        let file: any File
        let name: String
        let start: Int

        init?(_ path: String, _ files: any FileSystem) throws {
            guard case .file? = try files.kind(path) else { return nil }
            let file = try files.open(path, .read)
            let head = try file.readBytes(count: 64, at: 0)
            guard let end = head.firstIndex(of: 0x0A) else {
                file.close()
                return nil
            }
            let line = String(decoding: head[..<end], as: UTF8.self)
            self.file = file
            name =
                line.hasPrefix(EventsWriter.header)
                ? String(line.dropFirst(EventsWriter.header.count)) : "unnamed"
            start = end + 1
        }

        func lines(from offset: Int, limit: Int) throws -> ([ArraySlice<UInt8>], Int) {
            let bytes = try file.readBytes(count: limit, at: max(offset, start))
            guard let last = bytes.lastIndex(of: 0x0A) else { return ([], max(offset, start)) }
            return (bytes[..<last].split(separator: 0x0A), max(offset, start) + last + 1)
        }
    }
}
