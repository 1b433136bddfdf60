// PackingPlanTests.swift — the plan of a packed vector and the sort behind it.

import Testing

@testable import VarveCodec

@Suite("PackingPlan") struct PackingPlanTests {
    @Test("values of any number and width are sorted", arguments: IntegerShape.allCases)
    func sorting(shape: IntegerShape) {
        for count in [1, 2, 63, 64, 65, 100, 1023, 1024] {
            let values = shape.values(count, seed: UInt64(count))
            let plan = values.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.map { PackingPlan($0, count: count) }
            }
            var sorted = values
            sorted.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress, let plan else { return }
                PackingPlan.sort(start, count: count, lowest: plan.base, width: plan.width)
            }
            #expect(sorted == values.sorted(), "shape \(shape), count \(count), seed \(count)")
        }
    }
}
