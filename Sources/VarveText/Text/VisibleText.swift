// VisibleText.swift — recognizes invisible characters and makes them visible.
//
// A text from outside must neither control a terminal nor look like another text. A control character moves the cursor,
// a bidirectional one (such as U+202E) reverses the text after it, and others are not shown at all.
//
// Invariants:
// - The result of `visible` has no invisible characters; a text without them is returned as it is.

extension Unicode.Scalar {
    /// Whether the character is not shown, or changes how others are shown.
    ///
    /// These are controls, format characters such as the bidirectional ones, and the two separators that some programs
    /// take for a line break.
    public var isInvisible: Bool {
        if value < 0x7F { return value < 0x20 }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        // Fillers and similar letters have no shape. Variation selectors belong to the character before them.
        case .otherLetter: return properties.isDefaultIgnorableCodePoint
        default: return false
        }
    }

    /// Whether the character is forbidden in new names.
    ///
    /// The two joiners are invisible but allowed, because Persian and the scripts of India need them.
    public var isForbiddenInNames: Bool { isInvisible && value != 0x200C && value != 0x200D }
}

extension String {
    /// The text with invisible characters written as `\n`, `\u{202E}`.
    public var visible: String {
        guard unicodeScalars.contains(where: \.isInvisible) else { return self }
        return unicodeScalars.reduce(into: "") { result, scalar in
            if scalar.isInvisible {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    /// What is wrong with a name that has such a character, and the remedy; the name goes before it.
    public static let controlCharacterAdvice =
        "has a control character, line break or invisible character: leave it out"

    /// Whether the text has a character that no name of a product, device or point may have.
    ///
    /// These are control characters, line breaks and other invisible characters.
    public var hasControlCharacter: Bool {
        // Nearly all names consist of bytes from 0x20 to 0x7E.
        utf8.contains { $0 < 0x20 || $0 >= 0x7F } && unicodeScalars.contains(where: \.isForbiddenInNames)
    }
}
