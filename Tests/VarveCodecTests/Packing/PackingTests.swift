// PackingTests.swift — payloads as clients pack them: what Java packed is read, and nothing exceeds the limit.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite struct PackingTests {
    private static let text = #"{"id":"1","a":"\#(String(repeating: "a", count: 64))"}"#

    /// What `GZIPOutputStream` of Java 17 and `LZ4BlockOutputStream` of lz4-java 1.8.0 made of `text`.
    private static let packed: [(Packing, String)] = [
        (
            .gzip,
            "1f8b08000000000000ffab56ca4c51b2523254d2514a04d2891402a55a00f388ba5451000000"
        ),
        (
            .lz4Blocks,
            "4c5a34426c6f636b261b00000051000000d1631e08ff017b226964223a2231222c2261223a22610100295061616122"
                + "7d4c5a34426c6f636b16000000000000000000000000"
        ),
    ]

    private func unpack(_ form: Packing, _ bytes: [UInt8], limit: Int = 1 << 20) throws -> [UInt8] {
        try bytes.withUnsafeBytes { try form.unpack($0, limit: limit) }
    }

    private func pack(_ form: Packing, _ bytes: [UInt8]) throws -> [UInt8] {
        try #require(bytes.withUnsafeBytes { Packer().pack($0, form) })
    }

    @Test("what Java packed is read")
    func java() throws {
        for (form, hex) in Self.packed {
            let bytes = try #require([UInt8](hex: hex))
            #expect(bytes.withUnsafeBytes { form.begins($0) })
            #expect(try unpack(form, bytes) == Array(Self.text.utf8), "\(form)")
        }
    }

    @Test("what is packed is read again, whatever its size", arguments: Packing.allCases)
    func roundTrip(form: Packing) throws {
        var random = SeededGenerator(seed: 3)
        for size in [0, 1, 40, 4096, 4097, 65_535, 65_536, 65_537, 200_000] {
            for isNoise in [false, true] {
                let source = (0..<size).map {
                    isNoise ? UInt8(truncatingIfNeeded: random.next()) : UInt8($0 % 7)
                }
                let packed = try pack(form, source)
                #expect(packed.withUnsafeBytes { form.begins($0) } && packed.count < size + size / 50 + 100)
                #expect(try unpack(form, packed) == source, "\(size) \(isNoise)")
                #expect(try unpack(form, packed, limit: size) == source)
                if size > 0 {
                    #expect(throws: PackingFailure.tooLarge) { try unpack(form, packed, limit: size - 1) }
                }
            }
        }
    }

    @Test(
        "a payload that unpacks to a thousand times its size is given up at the limit",
        arguments: Packing.allCases)
    func bomb(form: Packing) throws {
        let packed = try pack(form, [UInt8](repeating: 0, count: 50 << 20))
        #expect(throws: PackingFailure.tooLarge) { try unpack(form, packed, limit: 1 << 16) }
    }

    @Test(
        "a payload that is cut off, changed or followed by more is damaged, never a trap",
        arguments: Packing.allCases)
    func damage(form: Packing) throws {
        let source = Array(Self.text.utf8)
        let packed = try pack(form, source)
        for count in 0..<packed.count {
            #expect(throws: PackingFailure.self, "\(count)") { try unpack(form, Array(packed.prefix(count))) }
        }
        #expect(throws: PackingFailure.self) { try unpack(form, packed + [1]) }
        for position in packed.indices {
            for bit in 0..<8 {
                var damaged = packed
                damaged[position] ^= 1 << bit
                let result = try? unpack(form, damaged, limit: 1 << 16)
                // Fields that say nothing about the content may change; frames have no checksum of their content.
                #expect(result == nil || result == source || form == .lz4Frame, "byte \(position)")
            }
        }
    }

    @Test("gzip of several members is one payload")
    func members() throws {
        let one = try pack(.gzip, Array("ab".utf8))
        #expect(try unpack(.gzip, one + one) == Array("abab".utf8))
    }
}

extension [UInt8] {
    /// Bytes from hex digits; nil if there are others.
    fileprivate init?(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count == hex.count, digits.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
