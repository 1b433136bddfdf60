// VisibleText.swift — characters that nobody sees: which they are, and texts with them made visible.
//
// A text from outside must not steer a terminal, nor look like another: a control character moves the cursor, a
// bidirectional one (U+202E and its kind) turns what stands behind it around, others are not seen at all.
//
// Invariants:
// - What `visible` gives has none of them, and is the text itself where it had none.

extension Unicode.Scalar {
    /// Whether the character is not seen, or changes how others are shown: controls, format characters such as the
    /// bidirectional ones, and the two separators that some programs take for a line break.
    package var isInvisible: Bool {
        if value < 0x7F { return value < 0x20 }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        // Fillers and the like, which have no shape; selectors of a shape belong to the character before them.
        case .otherLetter: return properties.isDefaultIgnorableCodePoint
        default: return false
        }
    }

    /// Whether no new name may have it.
    ///
    /// The two joiners are invisible too, but Persian and the scripts of India are not written without them.
    package var isForbiddenInNames: Bool { isInvisible && value != 0x200C && value != 0x200D }
}

extension String {
    /// The text with invisible characters written as `\n`, `\u{202E}`.
    package var visible: String {
        guard unicodeScalars.contains(where: \.isInvisible) else { return self }
        return unicodeScalars.reduce(into: "") { result, scalar in
            if scalar.isInvisible {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    /// Whether a control character, a line break or a character that is not seen is in the text: no name of a product,
    /// device or point has one.
    package var hasControlCharacter: Bool {
        // Nearly all names are of bytes from 0x20 to 0x7E.
        utf8.contains { $0 < 0x20 || $0 >= 0x7F } && unicodeScalars.contains(where: \.isForbiddenInNames)
    }
}
