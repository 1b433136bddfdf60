// ColumnDamageTests.swift — damaged columns give an error or other values, never a trap.

import Testing
import VarveTestSupport

@testable import VarveCodec

/// The invariant checked here: any bytes give an error or some output, never a trap.
@Suite("Damaged columns") struct ColumnDamageTests {
    private func damage(_ bytes: [UInt8], _ decode: ([UInt8]) throws -> Void) {
        for length in 0..<bytes.count {
            #expect(throws: CodecError.self, "cut to \(length) of \(bytes.count)") {
                try decode(Array(bytes.prefix(length)))
            }
        }
        for position in bytes.indices {
            for change: UInt8 in [1, 2, 4, 8, 16, 32, 64, 128, 255, bytes[position], bytes[position] ^ 255] {
                var damaged = bytes
                damaged[position] ^= change
                _ = try? decode(damaged)
                _ = described(damaged)
            }
        }
    }

    @Test("an integer column that is cut or has a flipped bit never traps", arguments: IntegerShape.allCases)
    func integers(shape: IntegerShape) {
        for count in [1, 2, 33, 70] {
            let bytes = encoded(shape.values(count, seed: 4))
            damage(bytes) { _ = try decodedIntegers($0, count: count) }
        }
    }

    @Test("a double column that is cut or has a flipped bit never traps", arguments: DoubleShape.allCases)
    func doubles(shape: DoubleShape) {
        for count in [1, 2, 33, 70] {
            let bytes = encoded(doubles: shape.values(count, seed: 4))
            damage(bytes) { _ = try decodedDoubles($0, count: count) }
        }
    }

    @Test("a text column that is cut or has a flipped bit never traps")
    func texts() {
        let counters = (0..<90).map { "a name with a counter, \(1000 + $0)" }
        for column in [["a", "bc", "", "a"], ["x"], (0..<90).map { "\($0 % 3) repeated text" }, counters] {
            damage(encoded(texts: column)) { _ = try decodedTexts($0, count: column.count) }
        }
    }

    @Test("full vectors with random changes never trap")
    func fullVectors() {
        for shape in IntegerShape.allCases {
            let bytes = encoded(shape.values(1500, seed: 8))
            for seed in UInt64(0)..<200 {
                var random = SeededGenerator(seed: seed)
                var damaged = bytes
                damaged[Int(random.next() % UInt64(min(damaged.count, 40)))] = UInt8(
                    truncatingIfNeeded: random.next())
                damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next())
                _ = try? decodedIntegers(damaged, count: 1500)
                var room = [Int64](repeating: 0, count: 476)
                try? damaged.withUnsafeBytes {
                    try IntegerColumn.decode($0, count: 1500, vectors: 1..<2, into: &room)
                }
            }
        }
    }

    @Test("random bytes behind any tag never trap")
    func randomBytes() {
        for seed in UInt64(0)..<4000 {
            var random = SeededGenerator(seed: seed)
            var bytes: [UInt8] = [
                64, ColumnEncoding.allCases[Int(seed) % ColumnEncoding.allCases.count].rawValue,
            ]
            for _ in 0..<(random.next() % 60) {
                let byte = UInt8(truncatingIfNeeded: random.next())
                bytes.append(random.next() % 2 == 0 ? byte % 34 : byte)
            }
            let count = Int(random.next() % 40) + 1
            _ = try? decodedIntegers(bytes, count: count)
            _ = try? decodedDoubles(bytes, count: count)
            _ = try? decodedTexts(bytes, count: count, limit: 1000)
            _ = described(bytes)
        }
    }
}
