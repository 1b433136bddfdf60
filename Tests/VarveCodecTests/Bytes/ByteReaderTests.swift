// ByteReaderTests.swift — bounds-checked reading of what ByteWriter writes.

import Testing

@testable import VarveCodec

@Suite("ByteReader") struct ByteReaderTests {
    private func reading(_ bytes: [UInt8], _ body: (inout ByteReader) throws -> Void) throws {
        try bytes.withUnsafeBytes { source in
            var reader = ByteReader(source)
            try body(&reader)
        }
    }

    @Test("what the writer wrote is read back")
    func roundTrip() throws {
        var writer = ByteWriter()
        let numbers: [UInt64] = [0, 1, 127, 128, 16_383, 16_384, 1 << 63, .max]
        let signed: [Int64] = [0, -1, 1, .min, .max, 63, -64]
        for number in numbers { writer.appendVarint(number) }
        for number in signed { writer.appendSigned(number) }
        writer.append(UInt32(0xDEAD_BEEF))
        writer.append(Int16(-2))
        writer.append(text: "Größe")
        try reading(writer.bytes) { (reader: inout ByteReader) throws in
            for number in numbers { #expect(try reader.varint() == number) }
            for number in signed { #expect(try reader.signed() == number) }
            #expect(try reader.integer(as: UInt32.self) == 0xDEAD_BEEF)
            #expect(try reader.integer(as: Int16.self) == -2)
            #expect(try reader.text(limit: 7) == "Größe")
            #expect(reader.isAtEnd && reader.remaining == 0 && reader.offset == writer.count)
        }
    }

    @Test("integers are little-endian and varints are LEB128")
    func layout() {
        var writer = ByteWriter()
        writer.append(UInt32(0x0102_0304))
        writer.appendVarint(300)
        writer.appendSigned(-2)
        #expect(writer.bytes == [4, 3, 2, 1, 0xAC, 0x02, 3])
    }

    @Test("a read beyond the end throws and leaves the offset where it was")
    func truncated() throws {
        try reading([0x80, 0x80]) { (reader: inout ByteReader) throws in
            #expect(throws: CodecError.self) { try reader.varint() }
            #expect(throws: CodecError.self) { try reader.integer(as: UInt64.self) }
            #expect(throws: CodecError.self) { try reader.bytes(count: 3) }
            #expect(throws: CodecError.self) { try reader.bytes(count: -1) }
            #expect(reader.offset == 0)
        }
    }

    @Test("a varint of more than 64 bits is refused")
    func overlongVarint() throws {
        try reading([UInt8](repeating: 0xFF, count: 9) + [2]) { (reader: inout ByteReader) throws in
            #expect(throws: CodecError.self) { try reader.varint() }
        }
        try reading([UInt8](repeating: 0x80, count: 40)) { (reader: inout ByteReader) throws in
            #expect(throws: CodecError.self) { try reader.varint() }
        }
    }

    @Test("a text is refused above its limit, cut off, and where it is not UTF-8")
    func texts() throws {
        for bytes: [UInt8] in [[3, 65, 66, 67], [2, 65], [1, 0xFF]] {
            try reading(bytes) { (reader: inout ByteReader) throws in
                #expect(throws: CodecError.self) { try reader.text(limit: 2) }
                #expect(reader.offset == 0)
            }
        }
    }

    @Test("errors of nested data carry the offset in the whole")
    func nestedOffsets() throws {
        try reading([1, 2, 3, 0x80, 5]) { (reader: inout ByteReader) throws in
            _ = try reader.bytes(count: 2)
            var nested = try reader.nested(count: 2)
            _ = try nested.byte()
            #expect(throws: CodecError(offset: 3, reason: "the data ends inside a varint")) {
                try nested.varint()
            }
            #expect(reader.offset == 4)
        }
    }
}
