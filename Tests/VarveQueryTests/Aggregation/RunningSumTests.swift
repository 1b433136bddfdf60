// RunningSumTests.swift — the cheap exact sum and the passes over many numbers against the wide sum.

import Testing
import VarveTestSupport

@testable import VarveQuery
@testable import VarveSegment
@testable import VarveStorage

@Suite struct RunningSumTests {
    private static func total(_ values: some Sequence<UInt64>) -> RunningSum {
        var sum = RunningSum()
        for bits in values { sum.add(Double(bitPattern: bits)) }
        return sum
    }

    private static func exact(_ values: some Sequence<UInt64>) -> ExactSum {
        var sum = ExactSum()
        Array(values).withUnsafeBufferPointer { _ = sum.add(doubleBits: $0) }
        return sum
    }

    @Test("sums and means are those of exact rational arithmetic, rounded once")
    func matchesFractions() throws {
        for one in try SumCase.all() {
            let sum = Self.total(one.values.filter { !Double(bitPattern: $0).isNaN })
            #expect(sum.sum.bitPattern == one.sum, "\(one.values.map { Double(bitPattern: $0) })")
            #expect(sum.mean(count: one.count).bitPattern == one.quotient, "by \(one.count)")
        }
    }

    @Test("statistics add up to the same as their values")
    func statistics() throws {
        for one in try SumCase.all() {
            var sum = RunningSum()
            for part in [one.values.prefix(one.values.count / 3), one.values.dropFirst(one.values.count / 3)]
            {
                let total = Self.exact(part)
                var statistics = BlockStatistics()
                statistics.positiveInfinities = Int(total.positiveInfinities)
                statistics.negativeInfinities = Int(total.negativeInfinities)
                statistics.total = ExactTotal(total)
                try sum.add(statistics)
            }
            #expect(sum.sum.bitPattern == one.sum)
            sum.reset()
            #expect(sum.sum == 0)
            sum.add(Double(3))
            #expect(sum.mean(count: 2) == 1.5)
        }
        for bad: [UInt8] in [
            [0], [0, 0], [0, 1, 0], [0, 0, 1, 0], [0, 0, 2, 1, 0], [2, 0, 0], [0, 0x80, 0, 1, 1],
        ] {
            var sum = RunningSum()
            var statistics = BlockStatistics()
            statistics.total.wide = bad
            #expect(throws: ExactSum.ReadFailure.self) { try sum.add(statistics) }
        }
    }

    @Test("integers keep every digit")
    func integers() {
        var sum = RunningSum()
        let ends = [Int64.max, .max, .min, .max, 7].map { UInt64(bitPattern: $0) }
        for _ in 0..<1000 { ends.withUnsafeBufferPointer { sum.add(integerBits: $0) } }
        let once = Int128(Int64.max) * 3 + Int128(Int64.min) + 7
        #expect(sum.integer == once * 1000)
        #expect(sum.all.integer == once * 1000)
        #expect(sum.mean(count: 5000) == Double(once) / 5)
    }

    @Test("a pass over values is exact or declined, and extremes know the sign of zero", arguments: 1...12)
    func passes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var declined = 0
        for round in 0..<60 {
            let count = Int.random(in: 1...1024, using: &random)
            let width = [2.0, 1e6, 1e-300, 1e305][round % 4]
            let values = (0..<count).map { _ in
                switch seed % 3 {
                case 0: Double(Int.random(in: -100_000...100_000, using: &random)) / 100
                case 1: Double.random(in: -width...width, using: &random)
                default:
                    Double(
                        sign: Bool.random(using: &random) ? .plus : .minus,
                        exponent: Int.random(in: -40...3, using: &random),
                        significand: Double.random(in: 1..<2, using: &random))
                }
            }
            values.withUnsafeBufferPointer { values in
                let (low, high) = NumberKernels.extremes(values)
                #expect(low == values.min() && high == values.max())
                let largest = NumberKernels.largestMagnitude(values)
                #expect(largest == Swift.max(-low, high))
                guard let (coarse, fine) = NumberKernels.sum(values, largest: largest) else {
                    declined += 1
                    return
                }
                var sum = RunningSum()
                sum.add(coarse)
                sum.add(fine)
                let expected = Self.exact(values.map(\.bitPattern))
                #expect(sum.sum.bitPattern == expected.sum.bitPattern, "seed \(seed)")
                #expect(sum.mean(count: 7).bitPattern == expected.mean(count: 7).bitPattern)
            }
        }
        #expect(seed % 3 == 2 ? declined > 0 : declined <= 30)
        for zeros in [[0.0, -0.0], [-0.0, 0.0], Array(repeating: -0.0, count: 20) + [0.0]] {
            zeros.withUnsafeBufferPointer {
                let (low, high) = NumberKernels.extremes($0)
                #expect(low.sign == .minus && high.sign == .plus)
            }
        }
    }
}
