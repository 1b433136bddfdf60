// TextColumnCodecTests.swift — texts come back, within the limits.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("TextColumnCodec") struct TextColumnCodecTests {
    private func texts(_ count: Int, distinct: UInt64, seed: UInt64) -> [String] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let number = random.next() % distinct
            return number == 0 ? "" : "état \(number) " + String(repeating: "x", count: Int(number % 5))
        }
    }

    @Test("texts of all lengths and counts are given back", arguments: [1, 2, 3, 40, 1_000_000] as [UInt64])
    func roundTrip(distinct: UInt64) throws {
        for count in Array(0...20) + [1023, 1024, 1025, 8192] {
            let column = texts(count, distinct: distinct, seed: UInt64(count) + distinct)
            #expect(try decodedTexts(encoded(texts: column), count: count) == column, "count \(count)")
        }
    }

    @Test("few distinct texts take the bits of their indexes, runs of them far less")
    func dictionary() {
        let states = (0..<8192).map { ["Rest", "CC Chg", "CC DChg"][$0 / 500 % 3] }
        #expect(encoded(texts: states).count < 150)
        #expect(encoded(texts: texts(8192, distinct: 4, seed: 2)).count < 8192 / 4 + 100)
        #expect(encoded(texts: [String](repeating: "Close", count: 8192)).count < 20)
    }

    @Test("texts that begin like their neighbours take the bytes of what differs", arguments: [1, 3])
    func prefixes(repeats: Int) throws {
        let names = (0..<3000).map { "windfarm/turbine/order-2024-\(100_000 + $0 / repeats)" }
        let bytes = encoded(texts: names)
        #expect(described(bytes).names.first?.hasSuffix("with shared prefixes") == true)
        #expect(bytes.count < 3000 / repeats * 2, "\(bytes.count) bytes")
        #expect(try decodedTexts(bytes, count: 3000) == names)
        #expect(throws: CodecError.self) { try decodedTexts(bytes, count: 3000, limit: 3000 * 34 - 1) }
    }

    @Test("prefixes and texts that grow, shrink and are empty are given back")
    func growingTexts() throws {
        let words = (0..<400).map { String(repeating: "abcdefgh", count: $0 % 17) + String($0 % 5) }
        for column in [words, words.reversed(), words.map { String($0.dropLast()) } + [""]] {
            #expect(try decodedTexts(encoded(texts: column), count: column.count) == column)
        }
    }

    @Test("texts beyond the byte limit are refused, also where a dictionary multiplies them")
    func byteLimit() {
        let long = String(repeating: "abc", count: 400)
        let repeated = encoded(texts: [String](repeating: long, count: 100))
        #expect(repeated.count < 200)
        #expect(throws: CodecError.self) { try decodedTexts(repeated, count: 100, limit: 119_999) }
        #expect((try? decodedTexts(repeated, count: 100, limit: 120_000).count) == 100)
        let plain = encoded(texts: ["abc", "defg"])
        #expect(throws: CodecError.self) { try decodedTexts(plain, count: 2, limit: 6) }
    }
}
