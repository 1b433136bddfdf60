// CanonicalJSONTests.swift — equal JSON has one canonical text, and other text has none.

import Testing
import VarveModel

@testable import VarveText

@Suite struct CanonicalJSONTests {
    private func canonical(_ text: String) throws(JSONFailure) -> String {
        try canonical(Array(text.utf8))
    }

    private func canonical(_ bytes: [UInt8]) throws(JSONFailure) -> String {
        var result: [UInt8] = [0x2E]
        let outcome = bytes.withUnsafeBufferPointer { text -> Result<Void, JSONFailure> in
            Result { () throws(JSONFailure) in try CanonicalJSON.append(text, to: &result) }
        }
        guard case .failure(let error) = outcome else {
            return String(decoding: result.dropFirst(), as: UTF8.self)
        }
        #expect(result == [0x2E], "nothing is appended when it fails")
        throw error
    }

    @Test(
        "white space goes, keys are sorted, escapes are minimal, numbers stay",
        arguments: [
            ("{}", "{}"), (" [ ] ", "[]"), ("null", "null"), ("\t-1.50E+03\r\n", "-1.50E+03"),
            ("{\"b\":1,\"a\":[1, {\"d\":null,\"c\":true}]}", "{\"a\":[1,{\"c\":true,\"d\":null}],\"b\":1}"),
            (#""\u0041\/\n\u0001\"\\\ud83d\ude00\t\b\f\r""#, "\"A/\\n\\u0001\\\"\\\\\u{1F600}\\t\\b\\f\\r\""),
            ("{\"\":1,\"é\":2,\"z\":3}", "{\"\":1,\"z\":3,\"é\":2}"), (#"{"\u0061":1}"#, #"{"a":1}"#),
            ("\"\u{7F}\"", "\"\u{7F}\""), (#""\u001F\u00e4""#, #""\u001fä""#),
        ])
    func forms(text: String, expected: String) throws {
        #expect(try canonical(text) == expected)
        #expect(try canonical(expected) == expected)
        #expect(expected.utf8.count <= text.utf8.count)
    }

    @Test(
        "text that breaks the grammar is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "-", "1.",
            ".5", "1e",
            "+1", "nan", "tru", "\"", "\"\n\"", #""\x""#, #""\u12""#, "1 2", "[1}", "'a'", "\u{FEFF}1",
            "[1 2]", "{\"a\":1 \"b\":2}",
        ])
    func malformed(text: String) {
        let error = #expect(throws: JSONFailure.self) { try canonical(text) }
        guard case .malformed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("lone surrogates, invalid UTF-8, repeated keys and deep nesting are refused")
    func others() throws {
        for text in [#""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #""\ud800\\""#] {
            #expect(throws: JSONFailure.invalidText) { try canonical(text) }
        }
        #expect(throws: JSONFailure.invalidText) { try canonical([0x22, 0xFF, 0x22]) }
        #expect(throws: JSONFailure.repeatedKey("k")) { try canonical(#"{"k":1,"j":2,"\u006b":3}"#) }
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try canonical(nested(64)) == nested(64))
        #expect(throws: JSONFailure.tooDeep) { try canonical(nested(65)) }
        #expect(throws: JSONFailure.tooDeep) { try canonical(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test("every cut and every changed byte of a document is an answer, never a trap")
    func damage() throws {
        let document = Array(#"{"a":[1,-2.5e3,"\u00e4ä\ud83d\ude00"],"b":{"c":null,"d":true}}"#.utf8)
        for count in 0..<document.count {
            #expect(throws: JSONFailure.self) { try canonical(Array(document[..<count])) }
        }
        for index in document.indices {
            for byte in UInt8.min...UInt8.max {
                var copy = document
                copy[index] = byte
                if let text = try? canonical(copy) { #expect(try canonical(text) == text) }
            }
        }
    }

    @Test("UTF-8 is valid if the standard library says so")
    func utf8() {
        let samples: [[UInt8]] = [
            [0xC2, 0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0xA0, 0x80], [0xE0, 0x9F, 0xBF],
            [0xED, 0x9F, 0xBF],
            [0xED, 0xA0, 0x80], [0xF0, 0x90, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xC2], [0xE2, 0x82],
            [0xE2, 0x28, 0xA1], [],
        ]
        for sample in samples {
            for padding in 0..<9 {
                let bytes =
                    [UInt8](repeating: 0x41, count: padding) + sample + [UInt8](repeating: 0x42, count: 9)
                let expected = String(validating: bytes, as: UTF8.self) != nil
                #expect(bytes.withUnsafeBufferPointer { UTF8Text.isValid($0) } == expected, "\(bytes)")
                let cut = Array(bytes.dropLast(9))
                let expectedCut = String(validating: cut, as: UTF8.self) != nil
                #expect(cut.withUnsafeBufferPointer { UTF8Text.isValid($0) } == expectedCut, "\(cut)")
            }
        }
    }
}
