// ValueTextTests.swift — the text of numbers: the shortest that reads back.

import Testing
import VarveTestSupport
import VarveText

@Suite struct ValueTextTests {
    @Test(
        "a double has its shortest text",
        arguments: [
            (0.0, "0"), (-0.0, "-0"), (1.0, "1"), (-12.5, "-12.5"), (0.1, "0.1"), (1e15, "1000000000000000"),
            (1e16, "1e16"),
            (999_999_999_999_999.0, "999999999999999"), (1.5e300, "1.5e300"), (1.49e-08, "1.49e-8"),
            (.leastNonzeroMagnitude, "5e-324"), (7.119999900000001, "7.119999900000001"), (.infinity, "inf"),
            (-.infinity, "-inf"),
            (.nan, "NaN"),
        ])
    func text(value: Double, expected: String) {
        #expect(ValueText.string(value) == expected)
    }

    @Test("the text of any double reads back to the same bits")
    func roundTrip() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(Double(ValueText.string(value))?.bitPattern == value.bitPattern, "\(value), seed 11")
        }
    }
}
