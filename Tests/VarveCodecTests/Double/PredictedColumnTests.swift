// PredictedColumnTests.swift — doubles predicted together, compared with single predictions.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("PredictedColumn") struct PredictedColumnTests {
    @Test("a column has the values of its mantissas one by one, for any mantissas")
    func sameAsSingly() {
        for origin in DecimalPrediction.Origin.allCases {
            for exponent in 0...DecimalPrediction.maximumExponent {
                for digits in DecimalPrediction.digitRange {
                    let prediction = DecimalPrediction(origin: origin, exponent: exponent, digits: digits)
                    let mantissas = Self.mantissas(seed: UInt64(exponent * 16 + digits))
                    let single = mantissas.map { Int64(bitPattern: prediction.value(of: $0).bitPattern) }
                    var column = mantissas
                    column.withUnsafeMutableBufferPointer { values in
                        guard let start = values.baseAddress else { return }
                        PredictedColumn(prediction).apply(start, count: values.count, into: start)
                    }
                    #expect(column == single, "\(prediction), seed \(exponent * 16 + digits)")
                }
            }
        }
    }

    @Test(
        "a column has them too where all mantissas of a long run have one number of digits, and where two such runs meet"
    )
    func runsOfDigits() {
        for origin in [DecimalPrediction.Origin.printed, .printedStepwise] {
            for exponent in 0...9 {
                for digits in [6, 7, 8, 9, 15] {
                    var random = SeededGenerator(seed: UInt64(exponent * 16 + digits))
                    var mantissas: [Int64] = []
                    var power: UInt64 = 1
                    for _ in 0..<15 {
                        for index in 0..<200 {
                            let size = Int64(power + random.next() % (9 * power))
                            mantissas.append(index % 3 == 0 ? -size : size)
                        }
                        power *= 10
                    }
                    let prediction = DecimalPrediction(origin: origin, exponent: exponent, digits: digits)
                    let single = mantissas.map { Int64(bitPattern: prediction.value(of: $0).bitPattern) }
                    var column = mantissas
                    column.withUnsafeMutableBufferPointer { values in
                        guard let start = values.baseAddress else { return }
                        PredictedColumn(prediction).apply(start, count: values.count, into: start)
                    }
                    #expect(column == single, "\(prediction), seed \(exponent * 16 + digits)")
                }
            }
        }
    }

    /// Numbers of every size, and those around which the number of digits changes.
    private static func mantissas(seed: UInt64) -> [Int64] {
        var random = SeededGenerator(seed: seed)
        var values: [Int64] = [0, 1, -1, .min, .max, 1 << 53, -(1 << 53), (1 << 51) - 1]
        for shift in 0..<Int64(64) { values.append(Int64(bitPattern: random.next()) >> shift) }
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            values += [power - 1, power, -power, 1 - power]
        }
        return values
    }
}
