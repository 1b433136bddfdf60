// DurationTextTests.swift — lengths of time, as people write them.

import Testing
import VarveText

@Suite struct DurationTextTests {
    private static let units: [DurationText.Unit] = [("s", 1), ("m", 60), ("h", 3600)]

    private static func length(_ text: String) -> Int64? { DurationText.length(text, units: units) }

    @Test("a length is a whole number and a unit")
    func lengths() {
        #expect(Self.length("90s") == 90)
        #expect(Self.length("2h") == 7200)
        #expect(Self.length("0m") == 0)
        #expect(Self.length("9223372036854775807s") == .max)
        #expect(Self.length("9223372036854775808s") == .max)
        #expect(Self.length("9223372036854775807h") == .max)
    }

    @Test(
        "everything else is not a length, a combining mark included",
        arguments: [
            "", "s", "5", "5 s", " 5s", "-5s", "5x", "5S", "5ss", "5\u{301}s", "5s\u{301}", "1\u{20E3}h",
        ])
    func others(text: String) {
        #expect(Self.length(text) == nil)
    }
}
