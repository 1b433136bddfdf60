// ColumnHintTests.swift — a hint changes the time and the size of a column, never its values.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite struct ColumnHintTests {
    /// Kinds of columns.
    ///
    /// Some suit the same choices, others do not.
    private static func column(_ kind: Int, _ count: Int, _ random: inout SeededGenerator) -> [UInt64] {
        var walk = 500.0
        return (0..<count).map { index in
            walk += Double.random(in: -1...1, using: &random)
            let value: Double
            switch kind {
            case 0: value = (walk * 100).rounded() / 100
            case 1: value = Double(Float((walk * 10).rounded() / 10))
            case 2: value = index / 50 % 2 == 0 ? 0 : (walk * 1000).rounded() / 1000
            case 3: value = Double(Int.random(in: 0..<30, using: &random)) / 7
            case 4: value = Double.random(in: 0..<1, using: &random)
            case 5: value = 12.5
            default: return random.next()
            }
            return value.bitPattern
        }
    }

    private static func encode(_ column: [UInt64], _ hint: inout ColumnHint) -> [UInt8] {
        var writer = ByteWriter()
        column.withUnsafeBufferPointer {
            DoubleColumn.encode($0, into: &writer, effort: .standard, hint: &hint)
        }
        return writer.bytes
    }

    private static func decode(_ bytes: [UInt8], _ count: Int) throws -> [UInt64] {
        try [UInt64](unsafeUninitializedCapacity: count) { target, initialized in
            if let start = target.baseAddress {
                try bytes.withUnsafeBytes { try DoubleColumn.decode($0, count: count, into: start) }
            }
            initialized = count
        }
    }

    @Test("columns of any kind after columns of any other come back bit for bit", arguments: 1...6)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var hint = ColumnHint()
        for _ in 0..<40 {
            let kind = Int.random(in: 0...6, using: &random)
            let count = [1, 900, 1024, 3000, 8192].randomElement(using: &random) ?? 1
            let column = Self.column(kind, count, &random)
            let bytes = Self.encode(column, &hint)
            #expect(try Self.decode(bytes, count) == column, "seed \(seed), kind \(kind), \(count) values")
        }
    }

    @Test("the same columns in the same order give the same bytes")
    func determinism() {
        var all: [[UInt8]] = []
        for _ in 0..<2 {
            var random = SeededGenerator(seed: 9)
            var hint = ColumnHint()
            all.append((0..<20).flatMap { Self.encode(Self.column($0 / 4, 4096, &random), &hint) })
        }
        #expect(all[0] == all[1])
    }

    @Test(
        "a column unlike the one before gets a new search, and is not larger for the hint", arguments: 0...6)
    func change(kind: Int) {
        var random = SeededGenerator(seed: 77)
        for before in 0...6 {
            let column = Self.column(kind, 8192, &random)
            var none = ColumnHint()
            let plain = Self.encode(column, &none).count
            var hint = ColumnHint()
            _ = Self.encode(Self.column(before, 8192, &random), &hint)
            let hinted = Self.encode(column, &hint).count
            // A choice may be as cheap for another kind.
            #expect(hinted <= plain + plain / 8 + 32, "kind \(kind) after \(before): \(hinted), not \(plain)")
        }
    }

    @Test("thorough effort uses no hint")
    func thorough() {
        var random = SeededGenerator(seed: 5)
        var hint = ColumnHint()
        _ = Self.encode(Self.column(0, 8192, &random), &hint)
        let column = Self.column(2, 8192, &random)
        var (hinted, plain) = (ByteWriter(), ByteWriter())
        column.withUnsafeBufferPointer {
            DoubleColumn.encode($0, into: &hinted, effort: .thorough, hint: &hint)
            DoubleColumn.encode($0, into: &plain, effort: .thorough)
        }
        #expect(hinted.bytes == plain.bytes)
    }
}
