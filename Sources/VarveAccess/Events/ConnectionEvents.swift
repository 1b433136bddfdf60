// ConnectionEvents.swift — reads the events file onward from where its reader was.
//
// Invariants:
// - Each complete line is read once, as long as the position of each call is the one the last call gave, also
//   when the file is renamed in between.
// - Lines that were lost, because nobody read while two files were filled, or damaged, are told as a note.

package import VarveFile

/// How far the events file has been read.
package struct ConnectionEventPosition: Hashable, Sendable {
    /// The number in the first line of the file.
    package var file: UInt64
    /// The first byte that has not been read.
    package var offset: Int

    init(file: UInt64, offset: Int) {
        self.file = file
        self.offset = offset
    }

    /// Reads what `text` gives; nil for anything else.
    package init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let file = UInt64(parts[0], radix: 16), let offset = Int(parts[1]),
            offset >= 0
        else { return nil }
        self.init(file: file, offset: offset)
    }

    /// The position as text, to be kept beside what was made of the events.
    package var text: String { "\(TabText.hex(file)) \(offset)" }
}

/// Events that were new, and how to go on.
package struct ConnectionEventBatch: Sendable {
    /// In the order they were written.
    package var events: [ConnectionEvent] = []
    /// What could not be read, one line each.
    package var notes: [String] = []
    /// Where the next call begins; nil while there is no file.
    package var position: ConnectionEventPosition?
    /// Whether the limit ended the batch.
    package var hasMore = false
}

/// The reader of an events file.
package struct ConnectionEvents {
    private static let pieceSize = 1 << 20
    private let path: String
    private let files: any FileSystem

    /// Makes a reader; it keeps nothing open between calls.
    package init(path: String, files: any FileSystem = POSIXFileSystem()) {
        self.path = path
        self.files = files
    }

    /// Reads complete lines.
    ///
    /// - Parameters:
    ///   - position: What the last call gave; nil for all there are.
    ///   - limit: About how many events to give at most.
    /// - Throws: `FileError`, or `AccessError` if the file is no events file.
    package func read(
        after position: ConnectionEventPosition?, limit: Int = 4096
    ) throws -> ConnectionEventBatch {
        var batch = ConnectionEventBatch(position: position)
        // In this order a rename in between shows the same file twice, never neither.
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
                batch.notes.append("\(path): older events may be lost; nobody read them for two files' time")
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
            throw AccessError("\(path) is no events file, or its first line is damaged; move it away")
        }
        return (file, identity)
    }

    /// Reads on in one file; `isEnded` says that its writer has begun another.
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
                // No line is that long, and an ended file gets no more: such bytes are damage.
                guard bytes.count == Self.pieceSize || isEnded && !bytes.isEmpty else { return }
                batch.notes.append("\(file.path): a damaged line at \(offset)")
                batch.position?.offset = offset + bytes.count
                continue
            }
            take(bytes[..<end], of: file.path, at: offset, into: &batch, limit: limit)
            if batch.hasMore { return }
        }
    }

    private func take(
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
