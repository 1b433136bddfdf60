// ExactSumTests.swift — against exact rational arithmetic, in any order, merged, and through bytes.

import Testing
import VarveTestSupport

@testable import VarveSegment

@Suite struct ExactSumTests {
    static func total(_ values: some Sequence<UInt64>) -> ExactSum {
        var sum = ExactSum()
        Array(values).withUnsafeBufferPointer { _ = sum.add(doubleBits: $0) }
        return sum
    }

    @Test("sums and means are those of exact rational arithmetic, rounded once")
    func matchesFractions() throws {
        let cases = try SumCase.all()
        #expect(cases.count > 300)
        for one in cases {
            let sum = Self.total(one.values)
            #expect(sum.sum.bitPattern == one.sum, "\(one.values.map { Double(bitPattern: $0) })")
            #expect(sum.mean(count: one.count).bitPattern == one.quotient, "by \(one.count)")
            if let mean = one.mean {
                let result = sum.mean(count: UInt64(one.values.count))
                #expect(result.bitPattern == mean, "\(one.values.map { Double(bitPattern: $0) })")
            }
        }
    }

    @Test("order, merging and encoding do not change a bit")
    func orderAndParts() throws {
        for one in try SumCase.all() {
            let whole = Self.total(one.values)
            var bytes: [UInt8] = []
            whole.append(to: &bytes)
            #expect(Self.total(one.values.reversed()).sum.bitPattern == one.sum)
            let half = one.values.count / 2
            var merged = Self.total(one.values[half...])
            merged.merge(Self.total(one.values[..<half]))
            #expect(merged.sum.bitPattern == one.sum)
            var again: [UInt8] = []
            merged.append(to: &again)
            #expect(again == bytes)
            let read = try ExactSum(bytes: bytes)
            #expect(read.sum.bitPattern == one.sum)
            again = []
            read.append(to: &again)
            #expect(again == bytes)
        }
    }

    @Test("integers are summed exactly and beyond 64 bits")
    func integers() {
        var sum = ExactSum()
        let values: [Int64] = [.max, .max, .max, -1, 5, .min, 1 << 53, 1]
        var expected: Int128 = 0
        for value in values {
            sum.add(value)
            expected += Int128(value)
            #expect(sum.integer == expected)
        }
        var buffered = ExactSum()
        values.map { UInt64(bitPattern: $0) }.withUnsafeBufferPointer { buffered.add(integerBits: $0) }
        #expect(buffered.integer == expected)
        var lowest = ExactSum()
        for _ in 0..<5 { lowest.add(Int64.min) }
        #expect(lowest.integer == 5 * Int128(Int64.min))
        #expect(lowest.mean(count: 5) == -0x1p63)
        sum.add(0.5)
        #expect(sum.integer == nil)
    }

    @Test("infinities are counted and win, NaN is left out")
    func specials() throws {
        var sum = ExactSum()
        let added = [1.0, .nan, -.nan, 2].map(\.bitPattern).withUnsafeBufferPointer {
            sum.add(doubleBits: $0)
        }
        #expect(added == 2)
        #expect(sum.sum == 3)
        sum.add(.infinity)
        #expect(sum.sum == .infinity)
        #expect(sum.mean(count: 3) == .infinity)
        var bytes: [UInt8] = []
        sum.append(to: &bytes)
        var read = try ExactSum(bytes: bytes)
        #expect(read.positiveInfinities == 1)
        read.add(-.infinity)
        #expect(read.sum.isNaN)
        read.reset()
        #expect(read.sum == 0)
        #expect(read.sum.sign == .plus)
        #expect(read.mean(count: 0).isNaN)
    }

    @Test("carries are passed on before a limb overflows")
    func carries() {
        var sum = ExactSum()
        let ones = [UInt64](repeating: Double(0xFFFF_FFFF as UInt64).bitPattern, count: 1 << 16)
        for _ in 0..<64 { ones.withUnsafeBufferPointer { _ = sum.add(doubleBits: $0) } }
        // Doubling by merging with itself reaches every limit that single additions would.
        for _ in 0..<20 {
            let copy = sum
            sum.merge(copy)
        }
        #expect(sum.integer == Int128(0xFFFF_FFFF) << 42)
    }

    @Test("bytes that are cut, padded or spelled otherwise are refused")
    func damagedBytes() {
        var sum = ExactSum()
        sum.add(-1234.5)
        sum.add(.infinity)
        var bytes: [UInt8] = []
        sum.append(to: &bytes)
        for length in 0..<bytes.count {
            #expect(throws: ExactSum.ReadFailure.self) { try ExactSum(bytes: Array(bytes[..<length])) }
        }
        #expect(throws: ExactSum.ReadFailure.malformed) { try ExactSum(bytes: bytes + [0]) }
        for bad: [UInt8] in [
            [2, 0, 0], [1, 0, 0, 0, 0], [0, 1, 0], [0, 0, 1, 0], [0, 0, 2, 1, 0], [0, 0, 2, 0x81, 0xFF],
            [0, 0x90, 2, 1, 1], [0, 0x80, 0, 0],
            [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2],
        ] {
            #expect(throws: ExactSum.ReadFailure.malformed, "\(bad)") { try ExactSum(bytes: bad) }
        }
    }
}
