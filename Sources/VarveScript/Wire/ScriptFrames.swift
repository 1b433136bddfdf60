// ScriptFrames.swift — frames between the service and a runner: a length, a kind, a payload.
//
//     length  u32   of what follows, the kind included
//     kind    u8
//     payload
//
// Invariants:
// - No frame is longer than `WireLimits.frameBytes`; a longer one ends the conversation.
// - After an error the position in the stream is unknown, and the connection is not used again.

import VarveCodec
import VarvePlatform

/// The conversation cannot go on: the other end is gone, silent or not understood.
public struct LostRunner: Error, CustomStringConvertible {
    /// One line: what was wrong.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Receives frames over a connection.
final class ScriptFrames {
    private let connection: LocalSocketConnection
    private var buffer: [UInt8] = []

    private static let headerBytes = 5
    /// A buffer larger than this is given back after its frame.
    private static let keptBytes = 1 << 20

    /// Uses a connection.
    init(_ connection: LocalSocketConnection) { self.connection = connection }

    /// Waits for a frame, and passes its kind and payload to `body`.
    ///
    /// - Returns: Nil if the other end closed before a frame began.
    /// - Throws: `LostRunner` if no whole frame comes in time, or one that is not understood.
    func receive<Result>(
        until deadline: Int64, _ body: (UInt8, inout ByteReader) throws(CodecError) -> Result
    ) throws(LostRunner) -> Result? {
        guard try fill(Self.headerBytes, from: 0, until: deadline) else { return nil }
        let length = buffer.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
        let kind = buffer[4]
        guard length >= 1, length <= WireLimits.frameBytes else {
            throw LostRunner("a frame of \(length) bytes")
        }
        let count = length - 1
        guard try fill(count, from: 0, until: deadline) || count == 0 else {
            throw LostRunner("the other end closed inside a frame")
        }
        defer { if buffer.count > Self.keptBytes { buffer = [] } }
        do throws(CodecError) {
            return try read(count, kind, body)
        } catch {
            throw LostRunner("a frame of kind \(kind) is not understood: \(error)")
        }
    }

    private func read<Result>(
        _ count: Int, _ kind: UInt8, _ body: (UInt8, inout ByteReader) throws(CodecError) -> Result
    ) throws(CodecError) -> Result {
        let outcome = buffer.withUnsafeBytes { bytes -> Swift.Result<Result, CodecError> in
            Swift.Result { () throws(CodecError) -> Result in
                var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                let result = try body(kind, &reader)
                try reader.finish()
                return result
            }
        }
        return try outcome.get()
    }

    /// Reads until `buffer[..<end]` is filled; false if the stream ended before the first byte.
    private func fill(_ end: Int, from start: Int, until deadline: Int64) throws(LostRunner) -> Bool {
        if buffer.count < end {
            buffer.append(contentsOf: repeatElement(0, count: end - buffer.count))
        }
        var done = start
        while done < end {
            let count: Int
            do {
                count = try buffer.withUnsafeMutableBytes { bytes in
                    try connection.receive(into: .init(rebasing: bytes[done..<end]), until: deadline)
                }
            } catch {
                throw LostRunner("\(error)")
            }
            if count == 0 {
                if done == start { return false }
                throw LostRunner("the other end closed inside a frame")
            }
            done += count
        }
        return true
    }
}

extension LocalSocketConnection {
    /// Sends bytes of one or more frames.
    ///
    /// - Parameter deadline: A time of `SystemClock.monotonicNanoseconds`.
    /// - Throws: `LostRunner` if the other end is gone or does not take them in time.
    func send(frames: [UInt8], until deadline: Int64) throws(LostRunner) {
        do {
            try frames.withUnsafeBytes { try send($0, until: deadline) }
        } catch {
            throw LostRunner("\(error)")
        }
    }
}

extension ByteWriter {
    /// Writes a frame with the payload that `body` writes.
    mutating func appendFrame(_ kind: UInt8, _ body: (inout ByteWriter) -> Void) {
        let start = count
        append(UInt32(0))
        append(kind)
        body(&self)
        let length = UInt32(truncatingIfNeeded: count - start - 4)
        withUnsafeBytes(of: length.littleEndian) { field in
            for (index, byte) in field.enumerated() { bytes[start + index] = byte }
        }
    }

    /// Writes bytes preceded by their count.
    mutating func append(counted source: some Collection<UInt8>) {
        appendVarint(UInt64(source.count))
        bytes.append(contentsOf: source)
    }
}

extension ByteReader {
    /// Reads bytes preceded by their count.
    mutating func countedBytes() throws(CodecError) -> [UInt8] {
        let count = try varint(limit: WireLimits.frameBytes, "a count of bytes")
        return [UInt8](try bytes(count: count))
    }
}
