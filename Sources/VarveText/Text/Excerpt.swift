// Excerpt.swift — texts from outside as they may stand in a message: the one rule for all of them.
//
// Invariants:
// - An excerpt is one line, without a character that steers a terminal or is not seen, and of bounded length.

/// Makes excerpts.
package enum Excerpt {
    /// The most characters of an excerpt, unless told otherwise.
    package static let limit = 60

    /// The beginning of a text, invisible characters made visible; `…` follows where it was cut.
    ///
    /// - Parameter limit: The most characters (Unicode scalars) of the text.
    package static func of(_ text: some StringProtocol, limit: Int = limit) -> String {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return String(text).visible }
        return String(text[..<end]).visible + "…"
    }

    /// The beginning of a text; bytes that are no UTF-8 become replacement characters.
    ///
    /// - Parameter limit: The most characters (Unicode scalars) of the text.
    package static func of(_ text: UnsafeBufferPointer<UInt8>, limit: Int = limit) -> String {
        // One scalar more than is shown, however long; a scalar has four bytes at most.
        let start = String(decoding: text.prefix(4 * (limit + 1)), as: UTF8.self)
        return of(start, limit: limit)
    }

    /// The beginning of a text between quotes.
    package static func quoted(_ text: String, limit: Int = limit) -> String {
        "\"\(of(text, limit: limit))\""
    }
}
