// LZ4Blocks.swift — the stream of LZ4 blocks that lz4-java's `LZ4BlockOutputStream` writes, and EnOS clients send.
//
//     "LZ4Block"         8 bytes
//     token              u8    method (0x10: as it is, 0x20: LZ4), and the base-2 logarithm of the block size minus 10
//     compressed length  u32
//     length             u32
//     checksum           u32   the lower 28 bits of XXH32 of the block, with the seed below
//     the block
//
// Numbers are little endian. Such blocks follow one another; the last one has no bytes.
//
// Invariants:
// - A stream is read as a whole or not at all: its end must be there, and nothing may follow it.
// - No more than the limit is ever decoded.

/// Reads and writes streams of LZ4 blocks.
enum LZ4Blocks {
    /// The beginning of every block.
    static let magic = Array("LZ4Block".utf8)
    private static let headBytes = 21
    private static let methodMask: UInt8 = 0xF0
    private static let asIs: UInt8 = 0x10
    private static let lz4: UInt8 = 0x20
    /// The size of the blocks that are written, and its logarithm minus 10.
    private static let blockBytes = 1 << 16
    private static let blockLevel: UInt8 = 6
    private static let levelBase = 10

    /// The checksum of a block; lz4-java cuts off the upper 4 bits.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        Checksum.xxh32(bytes, seed: 0x9747_B28C) & 0x0FFF_FFFF
    }

    /// What the head of a block says.
    private struct Head {
        var method: UInt8
        var compressed: Int
        var length: Int
        var checksum: UInt32

        /// Reads a head.
        ///
        /// - Throws: `PackingFailure.damaged` if it contradicts itself.
        init(_ reader: inout ByteReader) throws(PackingFailure) {
            let token: UInt8
            do {
                guard try reader.bytes(count: LZ4Blocks.magic.count).elementsEqual(LZ4Blocks.magic) else {
                    throw PackingFailure.damaged("a block does not begin with LZ4Block")
                }
                token = try reader.byte()
                compressed = Int(try reader.integer(as: UInt32.self))
                length = Int(try reader.integer(as: UInt32.self))
                checksum = try reader.integer(as: UInt32.self)
            } catch let failure as PackingFailure {
                throw failure
            } catch {
                throw .damaged("it is cut off")
            }
            method = token & LZ4Blocks.methodMask
            let largest = 1 << (LZ4Blocks.levelBase + Int(token & ~LZ4Blocks.methodMask))
            let isKnown = method == LZ4Blocks.asIs && compressed == length || method == LZ4Blocks.lz4
            guard isKnown, length <= largest, (length == 0) == (compressed == 0),
                length > 0 || checksum == 0
            else { throw .damaged("the head of a block contradicts itself") }
        }
    }

    /// Decodes a stream.
    ///
    /// - Throws: `PackingFailure`.
    static func decode(_ source: UnsafeRawBufferPointer, limit: Int) throws(PackingFailure) -> [UInt8] {
        var reader = ByteReader(source)
        var result: [UInt8] = []
        while true {
            let head = try Head(&reader)
            if head.length == 0 { break }
            guard result.count + head.length <= limit else { throw .tooLarge }
            let block: UnsafeRawBufferPointer
            do {
                block = try reader.bytes(count: head.compressed)
            } catch {
                throw .damaged("it is cut off")
            }
            try append(block, head, to: &result)
        }
        guard reader.remaining == 0 else { throw .damaged("bytes follow its end") }
        return result
    }

    private static func append(
        _ block: UnsafeRawBufferPointer, _ head: Head, to result: inout [UInt8]
    ) throws(PackingFailure) {
        let start = result.count
        if head.method == asIs {
            result.append(contentsOf: block)
        } else {
            result.append(contentsOf: repeatElement(0, count: head.length))
            let isDecoded = result.withUnsafeMutableBytes { bytes -> Bool in
                let room = UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
                return (try? LZ4.decompress(block, into: room)) != nil
            }
            guard isDecoded else { throw .damaged("a block is not valid LZ4") }
        }
        let isRight = result.withUnsafeBytes { bytes in
            checksum(UnsafeRawBufferPointer(rebasing: bytes[start...])) == head.checksum
        }
        guard isRight else { throw .damaged("a block has another checksum") }
    }

    /// Encodes bytes as a stream.
    static func encode(_ source: UnsafeRawBufferPointer) -> [UInt8] {
        var writer = ByteWriter(capacity: source.count / 2 + 2 * headBytes)
        var start = 0
        while start < source.count {
            let end = min(start + blockBytes, source.count)
            append(UnsafeRawBufferPointer(rebasing: source[start..<end]), to: &writer)
            start = end
        }
        appendHead(asIs, compressed: 0, length: 0, checksum: 0, to: &writer)
        return writer.bytes
    }

    private static func append(_ block: UnsafeRawBufferPointer, to writer: inout ByteWriter) {
        var packed = ByteWriter(capacity: block.count)
        let sum = checksum(block)
        if let size = LZ4.compress(block, into: &packed, limit: block.count - 1) {
            appendHead(lz4, compressed: size, length: block.count, checksum: sum, to: &writer)
            writer.bytes.append(contentsOf: packed.bytes)
        } else {
            appendHead(asIs, compressed: block.count, length: block.count, checksum: sum, to: &writer)
            writer.bytes.append(contentsOf: block)
        }
    }

    private static func appendHead(
        _ method: UInt8, compressed: Int, length: Int, checksum: UInt32, to writer: inout ByteWriter
    ) {
        writer.bytes.append(contentsOf: magic)
        writer.append(method | blockLevel)
        writer.append(UInt32(truncatingIfNeeded: compressed))
        writer.append(UInt32(truncatingIfNeeded: length))
        writer.append(checksum)
    }
}
