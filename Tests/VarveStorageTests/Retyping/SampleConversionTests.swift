// SampleConversionTests.swift — which values fit which type, and the results.

import Testing
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveSegment
@testable import VarveStorage

@Suite struct SampleConversionTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    /// A value, a type, and what it becomes: nil if it does not fit.
    struct Case: Sendable, CustomTestStringConvertible {
        let value: Value
        let type: ValueType
        let expected: Value?

        init(_ value: Value, _ type: ValueType, _ expected: Value?) {
            (self.value, self.type, self.expected) = (value, type, expected)
        }

        var testDescription: String { "\(value) as \(type.name)" }
    }

    private static func convert(
        _ samples: [Sample], to type: ValueType, missing: String = "", _ report: inout RetypingReport
    ) -> [Sample] {
        let old = samples.compactMap(\.value?.type).first ?? .string
        let retyping = Retyping(
            products: ["p"], point: "x", to: type, missing: MissingWords(list: missing) ?? MissingWords())
        var conversion = SampleConversion(SeriesInfo(key: key, type: old), retyping)
        let run = SampleRun(SeriesRows(key, old, samples).columns, commit: 7)
        let columns = conversion.convert(run, into: &report).columns
        return (0..<columns.count).map { columns.sample($0, type: type) }
    }

    private static func sample(_ time: Int64, _ value: Value?, _ quality: Int32? = nil) -> Sample {
        Sample(time: Timestamp(nanoseconds: time), value: value, quality: quality)
    }

    private static let cases: [Case] = [
        // Texts that are numbers in full, as an import reads them.
        Case(.string("20.5"), .double, .double(20.5)), Case(.string("-0"), .double, .double(-0.0)),
        Case(.string("1e3"), .double, .double(1000)), Case(.string("+7"), .double, .double(7)),
        Case(.string("NaN"), .double, .double(.nan)), Case(.string("-inf"), .double, .double(-.infinity)),
        Case(.string("12,5"), .double, nil), Case(.string("No Data"), .double, nil),
        Case(.string(" 5"), .double, nil), Case(.string("0x10"), .double, nil),
        Case(.string("1e999"), .double, nil), Case(.string("true"), .double, nil),
        Case(.string("5.0"), .int64, .int64(5)), Case(.string("1e3"), .int64, .int64(1000)),
        Case(.string("5.5"), .int64, nil), Case(.string("9223372036854775807"), .int64, .int64(.max)),
        Case(.string("9223372036854775808"), .int64, nil), Case(.string("nan"), .int64, nil),
        Case(.string("TRUE"), .bool, .bool(true)), Case(.string("false"), .bool, .bool(false)),
        Case(.string("1"), .bool, .bool(true)), Case(.string("0"), .bool, .bool(false)),
        Case(.string("yes"), .bool, nil), Case(.string("1.0"), .bool, nil),
        Case(.string("{ \"b\":1, \"a\":2 }"), .json, .json("{\"a\":2,\"b\":1}")),
        Case(.string("5"), .json, .json("5")), Case(.string("off"), .json, nil),
        // Numbers, where exact.
        Case(.double(5), .int64, .int64(5)), Case(.double(-0.0), .int64, .int64(0)),
        Case(.double(5.5), .int64, nil), Case(.double(.nan), .int64, nil), Case(.double(0x1p63), .int64, nil),
        Case(.double(-0x1p63), .int64, .int64(.min)), Case(.double(1), .bool, .bool(true)),
        Case(.double(0), .bool, .bool(false)), Case(.double(2), .bool, nil),
        Case(.double(.nan), .bool, nil), Case(.int64(1 << 53), .double, .double(0x1p53)),
        Case(.int64(1 << 54), .double, .double(0x1p54)),
        Case(.int64(9_007_199_254_740_993), .double, nil), Case(.int64(.min), .double, .double(-0x1p63)),
        Case(.int64(.max), .double, nil), Case(.int64(1), .bool, .bool(true)),
        Case(.int64(-1), .bool, nil), Case(.bool(true), .double, .double(1)),
        Case(.bool(false), .int64, .int64(0)),
        // Texts of all, as an export writes them.
        Case(.double(0.1), .string, .string("0.1")), Case(.double(-0.0), .string, .string("-0")),
        Case(.double(.nan), .string, .string("NaN")), Case(.double(1e300), .string, .string("1e300")),
        Case(.double(-.infinity), .string, .string("-inf")),
        Case(.int64(.min), .string, .string("\(Int64.min)")),
        Case(.bool(true), .string, .string("true")), Case(.json("\"a\""), .string, .string("\"a\"")),
        Case(.double(1.5), .json, .json("1.5")), Case(.double(.nan), .json, nil),
        Case(.int64(7), .json, .json("7")), Case(.bool(false), .json, .json("false")),
        Case(.json("5"), .double, .double(5)), Case(.json("\"5\""), .double, nil),
        Case(.json("[5]"), .double, nil), Case(.json("true"), .bool, .bool(true)),
    ]

    @Test("a value fits or it does not", arguments: cases)
    func value(one: Case) {
        var report = RetypingReport()
        let samples = Self.convert([Self.sample(1, one.value, 4)], to: one.type, &report)
        if let expected = one.expected {
            #expect(samples.count == 1 && report.converted == 1 && report.unfit == 0)
            if case .double(let number) = expected, number.isNaN {
                #expect(samples.first?.value.map(\.bits).map { Double(bitPattern: $0).isNaN } == true)
            } else {
                #expect(samples == [Self.sample(1, expected, 4)])
            }
        } else {
            #expect(samples.isEmpty && report.converted == 0 && report.unfit == 1)
            #expect(report.examples.map(\.time.nanoseconds) == [1])
        }
        #expect(report.samples == 1)
    }

    @Test("words and empty texts become missing values if there is a quality, and are dropped without one")
    func missing() {
        var report = RetypingReport()
        let texts = ["1", "Bad", "Bad ", "bad", "-9999.00", "", "null", "-9999.5"]
        let samples = texts.enumerated().flatMap { index, text in
            [
                Self.sample(Int64(index) * 2, .string(text), 8),
                Self.sample(Int64(index) * 2 + 1, .string(text)),
            ]
        }
        let before = [Self.sample(-2, nil, 3), Self.sample(-1, nil)]
        let after = Self.convert(samples.suffix(16) + before, to: .double, missing: "Bad,-9999", &report)
        let missing = [2, 4, 8, 10, 12].map { Self.sample($0, nil, 8) }
        #expect(
            after == [Self.sample(0, .double(1), 8), Self.sample(1, .double(1))] + missing
                + [Self.sample(14, .double(-9999.5), 8), Self.sample(15, .double(-9999.5))] + before)
        #expect(report.samples == 18 && report.converted == 6 && report.missing == 5 && report.skipped == 5)
        #expect(report.unfit == 2 && report.examples.map(\.text) == ["bad", "bad"])
    }

    @Test("words are looked for in numbers too, and exactness stays")
    func numericWords() {
        var report = RetypingReport()
        let samples = [
            Self.sample(0, .int64(-9999), 1), Self.sample(1, .int64(-9999)),
            Self.sample(2, .int64(9_007_199_254_740_993)), Self.sample(3, .int64(4)),
        ]
        let after = Self.convert(samples, to: .double, missing: "-9999.0", &report)
        #expect(after == [Self.sample(0, nil, 1), Self.sample(3, .double(4))])
        #expect(report.missing == 1 && report.skipped == 1 && report.unfit == 1 && report.converted == 1)
        var texts = RetypingReport()
        let words = Self.convert([Self.sample(0, .bool(true), 1)], to: .string, missing: "true", &texts)
        #expect(words == [Self.sample(0, nil, 1)] && texts.missing == 1)
    }

    @Test("an empty text stays an empty text if the new type is a text too")
    func emptyText() {
        var report = RetypingReport()
        #expect(
            Self.convert([Self.sample(0, .json("\"\""))], to: .string, &report).first?.value
                == .string("\"\""))
        #expect(
            Self.convert([Self.sample(0, .string(""), 1)], to: .json, &report) == [Self.sample(0, nil, 1)])
    }

    @Test("examples are few, short and of one line")
    func examples() {
        var report = RetypingReport()
        let long = String(repeating: "ab\n", count: 40)
        _ = Self.convert((0..<9).map { Self.sample($0, .string(long)) }, to: .int64, &report)
        #expect(report.unfit == 9 && report.examples.count == RetypingReport.mostExamples)
        let text = report.examples[0].text
        #expect(text.hasPrefix(#"ab\nab\n"#) && text.hasSuffix("…") && text.utf8.count < 90)
        let error = UnfitValues(report: report, type: .int64)
        #expect("\(error)".hasPrefix("9 of 9 values do not fit int64, such as \"ab\\nab"))
        #expect(!"\(error)".contains("\n"))
    }
}
