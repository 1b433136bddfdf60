// ByteSource.swift — the decompressed bytes of a file, read ahead on a thread of its own.
//
// Invariants:
// - At most `bufferCount` buffers exist, so a slow reader stops the thread (backpressure).
// - `next` throws an error of the thread only after it has returned the good bytes before the error.

import Synchronization
import VarveFile
import VarvePlatform

/// Reads and unpacks a file ahead of its consumer.
final class ByteSource: Sendable {
    private let filled = Handover<ByteBuffer>(capacity: ByteSource.bufferCount)
    private let free = Handover<ByteBuffer>(capacity: ByteSource.bufferCount)
    private let failure = FailureBox()
    private let thread: WorkerThread

    /// Three buffers: one is parsed, one waits, one is being filled.
    static let bufferCount = 3
    /// The bytes per buffer, unless a test wants small ones.
    static let defaultBufferSize = 2 << 20

    /// Starts reading.
    ///
    /// - Parameters:
    ///   - file: A file open for reading; read by position, so several sources may share it.
    ///   - encoding: The encoding of the unpacked bytes, which become UTF-8.
    ///   - bufferSize: The bytes per buffer.
    ///   - headroom: The free room in front of each buffer, in bytes.
    /// - Throws: `FileError` if no thread can be started.
    init(_ file: any File, encoding: TextEncoding = .utf8, bufferSize: Int, headroom: Int) throws {
        for _ in 0..<Self.bufferCount {
            free.put(ByteBuffer(headroom: headroom, capacity: bufferSize))
        }
        let (filled, free, failure) = (filled, free, failure)
        thread = try WorkerThread {
            do {
                try Self.run(file, encoding, free: free, filled: filled)
            } catch {
                failure.set(error)
            }
            filled.close()
        }
    }

    deinit {
        free.abandon()
        filled.abandon()
        thread.join()
    }

    /// The next buffer, with at least one byte; nil at the end of the file.
    ///
    /// - Throws: The first error of the reading thread.
    func next() throws -> ByteBuffer? {
        if let buffer = filled.take() { return buffer }
        try failure.rethrow()
        return nil
    }

    /// Gives a buffer back to be filled again.
    func recycle(_ buffer: sending ByteBuffer) {
        free.put(buffer)
    }

    private static func run(
        _ file: any File, _ encoding: TextEncoding, free: Handover<ByteBuffer>, filled: Handover<ByteBuffer>
    ) throws {
        let unpacked = try InputCompression.decoder(for: file)
        let decoder =
            encoding == .utf8 ? unpacked : TranscodingDecoder(unpacked, from: encoding, path: file.path)
        while let buffer = free.take() {
            buffer.count = try decoder.decode(into: buffer.room)
            buffer.bytesRead = decoder.bytesRead
            if buffer.count == 0 || !filled.put(buffer) { return }
        }
    }
}

/// Passes the first error from one thread to another.
final class FailureBox: Sendable {
    private let error = Mutex<(any Error)?>(nil)

    /// Keeps an error; only the first one is kept.
    func set(_ new: any Error) {
        error.withLock { $0 = $0 ?? new }
    }

    /// Throws the kept error if there is one.
    ///
    /// - Throws: The kept error.
    func rethrow() throws {
        if let error = error.withLock({ $0 }) { throw error }
    }
}
