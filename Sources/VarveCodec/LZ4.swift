// LZ4.swift — LZ4 blocks and LZ4 frames, by liblz4. No other file imports it.
//
// Invariants:
// - A block decodes to exactly the size of the buffer given for it, or an error is thrown.
// - Whatever the input, nothing is written outside the buffers given.

import CLZ4

/// Single LZ4 blocks, the payload compression of segments.
package enum LZ4 {
    /// How hard to look for matches.
    package enum Level: Sendable {
        /// The fast compressor of liblz4.
        case fast
        /// The high-compression one: many times slower to write, as fast to read.
        case high
    }

    /// Appends `source` as one LZ4 block if that takes at most `limit` bytes.
    ///
    /// - Returns: the size of the block; nil, with nothing written, if it does not fit or `source` is empty
    ///   or above the 2,113,929,216 bytes that LZ4 allows.
    package static func compress(
        _ source: UnsafeRawBufferPointer, into writer: inout ByteWriter, level: Level = .fast,
        limit: Int = .max
    ) -> Int? {
        guard !source.isEmpty, source.count <= 0x7E00_0000 else { return nil }
        let bound = min(limit, Int(LZ4_compressBound(Int32(source.count))))
        guard bound > 0 else { return nil }
        var size = 0
        writer.append(count: bound) { room in
            let input = source.baseAddress?.assumingMemoryBound(to: CChar.self)
            let output = room.baseAddress?.assumingMemoryBound(to: CChar.self)
            switch level {
            case .fast:
                size = Int(LZ4_compress_default(input, output, Int32(source.count), Int32(bound)))
            case .high:
                size = Int(
                    LZ4_compress_HC(input, output, Int32(source.count), Int32(bound), LZ4HC_CLEVEL_DEFAULT))
            }
        }
        writer.bytes.removeLast(bound - size)
        return size > 0 ? size : nil
    }

    /// Decodes one LZ4 block whose decoded size is exactly `output.count`.
    ///
    /// - Throws: `CodecError` if the block does not decode to exactly that many bytes.
    package static func decompress(
        _ source: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CodecError) {
        guard source.count <= 0x7E00_0000, output.count <= 0x7E00_0000, !source.isEmpty else {
            throw CodecError(offset: 0, reason: "an LZ4 block of \(source.count) bytes")
        }
        let size = LZ4_decompress_safe(
            source.baseAddress?.assumingMemoryBound(to: CChar.self),
            output.baseAddress?.assumingMemoryBound(to: CChar.self),
            Int32(source.count), Int32(output.count))
        guard Int(size) == output.count else {
            throw CodecError(offset: 0, reason: "the LZ4 block does not decode to \(output.count) bytes")
        }
    }

    /// Encodes bytes as one LZ4 frame; nil if the library has no memory.
    static func frame(_ source: UnsafeRawBufferPointer) -> [UInt8]? {
        var isWhole = false
        let bound = LZ4F_compressFrameBound(source.count, nil)
        let result = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            let size = LZ4F_compressFrame(target.baseAddress, bound, source.baseAddress, source.count, nil)
            isWhole = LZ4F_isError(size) == 0
            count = isWhole ? size : 0
        }
        return isWhole ? result : nil
    }
}

/// Decodes `.lz4` files piece by piece.
///
/// One frame may follow another.
package final class LZ4FrameDecoder {
    /// What one call did.
    package struct Progress: Hashable, Sendable {
        /// Bytes of the input that the call used.
        package let consumed: Int
        /// Bytes of the output that the call filled.
        package let produced: Int
        /// Whether a frame ended.
        ///
        /// A file whose last call ends no frame is cut off.
        package let frameEnded: Bool
    }

    private var context: OpaquePointer?

    package init() throws(CodecError) {
        let code = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
        if LZ4F_isError(code) != 0 {
            throw CodecError(offset: 0, reason: "no memory for an LZ4 decoder")
        }
    }

    deinit {
        LZ4F_freeDecompressionContext(context)
    }

    /// Decodes as much of `input` as fits in `output`.
    ///
    /// - Throws: `CodecError` if `input` is not part of a valid frame. The decoder then expects a new frame.
    package func decode(
        input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer
    ) throws(CodecError) -> Progress {
        var consumed = input.count
        var produced = output.count
        let hint = LZ4F_decompress(
            context, output.baseAddress, &produced, input.baseAddress, &consumed, nil)
        if LZ4F_isError(hint) != 0 {
            LZ4F_resetDecompressionContext(context)
            let name = LZ4F_getErrorName(hint).map { String(cString: $0) } ?? "unknown error"
            throw CodecError(offset: 0, reason: "not a valid LZ4 frame (\(name))")
        }
        return Progress(consumed: consumed, produced: produced, frameEnded: hint == 0)
    }
}
