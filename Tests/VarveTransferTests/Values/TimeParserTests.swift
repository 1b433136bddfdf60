// TimeParserTests.swift — how times of rows are read, and how the unit of integer times is found.

import Testing
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveTransfer

@Suite struct TimeParserTests {
    /// The moment of a text; a local time is taken one hour east of Greenwich.
    private func parse(_ parser: inout TimeParser, _ text: String) -> Int64? {
        switch text.withBytes({ parser.parse($0, $1) }) {
        case .moment: return parser.nanoseconds
        case .local:
            let local = parser.local
            let time = try? Timestamp.make(seconds: local.seconds - 3600, nanoseconds: local.fraction)
            return time?.nanoseconds
        case .failed: return nil
        }
    }

    @Test("a time is that of Timestamp.parse, after any other row", arguments: [1, 2, 3] as [UInt64])
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
        var parser = TimeParser(NumericTimes())
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
            ("1.5", .seconds, 1_500_000_000), ("1714557600.123456789", .seconds, 1_714_557_600_123_456_789),
            ("1.7145576e9", .seconds, 1_714_557_600_000_000_000), ("0.1234567", .milliseconds, nil),
            ("1.5e300", .seconds, nil), ("nan", .seconds, nil),
            ("", .seconds, nil), ("-", .seconds, nil), ("12:00", .seconds, nil),
        ] as [(String, TimeUnit, Int64?)])
    func integers(text: String, unit: TimeUnit, expected: Int64?) {
        var parser = TimeParser(NumericTimes(unit: unit))
        #expect(parse(&parser, text) == expected)
    }

    @Test(
        "a file has one unit for all its integer times, or is refused",
        arguments: [
            ([1_714_564_800], .seconds), ([1_714_564_800_000], .milliseconds),
            ([1_714_564_800_000_000], .microseconds), ([1_714_564_800_000_000_000], .nanoseconds),
            ([0, 1_714_564_800_000], .milliseconds), ([0], .seconds), ([-1_714_564_800], .seconds),
            ([1_714_564_800, 1_714_564_800_000], nil), ([], nil), ([9_223_372_036], .seconds),
            ([9_223_372_037], .milliseconds), ([.min], .nanoseconds),
        ] as [([Int64], TimeUnit?)])
    func units(times: [Int64], expected: TimeUnit?) {
        var census = TimeCensus()
        for time in times { String(time).withBytes { census.add($0, $1) } }
        #expect(census.unit == expected)
    }

    @Test(
        "digits are dates only if most of the file's numbers are dates of 1900 to 2100",
        arguments: [
            (["20240501120000"], true), (["20240501", "202405011200"], true),
            (["20240501", "20240532"], false),
            (["20240501120000", "1714557600000"], false), (["18991231"], false), (["21001231"], true),
            (["20240501240000"], true), (["20240501240001"], false), (["2024050112"], false),
            (["20240501120000123", "20240501120000.25"], true), (["20240501126000123"], false),
            (["20240501120000123", "1714557600000000000"], false), (["20240501.5"], false),
            (["20240501", "20240502", "20240532"], true), (["20240501", "0", "20240502"], true),
            (["20161231235960"], true), (["20240501", "1714557600", "1714557601"], false),
            (["202405011200001234"], false), (["2024050112000012.3"], false),
        ] as [([String], Bool)])
    func compactDates(texts: [String], expected: Bool) {
        var census = TimeCensus()
        for text in texts { text.withBytes { census.add($0, $1) } }
        #expect(census.areDates == expected)
    }

    @Test("dates of digits have fractions, and a day's end is the start of the next day")
    func compactTimes() {
        var parser = TimeParser(NumericTimes(areDates: true))
        #expect(parse(&parser, "20240501120000123") == 1_714_561_200_123_000_000)
        #expect(parse(&parser, "20240501120000.25") == 1_714_561_200_250_000_000)
        #expect(parse(&parser, "20240501120000.123456789") == 1_714_561_200_123_456_789)
        #expect(parse(&parser, "20240501120000") == 1_714_561_200_000_000_000)
        #expect(!parser.local.isDayStart)
        #expect(parse(&parser, "202404302400") == parse(&parser, "20240501"))
        #expect(parse(&parser, "20240430240000") == 1_714_518_000_000_000_000)
        #expect(parser.local.isDayStart)
        #expect(parse(&parser, "20240501235960") == parse(&parser, "202405020000"))
        for text in ["20240532", "0", "1714557600.5", "1714557600"] {
            #expect(parse(&parser, text) == nil)
            #expect(parser.failure.description.contains("is no date of digits"))
        }
    }

    @Test("units have the names of the command line")
    func names() {
        #expect(TimeUnit.allCases.map(\.name) == ["s", "ms", "us", "ns"])
        #expect(TimeUnit(name: "µs") == .microseconds)
        #expect(TimeUnit(name: "h") == nil)
    }
}
