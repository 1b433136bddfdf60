// SignificantDigitsTests.swift — decimals of a fixed number of significant digits are numbered without gaps.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("SignificantDigits") struct SignificantDigitsTests {
    @Test("the numbers of the decimals follow each other, over every power of ten")
    func numbering() throws {
        let digits = SignificantDigits(exponent: 3, digits: 2)
        let values = [0.0, 0.001, 0.099, 0.1, 0.11, 0.99, 1, 1.1, 9.9, 10, 11, 990, 1000, 9900]
        let expected: [Int64] = [0, 1, 99, 100, 101, 189, 190, 191, 279, 280, 281, 459, 460, 549]
        #expect(values.map { digits.rank(of: Int64(bitPattern: $0.bitPattern)) } == expected)
        for (value, rank) in zip(values, expected) where value != 0 {
            #expect(digits.rank(of: Int64(bitPattern: (-value).bitPattern)) == -rank)
        }
    }

    @Test("every number within the limit gives a decimal that has that number")
    func inverse() throws {
        for (exponent, digits) in [(0, 1), (3, 2), (5, 3), (22, 4), (4, 15), (12, 9)] {
            let numbering = SignificantDigits(exponent: exponent, digits: digits)
            var random = SeededGenerator(seed: 11)
            for _ in 0..<2000 {
                let limit = Int64(DecimalPrediction.integerPowers[digits])
                let rank = Int64.random(in: -8 * limit...8 * limit, using: &random)
                var target = [rank]
                #expect(numbering.apply(to: &target, count: 1))
                // Beyond 2^53 in units of the exponent, the shorter way to find the number may not find it.
                if let found = numbering.rank(of: target[0]) { #expect(found == rank) }
                if rank.magnitude < limit { #expect(numbering.rank(of: target[0]) == rank) }
            }
        }
    }

    @Test("other values have no number, and numbers beyond the last power of ten are refused")
    func others() {
        let digits = SignificantDigits(exponent: 2, digits: 4)
        for value in [123.45, 0.001, .nan, .infinity, -0.0, .pi, 1e300] {
            #expect(digits.rank(of: Int64(bitPattern: value.bitPattern)) == nil, "\(value)")
        }
        for rank in [Int64.max, .min, 10_000 + 22 * 9000] {
            var target = [rank]
            #expect(!digits.apply(to: &target, count: 1))
        }
    }

    @Test("a column of five-digit readings takes this form, and is given back")
    func column() throws {
        var random = SeededGenerator(seed: 12)
        var level = 3000.0
        let values = (0..<4096).map { index -> UInt64 in
            level = max(0.5, level * Double.random(in: 0.9...1.1, using: &random))
            if level > 90_000 { level = 1 }
            if index % 500 == 7 { return Double.nan.bitPattern }
            var scale = 1.0
            while level * scale < 10_000 { scale *= 10 }
            return ((level * scale).rounded() / scale).bitPattern
        }
        let bytes = encoded(doubles: values, .thorough)
        #expect(described(bytes).names.contains { $0.hasPrefix("significant digits") }, "\(described(bytes))")
        #expect(try decodedDoubles(bytes, count: values.count) == values)
    }

    @Test("bytes written by hand from the format document decode to the values they say")
    func handWritten() throws {
        // e = 1, g = 2: 150 is 60 beyond 10^2, so 60 + … : s = 150 − 90 = 60, q = 0. Constant −150.
        #expect(
            try decodedDoubles([64, 22, 1, 2, 0, 1, 0xAB, 0x02], count: 2) == [
                (-60.0).bitPattern, (-60.0).bitPattern,
            ])
    }
}
