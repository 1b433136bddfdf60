// StreamSpool.swift — copies a stream to a temporary file so that it can be read twice.
//
// Invariants:
// - The file loses its name before anything is copied to it, so no crash leaves it behind.
// - It holds at most `limit` bytes.

import Glibc
import Synchronization
import VarveFile

/// A temporary copy of a stream, as it came (packed or not).
struct StreamSpool {
    /// The copy, open for reading.
    let file: any File

    /// The most bytes of a stream: 64 GiB.
    static let defaultLimit = 64 << 30
    private static let counter = Atomic<UInt64>(0)

    /// Copies a stream to its end.
    ///
    /// - Throws: `FileError`, with the code `EFBIG` if the stream is longer than `limit` bytes.
    init(_ stream: any File, files: any FileSystem, folder: String, limit: Int = defaultLimit) throws {
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        let path = "\(folder)/import-\(getpid())-\(number).partial"
        let file = try files.open(path, .createNew)
        self.file = file
        do {
            try files.remove(path)
            try Self.copy(stream, to: file, limit: limit)
        } catch {
            file.close()
            throw error
        }
    }

    /// Closes the copy, which frees its disk space.
    func close() {
        file.close()
    }

    private static func copy(_ stream: any File, to file: any File, limit: Int) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var total = 0
        while true {
            let count = try stream.read(into: buffer)
            if count == 0 { return }
            total += count
            guard total <= limit else { throw FileError("spool", stream.path, code: EFBIG) }
            try file.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
