// Excerpt.swift — makes texts from outside safe for messages; all messages use this rule.
//
// Invariants:
// - An excerpt is one line of bounded length, without invisible characters and without terminal control characters.

/// Makes excerpts.
public enum Excerpt {
    /// The default for the most characters of an excerpt.
    public static let limit = 60

    /// The beginning of a text with invisible characters made visible; `…` follows if the text was cut.
    ///
    /// - Parameter limit: The most characters (Unicode scalars) of the text.
    public static func of(_ text: some StringProtocol, limit: Int = limit) -> String {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return String(text).visible }
        return String(text[..<end]).visible + "…"
    }

    /// The beginning of a text of bytes; invalid UTF-8 becomes replacement characters.
    ///
    /// - Parameter limit: The most characters (Unicode scalars) of the text.
    public static func of(_ text: UnsafeBufferPointer<UInt8>, limit: Int = limit) -> String {
        // Enough bytes for one scalar more than is shown; a scalar has at most four bytes.
        let start = String(decoding: text.prefix(4 * (limit + 1)), as: UTF8.self)
        return of(start, limit: limit)
    }

    /// The beginning of a text, in quotes.
    public static func quoted(_ text: String, limit: Int = limit) -> String {
        "\"\(of(text, limit: limit))\""
    }
}
