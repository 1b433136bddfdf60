// RawInput.swift — reads the bytes of a file as they are on disk, in order, with a look ahead of a few bytes.

import VarveFile

/// Reads a file from its beginning, piece by piece.
struct RawInput {
    private let file: any File
    private var offset = 0
    private var buffer: [UInt8]
    private var position = 0
    private var filled = 0

    /// The size of one read, and of the buffer for it.
    static let bufferSize = 256 << 10

    init(_ file: any File) {
        self.file = file
        buffer = [UInt8](repeating: 0, count: Self.bufferSize)
    }

    /// The bytes read from the file so far.
    var bytesRead: Int { offset }

    /// The file's path, for errors.
    var path: String { file.path }

    /// The number of bytes that were read and not yet consumed.
    var available: Int { filled - position }

    /// Reads the next piece if the buffer is empty.
    ///
    /// - Returns: False at the end of the file.
    /// - Throws: `FileError` if reading fails.
    mutating func fill() throws(FileError) -> Bool {
        if position < filled { return true }
        position = 0
        filled = try read(into: 0)
        return filled > 0
    }

    /// The next bytes without consuming them; fewer than `count` only at the end of the file.
    ///
    /// - Throws: `FileError` if reading fails.
    mutating func peek(_ count: Int) throws(FileError) -> ArraySlice<UInt8> {
        while available < count {
            if position > 0 {
                buffer.replaceSubrange(0..<available, with: Array(buffer[position..<filled]))
                filled -= position
                position = 0
            }
            let more = try read(into: filled)
            if more == 0 { break }
            filled += more
        }
        return buffer[position..<min(position + count, filled)]
    }

    /// Passes the unconsumed bytes to `body`, which returns how many it used.
    mutating func consume<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> (used: Int, result: Result)
    ) rethrows -> Result {
        let start = position
        let end = filled
        let outcome = try buffer.withUnsafeMutableBytes { bytes in
            try body(UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end]))
        }
        position += outcome.used
        return outcome.result
    }

    /// Reads into `target`; if the buffer is empty, directly from the file.
    ///
    /// - Throws: `FileError` if reading fails.
    mutating func read(into target: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        if available > 0 {
            let count = min(available, target.count)
            buffer.withUnsafeBytes { bytes in
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
            }
            position += count
            return count
        }
        let count = try file.read(into: target, at: offset)
        offset += count
        return count
    }

    private mutating func read(into start: Int) throws(FileError) -> Int {
        let file = self.file
        let offset = self.offset
        let result = buffer.withUnsafeMutableBytes { bytes -> Result<Int, FileError> in
            let room = UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
            return Result { () throws(FileError) in try file.read(into: room, at: offset) }
        }
        let count = try result.get()
        self.offset += count
        return count
    }
}
