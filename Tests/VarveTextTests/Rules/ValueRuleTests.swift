// ValueRuleTests.swift — which JSON values each data type of EnOS models takes, and what is said about the others.

import Testing
import VarveModel
import VarveText

@Suite("Data types of models")
struct ValueRuleTests {
    private static let modes = ValueRule.textEnumeration(keys: ["on", "é"])
    private static let structure = ValueRule.structure([
        .init(name: "a", rule: .int, isRequired: true),
        .init(name: "b", rule: .array(of: .float), isRequired: false),
        .init(name: "c", rule: .string(maximumBytes: 3), isRequired: false),
    ])

    struct Case: Sendable, CustomTestStringConvertible {
        var rule: ValueRule
        var json: String
        /// The kept text; nil if the value is refused.
        var kept: String?
        /// A part of the reason.
        var reason = ""
        var testDescription: String { "\(rule.name) \(json.prefix(40))" }

        init(_ rule: ValueRule, _ json: String, refused reason: String) {
            (self.rule, self.json, self.reason) = (rule, json, reason)
        }

        init(_ rule: ValueRule, _ json: String) {
            (self.rule, self.json, kept) = (rule, json, json)
        }
    }

    private static func list(_ count: Int) -> String {
        "[" + (0..<count).map { "\($0)" }.joined(separator: ",") + "]"
    }

    static let cases: [Case] = [
        Case(.int, "2147483647"), Case(.int, "-2147483648"), Case(.int, "5.0"),
        Case(.int, "2147483648", refused: "2147483648 is not an integer of 32 bits"),
        Case(.int, "-2147483649", refused: "integer of 32 bits"), Case(.int, "1.5", refused: "1.5 is not"),
        Case(.int, "true", refused: "true is not"), Case(.int, "null", refused: "null is not"),
        Case(.int, "\"1\"", refused: "\"1\" is not an integer of 32 bits"),
        Case(.int, "[1]", refused: "[1] is not"),
        Case(.float, "1.02"), Case(.float, "123456789012345678.123456789"), Case(.double, "-1e-300"),
        Case(.double, "\"NaN\""), Case(.double, "\"Infinity\""), Case(.double, "\"nan\"", refused: "number"),
        Case(.double, "1e400", refused: "a number that it can hold"),
        Case(.float, "false", refused: "number"),
        Case(.bool, "0"), Case(.bool, "1"), Case(.bool, "true"), Case(.bool, "false"),
        Case(.bool, "2", refused: "true, false, 1 or 0"),
        Case(.bool, "\"true\"", refused: "true, false, 1 or 0"),
        Case(.integerEnumeration(keys: [1, 2]), "2"),
        Case(.integerEnumeration(keys: [2, 1]), "3", refused: "3 is not one of the keys 1, 2"),
        Case(.integerEnumeration(keys: [1, 2]), "\"1\"", refused: "\"1\" is not one of the keys 1, 2"),
        Case(
            .integerEnumeration(keys: Set(1...20)), "0",
            refused: "one of the keys 1, 2, 3, 4, 5, 6, 7, 8 and 12 more"),
        Case(modes, "\"on\""), Case(modes, "\"é\""), Case(modes, "\"e\u{301}\"", refused: "one of the keys"),
        Case(modes, "\"off\"", refused: "\"off\" is not one of the keys \"on\", \"é\""),
        Case(.textEnumeration(keys: ["1"]), "1", refused: "1 is not one of the keys \"1\""),
        Case(.string(maximumBytes: 4), "\"éé\""), Case(.string(maximumBytes: 4), "\"a\\\"b\\n\""),
        Case(.string(maximumBytes: 4), "\"ééa\"", refused: "a text of 1 to 4 bytes"),
        Case(.string(maximumBytes: 4), "\"\"", refused: "a text of 1 to 4 bytes"),
        Case(.string(maximumBytes: 4), "5", refused: "5 is not a text"),
        Case(.file, "\"local://a.bin\""), Case(.file, "\"\"", refused: "a text that is not empty"),
        Case(.date, "\"2024-02-29 23:59:59\""), Case(.date, "\"0001-01-01 00:00:00\""),
        Case(.date, "\"2023-02-29 00:00:00\"", refused: "a date and time such as"),
        Case(.date, "\"2024-13-01 00:00:00\"", refused: "a date and time"),
        Case(.date, "\"2024-01-01 24:00:00\"", refused: "a date and time"),
        Case(.date, "\"2024-01-01T00:00:00\"", refused: "a date and time"),
        Case(.date, "\"2024-1-1 00:00:00\"", refused: "a date and time"),
        Case(.date, "1704067200000", refused: "a date and time"),
        Case(.timestamp, "1579580182824"), Case(.timestamp, "-1"),
        Case(.timestamp, "9223372036854775808", refused: "an integer of 64 bits"),
        Case(.array(of: .int), "[]"), Case(.array(of: .int), list(128)),
        Case(.array(of: .int), list(129), refused: "has more than 128 elements"),
        Case(.array(of: .int), "5", refused: "5 is not an array"),
        Case(.array(of: .int), "[1,\"x\"]", refused: "\"x\" in element 2 is not an integer of 32 bits"),
        Case(.array(of: .float), "[1.02,null]", refused: "null in element 2 is not a number"),
        Case(.array(of: .string(maximumBytes: 2)), "[\"a\",\"ab\"]"),
        Case(
            .array(of: .string(maximumBytes: 2)), "[\"abc\"]",
            refused: "in element 1 is not a text of 1 to 2 bytes"),
        Case(structure, "{\"a\":1}"), Case(structure, "{\"a\":1,\"b\":[1.5],\"c\":\"x\"}"),
        Case(structure, "{\"a\":1,\"b\":null}"),
        Case(structure, "{\"b\":[]}", refused: "{\"b\":[]} has no member a"),
        Case(structure, "{\"a\":null}", refused: "has no member a"),
        Case(structure, "{\"a\":1,\"d\":2}", refused: "has the member d, which the model lacks"),
        Case(
            structure, "{\"a\":1,\"b\":[1,\"x\"]}", refused: "\"x\" in member b, in element 2 is not a number"
        ),
        Case(structure, "[]", refused: "[] is not an object"),
        Case(structure, "1", refused: "1 is not an object"),
    ]

    /// What is kept, or why nothing is.
    private func check(
        _ rule: ValueRule, _ json: String, numericTexts: Bool = false
    ) -> (kept: String?, reason: String?) {
        var bytes = Array("before".utf8)
        let reason = Array(json.utf8).withUnsafeBufferPointer {
            rule.append($0, takesNumericTexts: numericTexts, to: &bytes)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("before"))
        if reason != nil { #expect(text == "before") }
        return (reason == nil ? String(text.dropFirst(6)) : nil, reason)
    }

    @Test("a value is kept as it was written, or refused with its place and what would fit", arguments: cases)
    func table(_ test: Case) throws {
        let (kept, reason) = check(test.rule, test.json)
        #expect(kept == test.kept)
        if test.kept == nil { #expect(reason?.contains(test.reason) == true, "\(reason ?? "kept")") }
        // A number in quotes is the only thing that the option changes.
        if test.kept != nil { #expect(check(test.rule, test.json, numericTexts: true).kept == test.kept) }
    }

    @Test("with the option, a number in quotes is the number, also inside arrays and structures")
    func numericTexts() {
        #expect(
            check(.array(of: .float), #"["1.02","-2e3",7.93]"#, numericTexts: true).kept == "[1.02,-2e3,7.93]"
        )
        #expect(check(.int, "\"7\"", numericTexts: true).kept == "7")
        #expect(check(.int, #""\u0031\u0032""#, numericTexts: true).kept == "12")
        #expect(check(.bool, "\"1\"", numericTexts: true).kept == "1")
        #expect(check(.integerEnumeration(keys: [1]), "\"1\"", numericTexts: true).kept == "1")
        #expect(check(Self.structure, #"{"a":"5","c":"9"}"#, numericTexts: true).kept == #"{"a":5,"c":"9"}"#)
        for text in [
            "\"\"", "\" 1\"", "\"1.\"", "\"+1\"", "\"0x1\"", "\"1,5\"", "\"\\u0078\"", "\"2147483648\"",
        ] {
            #expect(check(.int, text, numericTexts: true).kept == nil, "\(text)")
        }
        #expect(check(.string(maximumBytes: 9), "\"1.02\"", numericTexts: true).kept == "\"1.02\"")
    }
}
