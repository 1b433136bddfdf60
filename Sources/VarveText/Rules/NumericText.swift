// NumericText.swift — JSON texts that stand for numbers.

/// Reads JSON texts as numbers.
public enum NumericText {
    /// The number in a JSON text such as `"1.02"`, without the quotes; nil if the text is no JSON number.
    public static func content(of text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        guard let base = text.baseAddress, text.count > 2, text[0] == UInt8(ascii: "\"") else { return nil }
        var scanner = JSONScanner(base: base + 1, count: text.count - 2)
        guard (try? scanner.skipNumber()) != nil, scanner.position == scanner.count else { return nil }
        return UnsafeBufferPointer(start: base + 1, count: text.count - 2)
    }

    /// The number in a JSON text with escapes, such as `"\u0031"`, without them; nil without escapes or without a number.
    public static func escapedContent(of text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard let base = text.baseAddress, text.count > 2, text[0] == UInt8(ascii: "\""),
            text.contains(UInt8(ascii: "\\"))
        else { return nil }
        var content: [UInt8] = []
        JSONScanner(base: base, count: text.count).appendText(of: 1..<text.count - 1, to: &content)
        let isNumber = content.withUnsafeBufferPointer { content in
            guard let base = content.baseAddress else { return false }
            var scanner = JSONScanner(base: base, count: content.count)
            return (try? scanner.skipNumber()) != nil && scanner.position == scanner.count
        }
        return isNumber ? content : nil
    }

    /// Whether a JSON text is NaN or an infinity, for which JSON has no numbers.
    public static func isSpecial(_ text: UnsafeBufferPointer<UInt8>) -> Bool { special(text) != nil }

    /// NaN and the infinities, for which JSON has no numbers; nil for any other text.
    public static func special(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        func equals(_ word: StaticString) -> Bool {
            guard text.count == word.utf8CodeUnitCount, let base = text.baseAddress else { return false }
            return Bytes.equal(base, word.utf8Start, text.count)
        }
        if equals("\"NaN\"") { return .nan }
        if equals("\"Infinity\"") { return .infinity }
        return equals("\"-Infinity\"") ? -.infinity : nil
    }
}
