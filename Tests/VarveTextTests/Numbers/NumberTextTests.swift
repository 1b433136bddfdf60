// NumberTextTests.swift — compares numbers read from text with the standard library.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveText

@Suite struct NumberTextTests {
    private func double(_ text: String) -> Double? { text.withBytes { NumberText.double($0, $1) } }
    private func int64(_ text: String) -> Int64? { text.withBytes { NumberText.int64($0, $1) } }

    @Test(
        "hard decimals are rounded as the standard library rounds them",
        arguments: [
            "0", "-0", "0.0", "-0.0", "1", "+1", "1.", ".5", "-.5", "5e3", "5E+3", "5e-3", "00012.500",
            "1e22",
            "1e23", "123456789012345678", "1234567890123456789", "12345678901234567890", "9007199254740992",
            "9007199254740993", "9007199254740993.0", "9007199254740992.5", "0.1", "0.2", "0.3",
            "7.2057594037927933e16",
            "2.2250738585072011e-308", "2.2250738585072014e-308", "4.9e-324", "2.4703282292062327e-324",
            "2.4703282292062328e-324", "1e-400", "1.7976931348623157e308", "8.64e8", "7.119999900000001",
            "6.631236846766476e-17", "0.000000000000000000000000000001", "100000000000000000000000000000",
            "3.14159265358979323846264338327950288", "0.00000000", "1e-22", "1e-23", "9007199254740992e22",
            "000000000000000000000000000000000000001.5", "5e-0005", "0e999999999999999999",
        ])
    func hard(text: String) throws {
        let expected = try #require(Double(text))
        #expect(double(text)?.bitPattern == expected.bitPattern)
    }

    @Test(
        "random decimals are rounded as the standard library rounds them", arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 1...21, using: &generator)
            var text = Bool.random(using: &generator) ? "-" : ""
            let point = Int.random(in: 0...digits, using: &generator)
            for index in 0..<digits {
                if index == point { text += "." }
                text += String(Int.random(in: 0...9, using: &generator))
            }
            if Int.random(in: 0..<4, using: &generator) == 0 {
                text += "e\(Int.random(in: -330...300, using: &generator))"
            }
            let expected = try #require(Double(text), "seed \(seed)")
            let wanted = expected.isFinite ? expected.bitPattern : nil
            #expect(double(text)?.bitPattern == wanted, "\(text), seed \(seed)")
        }
    }

    @Test("every double's own text reads back to its bits", arguments: [4, 5] as [UInt64])
    func shortest(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(double(value.description)?.bitPattern == value.bitPattern, "\(value), seed \(seed)")
        }
    }

    @Test(
        "other texts are not taken for numbers",
        arguments: [
            "", "-", "+", ".", "-.", "e5", "1e", "1e+", "1.2.3", "1,5", "0x10", "1_000", " 1", "1 ", "nanx",
            "infinit",
            "nan(1)", "--1", "+-1", "1e5.0", "1f", "٣", "1e400", "-1e400", "in", "na",
        ])
    func noNumber(text: String) {
        #expect(double(text) == nil)
    }

    @Test("nan and infinity are read in any case and with a sign")
    func special() {
        for text in ["nan", "NaN", "NAN", "-nan", "+nan"] { #expect(double(text)?.isNaN == true) }
        for text in ["inf", "+Inf", "INFINITY", "infinity"] { #expect(double(text) == .infinity) }
        for text in ["-inf", "-Infinity"] { #expect(double(text) == -.infinity) }
    }

    @Test(
        "integers are exact over all of Int64, whole decimals included",
        arguments: [
            ("0", 0), ("-0", 0), ("5.0", 5), ("1e3", 1000), ("1.5e1", 15), ("500e-2", 5), ("+7", 7),
            ("0e99", 0),
            ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil),
            ("-9223372036854775809", nil), ("1.5", nil), ("15e-1", nil), ("1e19", nil), ("1e999999999", nil),
            ("1e-999999999", nil), ("", nil), ("x", nil), ("nan", nil), ("922337203685477580700e-2", .max),
            ("00000000000000000000000000001", 1), ("1.0000000000000000000000000", 1),
            ("1.0000000000000000000000001", nil),
        ] as [(String, Int64?)])
    func integers(text: String, expected: Int64?) {
        #expect(int64(text) == expected)
    }

    @Test(
        "a text is classed by the type that holds it exactly",
        arguments: [
            ("1", .integer), ("-12", .integer), ("9007199254740992", .integer),
            ("9007199254740993", .bigInteger), ("-9223372036854775808", .bigInteger),
            ("9223372036854775808", .hugeInteger), ("1.5", .decimal), ("1.", .decimal), (".5", .decimal),
            ("1e3", .decimal), ("nan", .decimal), ("-inf", .decimal), ("", .text), ("-", .text), (".", .text),
            ("-.", .text), ("1.2.3", .text), ("CC Chg", .text), ("1e999", .text), ("0x1", .text),
        ] as [(String, NumberClass)])
    func classes(text: String, expected: NumberClass) {
        #expect(text.withBytes { NumberText.classify($0, $1) } == expected)
    }

    @Test(
        "a scaled integer takes as many decimals as the scale has",
        arguments: [
            ("1.5", 1_500_000), ("123456789012345.678901", nil), ("1700000000000", 1_700_000_000_000_000_000),
            ("1700000000000.123456", 1_700_000_000_000_123_456), ("0.000001", 1), ("0.0000001", nil),
            ("-0.5", -500_000), ("9223372036854.775807", .max), ("-9223372036854.775808", .min),
            ("9223372036854.775808", nil), ("1.0000000", 1_000_000), ("17e11", 1_700_000_000_000_000_000),
        ] as [(String, Int64?)])
    func scaled(text: String, expected: Int64?) {
        #expect(text.withBytes { NumberText.int64($0, $1, scale: 6) } == expected)
    }
}
