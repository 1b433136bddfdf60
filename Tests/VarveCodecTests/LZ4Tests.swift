// LZ4Tests.swift — LZ4 blocks and frames: complete, limited in size and damaged.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("LZ4") struct LZ4Tests {
    private let text = Array(
        "varve after varve after varve after varve, laid down once and read in order. ".utf8)

    @Test("a block is given back at both levels", arguments: [LZ4.Level.fast, .high])
    func blocks(level: LZ4.Level) throws {
        let source = Array((0..<50).map { _ in text }.joined())
        var writer = ByteWriter()
        writer.append(UInt8(7))
        let size = try #require(source.withUnsafeBytes { LZ4.compress($0, into: &writer, level: level) })
        #expect(writer.count == size + 1 && size < source.count / 10)
        var target = [UInt8](repeating: 0, count: source.count)
        try writer.bytes.withUnsafeBytes { block in
            try target.withUnsafeMutableBytes {
                try LZ4.decompress(UnsafeRawBufferPointer(rebasing: block[1...]), into: $0)
            }
        }
        #expect(target == source)
    }

    @Test("a block that does not fit the limit is not written")
    func limit() {
        var random = SeededGenerator(seed: 1)
        let noise = (0..<1000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var writer = ByteWriter()
        #expect(noise.withUnsafeBytes { LZ4.compress($0, into: &writer, limit: 900) } == nil)
        #expect(writer.count == 0)
    }

    @Test("a block of a wrong size, cut off or flipped gives an error or other bytes, never a trap")
    func damagedBlocks() {
        var writer = ByteWriter()
        _ = text.withUnsafeBytes { LZ4.compress($0, into: &writer) }
        func decode(_ block: [UInt8], _ size: Int) throws {
            var target = [UInt8](repeating: 0, count: size)
            try block.withUnsafeBytes { block in
                try target.withUnsafeMutableBytes { try LZ4.decompress(block, into: $0) }
            }
        }
        #expect(throws: CodecError.self) { try decode(writer.bytes, text.count + 1) }
        #expect(throws: CodecError.self) { try decode(writer.bytes, text.count - 1) }
        for length in 0..<writer.count {
            #expect(throws: CodecError.self) { try decode(Array(writer.bytes.prefix(length)), text.count) }
        }
        for position in writer.bytes.indices {
            for value: UInt8 in [0, 1, 127, 255] {
                var damaged = writer.bytes
                damaged[position] = value
                _ = try? decode(damaged, text.count)
            }
        }
    }

    @Test("stored frames follow each other and may come in pieces")
    func frames() throws {
        // Version 1, independent blocks, no checksums: header, one stored block of 3 bytes, end mark.
        let one: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, 3, 0, 0, 0x80, 97, 98, 99, 0, 0, 0, 0]
        let file = one + one
        for piece in [1, 5, 18, 36] {
            let decoder = try LZ4FrameDecoder()
            var result: [UInt8] = []
            var ended = 0
            var position = 0
            while position < file.count {
                let input = Array(file[position..<min(position + piece, file.count)])
                var output = [UInt8](repeating: 0, count: 2)
                let progress = try input.withUnsafeBytes { input in
                    try output.withUnsafeMutableBytes { try decoder.decode(input: input, output: $0) }
                }
                position += progress.consumed
                result += output.prefix(progress.produced)
                ended += progress.frameEnded ? 1 : 0
            }
            #expect(result == Array("abcabc".utf8) && ended == 2, "pieces of \(piece)")
        }
    }

    @Test("bytes that are not a frame are an error")
    func noFrame() throws {
        let decoder = try LZ4FrameDecoder()
        var output = [UInt8](repeating: 0, count: 64)
        #expect(throws: CodecError.self) {
            try text.withUnsafeBytes { input in
                try output.withUnsafeMutableBytes { try decoder.decode(input: input, output: $0) }
            }
        }
    }
}
