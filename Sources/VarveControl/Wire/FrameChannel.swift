// FrameChannel.swift — frames over a connection: a length, a kind, a payload.
//
//     length  u32   of what follows, the kind included; from 1 to the current limit
//     kind    u8
//     payload
//
// Invariants:
// - A frame that has begun is complete within `ControlTimes.frame`, however slowly its bytes arrive.
// - After an error the position in the stream is unknown, and the channel is not used again.

import VarveCodec
import VarvePlatform

/// Sends and receives frames.
///
/// One thread at a time uses it.
final class FrameChannel {
    let connection: LocalSocketConnection
    let times: ControlTimes
    private var buffer: [UInt8] = []
    /// The most bytes of a payload: few until the greeting is complete.
    var limit = ControlLimits.greetingBytes

    private static let headerBytes = 5

    init(_ connection: LocalSocketConnection, times: ControlTimes) {
        self.connection = connection
        self.times = times
    }

    /// The monotonic time, in nanoseconds, that is some seconds from now.
    static func deadline(in seconds: Double) -> Int64 {
        SystemClock.monotonicNanoseconds() + Int64(min(max(seconds, 0), 1e6) * 1e9)
    }

    /// Sends one frame, within `ControlTimes.frame`.
    ///
    /// - Throws: `ControlError` of kind `lost` if the other end does not take it in time or is gone.
    func send(_ frame: borrowing Frame) throws {
        let deadline = Self.deadline(in: times.frame)
        do {
            try frame.writer.bytes.withUnsafeBytes { try connection.send($0, until: deadline) }
        } catch {
            throw ControlError(.lost, "\(error)")
        }
    }

    /// Waits for a frame and passes its kind and payload to `body`.
    ///
    /// - Parameter seconds: The longest wait for the first byte.
    /// - Returns: Nil if the other end closed before a frame began.
    /// - Throws: `ControlError` of kind `lost`, or `notUnderstood` for a frame above the limit; `CodecError`
    ///   if bytes of the payload are left; what `body` throws.
    func receive<T>(
        within seconds: Double, _ body: (UInt8, inout ByteReader) throws -> T
    ) throws -> T? {
        grow(to: Self.headerBytes)
        let started = try fill(1, from: 0, until: Self.deadline(in: seconds), mayEnd: true)
        guard started else { return nil }
        let deadline = Self.deadline(in: times.frame)
        _ = try fill(Self.headerBytes, from: 1, until: deadline, mayEnd: false)
        let (length, kind) = try buffer.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return (Int(try reader.integer(as: UInt32.self)), try reader.byte())
        }
        guard length >= 1, length - 1 <= limit else {
            throw ControlError(.notUnderstood, "a frame of \(length) bytes is beyond the limit of \(limit)")
        }
        let count = length - 1
        grow(to: count)
        _ = try fill(count, from: 0, until: deadline, mayEnd: false)
        return try buffer.withUnsafeBytes { bytes in
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            let result = try body(kind, &reader)
            try reader.finish()
            return result
        }
    }

    private func grow(to count: Int) {
        if buffer.count < count {
            buffer.append(contentsOf: repeatElement(0, count: count - buffer.count))
        }
    }

    /// Reads until `buffer[..<end]` is filled.
    ///
    /// False if `mayEnd` and the stream ended before the first byte.
    private func fill(_ end: Int, from start: Int, until deadline: Int64, mayEnd: Bool) throws -> Bool {
        var done = start
        while done < end {
            let count: Int
            do {
                count = try buffer.withUnsafeMutableBytes { bytes in
                    try connection.receive(into: .init(rebasing: bytes[done..<end]), until: deadline)
                }
            } catch {
                throw ControlError(.lost, "\(error)")
            }
            if count == 0 {
                if mayEnd, done == start { return false }
                throw ControlError(.lost, "\(connection.path): the other end closed inside a frame")
            }
            done += count
        }
        return true
    }
}

/// A frame that is being built.
struct Frame: ~Copyable {
    private(set) var writer: ByteWriter

    /// Builds a frame with the payload that `body` writes.
    init(kind: UInt8, capacity: Int = 64, _ body: (inout ByteWriter) throws -> Void) rethrows {
        writer = ByteWriter(capacity: capacity + 5)
        writer.append(UInt32(0))
        writer.append(kind)
        try body(&writer)
        let length = UInt32(truncatingIfNeeded: writer.count - 4)
        withUnsafeBytes(of: length.littleEndian) { bytes in
            writer.bytes.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
        }
    }
}
