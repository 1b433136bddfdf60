// DoubleColumnTests.swift — doubles come back bit for bit, and take no more than their shape needs.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("DoubleColumn") struct DoubleColumnTests {
    @Test("every shape and length is given back bit for bit", arguments: DoubleShape.allCases)
    func roundTrip(shape: DoubleShape) throws {
        for count in Array(0...20) + [63, 64, 65, 1023, 1024, 1025, 3000, 8192] {
            for effort in [Effort.standard, .thorough] where effort == .standard || count < 1026 {
                let values = shape.values(count, seed: UInt64(count))
                let decoded = try decodedDoubles(encoded(doubles: values, effort), count: count)
                #expect(decoded == values, "shape \(shape), count \(count), seed \(count), effort \(effort)")
            }
        }
    }

    @Test("every transform gives every shape back bit for bit, suitable or not")
    func forcedTransforms() throws {
        var transforms: [DoubleTransform] = [.bits, .float]
        for exponent in [0, 2, 9, 22] {
            transforms.append(.decimal(exponent: exponent))
            for origin in DecimalPrediction.Origin.allCases {
                for digits in [6, 8, 15] {
                    transforms.append(
                        .predicted(DecimalPrediction(origin: origin, exponent: exponent, digits: digits)))
                }
            }
        }
        for transform in transforms {
            for shape in DoubleShape.allCases {
                for layout in [IntegerPlan.Layout.packed, .planes] {
                    let values = shape.values(300, seed: 5)
                    #expect(
                        try forced(values, transform, layout) == values,
                        "\(transform), shape \(shape), layout \(layout), seed 5")
                }
            }
        }
    }

    private func forced(
        _ values: [UInt64], _ transform: DoubleTransform, _ layout: IntegerPlan.Layout
    ) throws -> [UInt64] {
        let patterns = values.map { Int64(bitPattern: $0) }
        var writer = ByteWriter()
        patterns.withUnsafeBufferPointer { patterns in
            let plan = DoublePlan(
                patterns, transform: transform, effort: .standard, allowsDictionary: layout == .planes)
            plan.write(patterns, layout: layout, into: &writer)
        }
        return try decodedDoubles([ColumnEnvelope.plain.rawValue] + writer.bytes, count: values.count)
    }

    @Test("decimals take the bits of their integers")
    func decimals() {
        let values = DoubleShape.decimals.values(8192, seed: 1)
        let bytes = encoded(doubles: values)
        #expect(described(bytes).names.first == "decimal")
        #expect(bytes.count * 8 < 8192 * 19)
        #expect(encoded(doubles: DoubleShape.walk.values(8192, seed: 1)).count * 8 < 8192 * 7)
    }

    @Test("floats printed with eight digits and read stepwise take the bits of their decimals")
    func printedFloats() {
        let texts: [Double] = [6.849999900000001, 6.920000099999999, 6.6599998, 7.0500002, 6.610000099999999]
        let prediction = DecimalPrediction(origin: .printedStepwise, exponent: 2, digits: 8)
        for (text, mantissa) in zip(texts, [Int64(685), 692, 666, 705, 661]) {
            #expect(prediction.value(of: mantissa).bitPattern == text.bitPattern)
        }
    }

    @Test("a constant column of any value takes a few bytes")
    func constants() {
        for value in [0.0, -0.0, .nan, .infinity, 7.119999900000001, 42] {
            let column = [UInt64](repeating: value.bitPattern, count: 8192)
            #expect(encoded(doubles: column).count <= 16, "\(value)")
        }
    }

    @Test("nights of zeros and gaps of NaN cost next to nothing")
    func sparse() {
        let nights = encoded(doubles: DoubleShape.nights.values(4096, seed: 3))
        #expect(described(nights).names.first == "sparse")
        let both = encoded(doubles: DoubleShape.gapsAndNights.values(4096, seed: 3))
        #expect(described(both).names.prefix(2) == ["sparse", "sparse"])
    }

    @Test("doubles without structure take hardly more than 64 bits")
    func incompressible() {
        #expect(encoded(doubles: DoubleShape.random.values(8192, seed: 9)).count < 8192 * 8 + 120)
    }

    @Test("decimals with a few values that are off by a unit in the last place keep these as residuals")
    func fewResiduals() throws {
        var random = SeededGenerator(seed: 41)
        let values = (0..<8192).map { _ -> UInt64 in
            let decimal = Double(Int.random(in: 7_000_000_000...9_999_999_999, using: &random)) / 1e8
            return decimal.bitPattern + (random.next() % 20 == 0 ? 1 : 0)
        }
        let bytes = encoded(doubles: values, .thorough)
        #expect(described(bytes).names[0] == "ulp residual of decimal")
        // 32 bits for the noise, and far less than an exception of 77 bits for each twentieth value.
        #expect(bytes.count < 8192 * 33 / 8)
        #expect(try decodedDoubles(bytes, count: values.count) == values)
    }
}
