// Packing.swift — how clients compress whole payloads, recognised by the first bytes.
//
// Invariants:
// - Whatever the bytes, unpacking gives the whole payload or a failure, and never holds more than the limit and a byte.
// - What `Packer` packs, `unpack` and the libraries of clients read.

/// Why a payload cannot be unpacked.
public enum PackingFailure: Error, Hashable, Sendable {
    /// The bytes are not what their beginning says; the text is half a sentence.
    case damaged(String)
    /// The payload has more bytes than the limit.
    case tooLarge
}

/// A form of compressed payloads.
public enum Packing: Hashable, Sendable, CaseIterable {
    /// gzip, one member or several.
    case gzip
    /// The blocks of lz4-java's `LZ4BlockOutputStream`, which EnOS clients send.
    case lz4Blocks
    /// LZ4 frames, the form of `lz4(1)` and of most other libraries.
    case lz4Frame

    /// The first bytes of every payload of this form.
    private var magic: [UInt8] {
        switch self {
        case .gzip: [0x1F, 0x8B]
        case .lz4Blocks: LZ4Blocks.magic
        case .lz4Frame: [0x04, 0x22, 0x4D, 0x18]
        }
    }

    /// Whether a payload begins as one of this form does.
    public func begins(_ payload: UnsafeRawBufferPointer) -> Bool { payload.starts(with: magic) }

    /// Decodes a payload.
    ///
    /// - Parameter limit: The most bytes that the result may have.
    /// - Throws: `PackingFailure`.
    public func unpack(
        _ payload: UnsafeRawBufferPointer, limit: Int
    ) throws(PackingFailure) -> [UInt8] {
        switch self {
        case .gzip: try Self.unpackGzip(payload, limit: limit)
        case .lz4Blocks: try LZ4Blocks.decode(payload, limit: limit)
        case .lz4Frame: try Self.unpackFrames(payload, limit: limit)
        }
    }

    private static func unpackGzip(
        _ payload: UnsafeRawBufferPointer, limit: Int
    ) throws(PackingFailure) -> [UInt8] {
        guard let gzip = GzipDecompressor() else { throw .damaged("there is no memory to decode it") }
        return try unpack(payload, limit: limit) { input, output in
            guard let progress = gzip.decode(input: input, output: output) else { return nil }
            if progress.memberEnded { gzip.reset() }
            return (progress.consumed, progress.produced, progress.memberEnded)
        }
    }

    private static func unpackFrames(
        _ payload: UnsafeRawBufferPointer, limit: Int
    ) throws(PackingFailure) -> [UInt8] {
        guard let frames = try? LZ4FrameDecoder() else { throw .damaged("there is no memory to decode it") }
        return try unpack(payload, limit: limit) { input, output in
            guard let progress = try? frames.decode(input: input, output: output) else { return nil }
            return (progress.consumed, progress.produced, progress.frameEnded)
        }
    }

    /// Decodes piece by piece; `step` says what it used, what it filled, and whether a part has ended, or nil for damage.
    private static func unpack(
        _ payload: UnsafeRawBufferPointer, limit: Int,
        _ step: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> (
            used: Int, filled: Int, ended: Bool
        )?
    ) throws(PackingFailure) -> [UInt8] {
        var result: [UInt8] = []
        // One byte above the limit shows that there are more.
        let most = limit + 1
        var size = min(most, max(4096, payload.count * 4))
        var (used, filled, isWhole) = (0, 0, false)
        while used < payload.count || !isWhole {
            if size > result.count { result.append(contentsOf: repeatElement(0, count: size - result.count)) }
            let rest = UnsafeRawBufferPointer(rebasing: payload[used...])
            let done = result.withUnsafeMutableBytes { bytes in
                step(rest, UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
            }
            guard let done else { throw .damaged("its data or checksum is wrong") }
            used += done.used
            filled += done.filled
            isWhole = done.ended
            guard filled < most else { throw .tooLarge }
            guard done.used > 0 || done.filled > 0 || isWhole else { throw .damaged("it is cut off") }
            if filled == result.count { size = min(most, size * 2) }
        }
        result.removeLast(result.count - filled)
        return result
    }
}

/// Packs payloads, and keeps what it needs for the next one; used by one thread.
public final class Packer {
    private var gzip: GzipCompressor?

    /// Makes a packer.
    public init() {}

    /// Packs a payload; nil if it is too large for the form, or there is no memory.
    public func pack(_ payload: UnsafeRawBufferPointer, _ form: Packing) -> [UInt8]? {
        switch form {
        case .gzip:
            gzip = gzip ?? GzipCompressor()
            return gzip?.compress(payload)
        case .lz4Blocks: return LZ4Blocks.encode(payload)
        case .lz4Frame: return LZ4.frame(payload)
        }
    }
}
