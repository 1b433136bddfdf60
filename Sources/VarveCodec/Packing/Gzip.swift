// Gzip.swift — gzip in pieces and as a whole, by zlib. No other file imports it.
//
// Invariants:
// - zlib checks the checksum and the length at the end of each member.
// - Whatever the input, nothing is written outside the buffers given.

import CZlib

/// Decompresses a gzip member piece by piece.
public final class GzipDecompressor {
    /// What one call did.
    public struct Progress: Hashable, Sendable {
        /// Bytes of the input that the call used.
        public let consumed: Int
        /// Bytes of the output that the call filled.
        public let produced: Int
        /// Whether the member ended; what follows needs `reset` first.
        public let memberEnded: Bool
    }

    private var stream = z_stream()

    /// Makes a decompressor that expects the head of a member; nil if there is no memory.
    public init?() {
        // Window bits plus 16: zlib accepts only the gzip wrapper.
        let code = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { return nil }
    }

    deinit { inflateEnd(&stream) }

    /// Expects the head of a member, whatever came before.
    public func reset() { inflateReset(&stream) }

    /// Decompresses as much of `input` as fits in `output`.
    ///
    /// - Returns: Nil if `input` is not part of a valid member; only `reset` may follow.
    public func decode(
        input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer
    ) -> Progress? {
        let given = min(input.count, Int(UInt32.max))
        let room = min(output.count, Int(UInt32.max))
        stream.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(given)
        stream.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(room)
        let code = inflate(&stream, Z_NO_FLUSH)
        guard code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END else { return nil }
        return Progress(
            consumed: given - Int(stream.avail_in), produced: room - Int(stream.avail_out),
            memberEnded: code == Z_STREAM_END)
    }
}

/// Compresses short texts to gzip, one member each.
final class GzipCompressor {
    private var stream = z_stream()

    /// Makes a compressor; nil if there is no memory.
    init?() {
        // A small window and a small table: what is compressed is a short text, and both are cleared for each.
        let code = deflateInit2_(
            &stream, Z_BEST_SPEED, Z_DEFLATED, 12 + 16, 5, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { return nil }
    }

    deinit { deflateEnd(&stream) }

    /// Compresses bytes as a member; nil if they are more than zlib takes in one call.
    func compress(_ source: UnsafeRawBufferPointer) -> [UInt8]? {
        deflateReset(&stream)
        let bound = Int(deflateBound(&stream, UInt(source.count)))
        guard source.count <= Int(UInt32.max), bound <= Int(UInt32.max) else { return nil }
        var isWhole = false
        let result = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            stream.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(bound)
            isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
            count = bound - Int(stream.avail_out)
        }
        return isWhole ? result : nil
    }
}
