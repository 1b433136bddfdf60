// VectorFormTests.swift — some shape makes the encoder choose each form of a vector.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("Vector forms") struct VectorFormTests {
    @Test("every form is chosen by some shape, and is given back")
    func everyFormOccurs() throws {
        var seen: Set<VectorForm> = []
        for shape in IntegerShape.allCases {
            for count in [40, 1000, 1024] {
                for seed in UInt64(0)..<4 {
                    let values = shape.values(count, seed: seed)
                    seen.insert(try roundTrip(values, "shape \(shape), count \(count), seed \(seed)"))
                }
            }
        }
        // Noise of these widths is cheapest as it is, after one difference or after two; then the same with
        // outliers.
        for outliers in [false, true] {
            for order in 0...2 {
                var random = SeededGenerator(seed: 77)
                var values = (0..<1024).map { Int64($0 % 3) + (outliers && $0 % 200 == 9 ? 1 << 40 : 0) }
                for index in values.indices { values[index] += Int64(random.next() % 6) }
                for _ in 0..<order {
                    for index in 1..<values.count { values[index] &+= values[index - 1] }
                }
                seen.insert(try roundTrip(values, "order \(order), outliers \(outliers)"))
            }
        }
        for order in 0...2 {
            let values = RiceVectorTests.noise(1024, order: order, mean: 30, seed: 5)
            seen.insert(try roundTrip(values, "noise of order \(order)"))
        }
        let clock = (0..<1024).map { Int64($0) * 1000 + Int64($0 * 37 % 101) }
        seen.insert(try roundTrip(clock, "clock"))
        #expect(
            seen == Set(VectorForm.allCases), "\(Set(VectorForm.allCases).subtracting(seen)) never occurs")
    }

    private func roundTrip(_ values: [Int64], _ label: String) throws -> VectorForm {
        var scratch = [Int64](repeating: 0, count: VectorPlan.scratchCount)
        var writer = ByteWriter()
        let plan = VectorPlan(values, count: values.count, scratch: &scratch, effort: .standard)
        VectorEncoder.encode(values, count: values.count, plan: plan, scratch: &scratch, into: &writer)
        var decoded = [Int64](repeating: 0, count: values.count)
        try writer.bytes.withUnsafeBytes { source in
            var reader = ByteReader(source)
            try VectorDecoder.decode(&reader, count: values.count, into: &decoded)
            #expect(reader.isAtEnd, "\(label)")
        }
        #expect(decoded == values, "\(label), form \(plan.form)")
        #expect(
            abs(writer.count * 8 - plan.bits) <= 64 || plan.rice != nil || plan.grid != nil,
            "\(label): \(writer.count * 8) bits, planned \(plan.bits)")
        return plan.form
    }

    @Test("the divisor divides every difference, and no larger one does")
    func commonDivisor() {
        for divisor in [1, 2, 3, 1000, 1_000_000, 7 << 20, 1 << 62] as [Int64] {
            let values = [5, 5 &+ divisor, 5 &- 3 &* divisor, 5 &+ 2 &* divisor]
            let found = values.withUnsafeBufferPointer { CommonDivisor(of: $0) }
            #expect(found.value == UInt64(divisor))
            for value in values { #expect(found.quotient(value &- 5) &* divisor == value &- 5) }
        }
    }
}
