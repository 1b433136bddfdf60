// ConnectionEvents.swift — reads the events file from the position of the last read on.
//
// Invariants:
// - Each complete line is read once, if each call is given the position that the last call returned. This
//   also holds if the file is renamed in between.
// - Damaged lines, and lines lost because nobody read while two files were filled, are reported as a note.

public import VarveFile

/// How far the events file has been read.
public struct ConnectionEventPosition: Hashable, Sendable {
    /// The number in the first line of the file.
    var file: UInt64
    /// The offset of the first byte that has not been read.
    var offset: Int

    init(file: UInt64, offset: Int) {
        self.file = file
        self.offset = offset
    }

    /// Reads the output of `text`; nil for anything else.
    public init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let file = UInt64(parts[0], radix: 16), let offset = Int(parts[1]),
            offset >= 0
        else { return nil }
        self.init(file: file, offset: offset)
    }

    /// The position as text, to be stored with the results of the events.
    public var text: String { "\(TabText.hex(file)) \(offset)" }
}

/// New events, and the position to go on from.
public struct ConnectionEventBatch: Sendable {
    /// The events in the order in which they were written.
    public var events: [ConnectionEvent] = []
    /// What could not be read, one line for each piece.
    public var notes: [String] = []
    /// The position for the next call; nil as long as there is no file.
    public var position: ConnectionEventPosition?
    /// Whether the limit ended the batch.
    public var hasMore = false
}

/// Reads an events file.
public struct ConnectionEvents: Sendable {
    private static let pieceSize = 1 << 20
    private let path: String
    private let files: any FileSystem

    /// Makes a reader, which keeps no file open between calls.
    public init(path: String, files: any FileSystem = POSIXFileSystem()) {
        self.path = path
        self.files = files
    }

    /// Reads the complete lines after a position.
    ///
    /// - Parameters:
    ///   - position: The position that the last call returned; nil to read all that there is.
    ///   - limit: The most events to return.
    /// - Throws: `FileError` if a file cannot be read, `AccessError` if it is not an events file.
    public func read(
        after position: ConnectionEventPosition?, limit: Int = 4096
    ) throws -> ConnectionEventBatch {
        var batch = ConnectionEventBatch(position: position)
        // In this order, a rename in between shows the same file twice, never neither file.
        let current = try open(path)
        let older = try open(ConnectionEventFile.older(path))
        defer {
            current?.file.close()
            older?.file.close()
        }
        var steps = [older, current].compactMap(\.self)
        if steps.count == 2, steps[0].identity == steps[1].identity { steps.removeFirst() }
        if let position {
            if let index = steps.firstIndex(where: { $0.identity == position.file }) {
                steps.removeFirst(index)
            } else if !steps.isEmpty {
                batch.notes.append(
                    "\(path): older events may be lost: nobody read them while two files were filled")
            }
        }
        for (index, step) in steps.enumerated() {
            if batch.position?.file != step.identity {
                batch.position = ConnectionEventPosition(
                    file: step.identity, offset: ConnectionEventFile.headerSize)
            }
            try read(step.file, into: &batch, limit: limit, isEnded: index < steps.count - 1)
            if batch.hasMore { break }
        }
        return batch
    }

    private func open(_ path: String) throws -> (file: any File, identity: UInt64)? {
        let file: any File
        do {
            file = try files.open(path, .read)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        guard let identity = try ConnectionEventFile.identity(of: file) else {
            file.close()
            throw AccessError("\(path) is not an events file, or its first line is damaged; move it away")
        }
        return (file, identity)
    }

    /// Reads on in one file.
    ///
    /// `isEnded` says that the writer has begun another file.
    private func read(
        _ file: any File, into batch: inout ConnectionEventBatch, limit: Int, isEnded: Bool
    ) throws(FileError) {
        let size = try file.size()
        while let position = batch.position {
            let offset = position.offset
            guard offset <= size else {
                batch.notes.append("\(file.path) was cut at \(size); it had been read to \(offset)")
                batch.position?.offset = size
                return
            }
            let bytes = try file.readBytes(count: min(Self.pieceSize, size - offset), at: offset)
            guard let end = bytes.lastIndex(of: TabText.lineFeed) else {
                // No line is that long, and an ended file does not grow: such bytes are damage.
                guard bytes.count == Self.pieceSize || isEnded && !bytes.isEmpty else { return }
                batch.notes.append("\(file.path): a damaged line at \(offset)")
                batch.position?.offset = offset + bytes.count
                continue
            }
            addLines(bytes[..<end], of: file.path, at: offset, into: &batch, limit: limit)
            if batch.hasMore { return }
        }
    }

    private func addLines(
        _ bytes: ArraySlice<UInt8>, of path: String, at offset: Int,
        into batch: inout ConnectionEventBatch, limit: Int
    ) {
        for line in bytes.split(separator: TabText.lineFeed, omittingEmptySubsequences: false) {
            guard batch.events.count < limit else {
                batch.hasMore = true
                return
            }
            if let event = ConnectionEvent(line: line) {
                batch.events.append(event)
            } else {
                batch.notes.append("\(path): a damaged line at \(offset + line.startIndex)")
            }
            batch.position?.offset = offset + line.endIndex + 1
        }
    }
}
