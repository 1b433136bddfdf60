// FrameChannel.swift — frames over a connection: a length, a kind, a payload.
//
//     length  u32   of what follows, kind included; 1 up to the limit of the moment
//     kind    u8
//     payload
//
// Invariants:
// - A frame that has begun is complete within `ControlTimes.frame`, however slowly its bytes come.
// - After an error the stream has no known position: the channel is not used again.

import VarveCodec
import VarvePlatform

/// Sends and receives frames; used by one thread at a time.
final class FrameChannel {
    let connection: LocalSocketConnection
    let times: ControlTimes
    private var buffer: [UInt8] = []
    /// Bytes of payload that a frame may have: small until the greeting is done.
    var limit = ControlLimits.greetingBytes

    private static let headerBytes = 5

    init(_ connection: LocalSocketConnection, times: ControlTimes) {
        self.connection = connection
        self.times = times
    }

    /// The moment some seconds from now.
    static func deadline(in seconds: Double) -> Int64 {
        SystemClock.monotonicNanoseconds() + Int64(min(max(seconds, 0), 1e6) * 1e9)
    }

    /// Sends one frame.
    func send(_ frame: borrowing Frame) throws {
        let deadline = Self.deadline(in: times.frame)
        do {
            try frame.writer.bytes.withUnsafeBytes { try connection.send($0, until: deadline) }
        } catch {
            throw ControlError(.lost, "\(error)")
        }
    }

    /// Waits for a frame and gives its kind and payload to `body`.
    ///
    /// - Parameter seconds: How long the first byte may take.
    /// - Returns: Nil if the other end closed before a frame began.
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

    /// Reads until `buffer[..<end]` is filled; false if the stream ended before its first byte and may.
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

    /// Builds a frame.
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
