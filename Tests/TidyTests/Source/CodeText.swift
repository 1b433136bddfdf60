// CodeText.swift — Swift source without comments and string literals, and the words in it.
//
// Invariants:
// - Blanking keeps every length and line end, so offsets and line numbers are those of the file.
// - An interpolation in a literal is code and is kept.

/// A name or keyword of the code.
struct Word: Sendable {
    var text: String
    /// The line number, counted from 1.
    var line: Int
    /// The offset of its first byte in the code.
    var offset: Int
    /// The byte directly before it; 0 at the beginning.
    var before: UInt8
    /// The byte directly after it; 0 at the end.
    var after: UInt8
}

enum CodeText {
    /// Replaces comments and the content of literals by spaces.
    static func blanked(_ source: [UInt8]) -> [UInt8] {
        var blanker = Blanker(source)
        blanker.run()
        return blanker.output
    }

    /// The words of blanked code.
    static func words(_ code: [UInt8]) -> [Word] {
        var words: [Word] = []
        var line = 1
        var index = 0
        while index < code.count {
            if code[index] == UInt8(ascii: "\n") { line += 1 }
            guard isWordByte(code[index]) else {
                index += 1
                continue
            }
            let start = index
            while index < code.count, isWordByte(code[index]) { index += 1 }
            words.append(
                Word(
                    text: String(decoding: code[start..<index], as: UTF8.self), line: line, offset: start,
                    before: start > 0 ? code[start - 1] : 0, after: index < code.count ? code[index] : 0))
        }
        return words
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}

/// Walks over the source once.
///
/// Literals nest through interpolation.
private struct Blanker {
    /// An open literal: its quotes, the `#` around them, and the parentheses open in its interpolation.
    private struct OpenText {
        var quotes: Int
        var hashes: Int
        var parentheses = 0
    }

    private let source: [UInt8]
    private var texts: [OpenText] = []
    private var index = 0
    private(set) var output: [UInt8]

    init(_ source: [UInt8]) {
        self.source = source
        output = source
    }

    mutating func run() {
        while index < source.count {
            if let text = texts.last, text.parentheses == 0 { insideText(text) } else { inCode() }
        }
    }

    private mutating func inCode() {
        switch source[index] {
        case UInt8(ascii: "/") where at("//"):
            while index < source.count, source[index] != UInt8(ascii: "\n") { blank() }
        case UInt8(ascii: "/") where at("/*"):
            while index < source.count, !at("*/") { blank() }
            blank()
            blank()
        case UInt8(ascii: "#"), UInt8(ascii: "\""): openText()
        case UInt8(ascii: "("):
            if !texts.isEmpty { texts[texts.count - 1].parentheses += 1 }
            index += 1
        case UInt8(ascii: ")"):
            if !texts.isEmpty { texts[texts.count - 1].parentheses -= 1 }
            index += 1
        default: index += 1
        }
    }

    private mutating func openText() {
        var hashes = 0
        while at("#", ahead: hashes) { hashes += 1 }
        guard at("\"", ahead: hashes) else {
            index += max(hashes, 1)
            return
        }
        let quotes = at("\"\"\"", ahead: hashes) ? 3 : 1
        texts.append(OpenText(quotes: quotes, hashes: hashes))
        index += hashes + quotes
    }

    private mutating func insideText(_ text: OpenText) {
        let end = String(repeating: "\"", count: text.quotes) + String(repeating: "#", count: text.hashes)
        let escape = "\\" + String(repeating: "#", count: text.hashes)
        if at(end) || (text.quotes == 1 && at("\n")) {
            texts.removeLast()
            index += at("\n") ? 1 : end.utf8.count
        } else if at(escape + "(") {
            index += escape.utf8.count + 1
            texts[texts.count - 1].parentheses = 1
        } else if at(escape) {
            for _ in 0...escape.utf8.count { blank() }
        } else {
            blank()
        }
    }

    private mutating func blank() {
        guard index < source.count else { return }
        if source[index] != UInt8(ascii: "\n") { output[index] = UInt8(ascii: " ") }
        index += 1
    }

    private func at(_ text: StaticString, ahead: Int = 0) -> Bool { at("\(text)", ahead: ahead) }

    private func at(_ text: String, ahead: Int = 0) -> Bool {
        source[min(index + ahead, source.count)...].starts(with: text.utf8)
    }
}
