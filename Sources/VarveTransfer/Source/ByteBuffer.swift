// ByteBuffer.swift — a large reusable run of bytes with free room in front.
//
// The room in front takes the unfinished row of the buffer before, so that every row lies in one piece
// without copying the rest.
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
    /// How many bytes of the file had been read when the buffer was filled.
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

    /// Where the data begin.
    var start: UnsafeMutablePointer<UInt8> { memory + headroom }

    /// The room for data.
    var room: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: start, count: capacity) }
}
