// MissingWordsTests.swift — which texts match the words for "no reading".

import Testing
import VarveModel

@testable import VarveText

@Suite struct MissingWordsTests {
    private static func contains(_ words: MissingWords, _ text: String) -> Bool {
        Array(text.utf8).withUnsafeBufferPointer { words.contains($0) }
    }

    @Test("words are compared without blanks around them, numbers as numbers")
    func words() throws {
        let words = try #require(MissingWords(list: " Bad , No Data,-9999,9007199254740993,nan,, "))
        for text in ["Bad", " Bad\t", "No Data", "-9999.00", "-9.999e3", "9007199254740993", "NaN"] {
            #expect(Self.contains(words, text), "\(text)")
        }
        for text in ["bad", "BadX", "NoData", "9999", "9007199254740992", "", " ", "inf"] {
            #expect(!Self.contains(words, text), "\(text)")
        }
        #expect(words.list == ["-9999", "9007199254740993", "Bad", "No Data", "nan"])
    }

    @Test("a list without a word is nil")
    func empty() {
        #expect(MissingWords(list: " , ,") == nil && MissingWords().isEmpty)
        #expect(!Self.contains(MissingWords(), "") && !Self.contains(MissingWords(), "0"))
    }

    @Test("a text is a value as a whole or not at all")
    func values() {
        func bits(_ text: String, _ type: ValueType) -> UInt64? {
            Array(text.utf8).withUnsafeBufferPointer { ValueReading.bits($0, as: type) }
        }
        #expect(bits("1.5", .double) == (1.5).bitPattern && bits("1.5x", .double) == nil)
        #expect(bits("-3.0", .int64) == UInt64(bitPattern: -3) && bits("3.5", .int64) == nil)
        #expect(bits("True", .bool) == 1 && bits("0", .bool) == 0 && bits("2", .bool) == nil)
        #expect(bits("1", .string) == nil && bits("1", .json) == nil && bits("", .double) == nil)
    }
}
