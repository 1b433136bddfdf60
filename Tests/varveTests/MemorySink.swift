// MemorySink.swift — keeps output in memory, and can act as a reader that closes the output.

import VarveModel
import VarveText

@testable import varve

final class MemorySink: ByteSink {
    private(set) var bytes: [UInt8] = []
    private(set) var writes = 0
    /// After this many writes the reader is gone.
    var lifetime = Int.max

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        writes += 1
        guard writes <= lifetime else { return false }
        self.bytes += bytes
        return true
    }
}

/// The nanoseconds of an RFC 3339 time.
func nanoseconds(_ text: String) throws -> Int64 {
    try Timestamp.parse(text).nanoseconds
}
