// TimeParserTests.swift — times of rows, and the unit of integer times.

import Testing
import VarveModel

@testable import VarveTransfer

@Suite struct TimeParserTests {
    private func parse(_ parser: inout TimeParser, _ text: String) -> Int64? {
        var nanoseconds: Int64 = 0
        let failure = text.withBytes { parser.parse($0, $1, into: &nanoseconds) }
        return failure == nil ? nanoseconds : nil
    }

    @Test("whatever row came before, a time is that of Timestamp.parse", arguments: [1, 2, 3] as [UInt64])
    func likeTimestamp(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let dates = [
            "2024-05-01", "2024-05-02", "1677-09-21", "2262-04-11", "2023-02-29", "1969-12-31", "202a-05-01",
        ]
        let times = [
            "00:00:00", "23:59:59", "23:59:60", "24:00:00", "12:34:5x", "12-34:56", "00:12:43", "23:47:16",
        ]
        let ends = [
            "Z", "z", "+02:00", "-07:00", "+0200", "+25:00", "", ".5Z", ".123456789+02:00", ".1234Z", "+02:0",
        ]
        var parser = TimeParser(unit: nil, zone: FixedZone(seconds: 3600))
        for _ in 0..<20_000 {
            let text =
                dates.randomElement(using: &generator)! + ["T", "t", " ", "_"].randomElement(
                    using: &generator)!
                + times.randomElement(using: &generator)! + ends.randomElement(using: &generator)!
            let expected = try? Timestamp.parse(text, zone: FixedZone(seconds: 3600)).nanoseconds
            #expect(parse(&parser, text) == expected, "\(text), seed \(seed)")
        }
    }

    @Test(
        "integers are taken in the file's unit and refused beyond the storable times",
        arguments: [
            ("1714564800", .seconds, 1_714_564_800_000_000_000), ("-1", .milliseconds, -1_000_000),
            ("+5", .microseconds, 5000), ("9223372036854775807", .nanoseconds, .max),
            ("9223372037", .seconds, nil), ("99999999999999999999", .nanoseconds, nil),
            ("1.5", .seconds, nil),
            ("", .seconds, nil), ("-", .seconds, nil), ("12:00", .seconds, nil),
        ] as [(String, TimeUnit, Int64?)])
    func integers(text: String, unit: TimeUnit, expected: Int64?) {
        var parser = TimeParser(unit: unit, zone: FixedZone())
        #expect(parse(&parser, text) == expected)
    }

    @Test(
        "the unit of a file is that of all its integer times, or there is none",
        arguments: [
            ([1_714_564_800], .seconds), ([1_714_564_800_000], .milliseconds),
            ([1_714_564_800_000_000], .microseconds), ([1_714_564_800_000_000_000], .nanoseconds),
            ([0, 1_714_564_800_000], .milliseconds), ([0], .seconds), ([-1_714_564_800], .seconds),
            ([1_714_564_800, 1_714_564_800_000], nil), ([], nil), ([9_223_372_036], .seconds),
            ([9_223_372_037], .milliseconds), ([.min], .nanoseconds),
        ] as [([Int64], TimeUnit?)])
    func units(times: [Int64], expected: TimeUnit?) {
        var census = TimeCensus()
        for time in times { census.add(integer: time) }
        #expect(census.unit == expected)
    }

    @Test("units have the names of the command line")
    func names() {
        #expect(TimeUnit.allCases.map(\.name) == ["s", "ms", "us", "ns"])
        #expect(TimeUnit(name: "µs") == .microseconds)
        #expect(TimeUnit(name: "h") == nil)
    }
}
