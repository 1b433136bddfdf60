// NameTests.swift — when two names are the same, and how they are ordered.

import Testing
import VarveModel

@Suite struct NameTests {
    /// Texts that Swift's `String` takes for equal: composed, decomposed, and a sign that stands for another.
    private static let alike = [("\u{E9}", "e\u{301}"), ("\u{212A}", "K"), ("\u{AC00}", "\u{1100}\u{1161}")]

    @Test("names of the same bytes are equal and hash alike, however their text came about")
    func equal() {
        let parts = Name(["Ger", "\u{E4}t ", "1"].joined())
        let slice = Name(String("x Ger\u{E4}t 1 y".dropFirst(2).dropLast(2)))
        #expect(parts == slice && parts == "Ger\u{E4}t 1")
        #expect(Set([parts, slice, "Ger\u{E4}t 1"]).count == 1)
        #expect(Name("").text.isEmpty && Name("") == "" && Name("") != " ")
    }

    @Test("names that only Unicode takes for equal differ, as keys of tables too", arguments: alike)
    func different(left: String, right: String) {
        #expect(left == right, "the strings are equal to Swift")
        #expect(Name(left) != Name(right))
        #expect(Set([Name(left), Name(right)]).count == 2)
        let table = [Name(left): 1, Name(right): 2]
        #expect(table[Name(left)] == 1 && table[Name(right)] == 2)
        #expect(Name(left).text.sameBytes(as: left) && !left.sameBytes(as: right))
    }

    @Test("a name that begins like another differs from it, and bytes in common are counted")
    func beginnings() {
        #expect(Name("ab") != Name("abc") && Name("ab\0") != Name("ab"))
        #expect("e\u{301}x".commonBytes(with: "e\u{301}y") == 3)
        #expect("\u{E9}".commonBytes(with: "\u{E8}") == 1)
        #expect("".commonBytes(with: "a") == 0)
    }

    @Test("the order is that of the bytes and of the Unicode scalars, and the same as in keys of series")
    func order() {
        let names: [Name] = ["", "A", "a", "a ", "a/b", "e\u{301}", "z", "\u{E9}", "\u{FFFD}", "\u{1F600}"]
        #expect(names.reversed().sorted() == names)
        let keys = names.map { SeriesKey(product: "p", device: $0.text, point: "x") }
        #expect(keys.reversed().sorted() == keys)
        for (left, right) in zip(names, names.dropFirst()) {
            #expect(left < right && !(right < left))
            #expect(left.text.unicodeScalars.lexicographicallyPrecedes(right.text.unicodeScalars))
        }
    }

    @Test(
        "bytes that are no text cannot become a name unnoticed: they are replaced, and differ from the original"
    )
    func invalid() {
        let bytes: [UInt8] = [0x61, 0xC3]
        let name = Name(String(decoding: bytes, as: UTF8.self))
        #expect(name == "a\u{FFFD}" && !name.text.utf8.elementsEqual(bytes))
        #expect(String(validating: bytes, as: UTF8.self) == nil)
    }
}
