// ByteBuffer.swift — a large reusable run of bytes with free room in front.
//
// The unfinished row of the buffer before is copied to the room in front. So every row lies in one piece, and nothing
// else is copied.
//
// Invariants:
// - `headroom` bytes lie before `start`; `start` to `start + capacity` is for data, of which `count` are filled.

/// A buffer that moves between the reading and the parsing thread; one of them owns it at a time.
final class ByteBuffer: @unchecked Sendable {
    // Unchecked: ownership passes through `Handover`, so no two threads hold one buffer at a time.
    let headroom: Int
    let capacity: Int
    /// The number of bytes filled.
    var count = 0
    /// The bytes of the file that had been read when the buffer was filled.
    var bytesRead = 0
    private let memory: UnsafeMutablePointer<UInt8>

    /// Allocates a buffer.
    init(headroom: Int, capacity: Int) {
        self.headroom = headroom
        self.capacity = capacity
        memory = .allocate(capacity: headroom + capacity)
    }

    deinit {
        memory.deallocate()
    }

    /// The first byte of the data.
    var start: UnsafeMutablePointer<UInt8> { memory + headroom }

    /// The room for data.
    var room: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: start, count: capacity) }
}
