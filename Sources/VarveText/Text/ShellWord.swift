// ShellWord.swift — texts as words of a command line that somebody may paste.
//
// Invariants:
// - A shell takes the word as the text, whatever is in it.

/// Writes words of command lines.
package enum ShellWord {
    /// The text as one word: as it is, or between single quotes where a shell would read more into it.
    package static func quoted(_ text: String) -> String {
        func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "_-.:/@%+,".utf8.contains(byte)
            }
        }
        if !text.isEmpty, text.utf8.allSatisfy(isPlain) { return text }
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// An option with its value; a value that begins as an option does is joined to the name.
    package static func option(_ name: String, _ value: String) -> String {
        name + (value.hasPrefix("-") ? "=" : " ") + quoted(value)
    }
}
