// ExactQuotientTests.swift — quotients without the divider, compared with the divider's bit for bit.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("ExactQuotient") struct ExactQuotientTests {
    @Test("four quotients are those of the division, for integers of every size and of either sign")
    func integers() throws {
        for exponent in 0...ExactQuotient.maximumExponent {
            var random = SeededGenerator(seed: UInt64(exponent))
            var values: [Double] = [0, 1, -1, 9_007_199_254_740_991, -9_007_199_254_740_992]
            for shift in 11..<UInt64(64) {
                for _ in 0..<40 {
                    let magnitude = Double(random.next() >> shift)
                    values += [magnitude, -magnitude]
                }
            }
            try expectQuotients(of: values, exponent: exponent)
        }
    }

    @Test(
        "the quotients are exact for neighbours of multiples and of halves between them, and for quotients of quotients"
    )
    func neighbours() throws {
        for exponent in 0...ExactQuotient.maximumExponent {
            var random = SeededGenerator(seed: UInt64(exponent) + 100)
            let divisor = DecimalPrediction.powers[exponent]
            var values: [Double] = []
            for _ in 0..<2000 {
                let whole = Double(random.next() >> 12) / 8
                for near in [whole * divisor, (whole + 0.5) * divisor, whole / 10, whole / 1e4] {
                    values += [near, near.nextUp, near.nextDown]
                }
            }
            try expectQuotients(of: values, exponent: exponent)
        }
    }

    private func expectQuotients(of values: [Double], exponent: Int) throws {
        let quotient = try #require(ExactQuotient(exponent: exponent))
        let divisor = DecimalPrediction.powers[exponent]
        var wrong: [Double] = []
        for value in values where value != 0 || value.sign == .plus {
            // Each lane gets each value.
            let quotients = quotient(SIMD4(repeating: value))
            for lane in 0..<4 where quotients[lane].bitPattern != (value / divisor).bitPattern {
                wrong.append(value)
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count) wrong for 10^\(exponent), the first is \(wrong.first ?? 0)")
    }

    @Test("powers of ten with more than 26 bits before their zeros are refused")
    func limit() {
        #expect(ExactQuotient(exponent: 12) == nil)
        #expect(ExactQuotient(exponent: -1) == nil)
    }
}
