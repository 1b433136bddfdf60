// ShellWord.swift — quotes texts as words of a command line that a user may paste.
//
// Invariants:
// - A shell reads the word as exactly the text.

/// Writes words of command lines.
public enum ShellWord {
    /// The text as one word: as it is, or in single quotes if it has characters that are special in a shell.
    public static func quoted(_ text: String) -> String {
        func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "_-.:/@%+,".utf8.contains(byte)
            }
        }
        if !text.isEmpty, text.utf8.allSatisfy(isPlain) { return text }
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// An option with its value; a value that looks like an option is joined to the name.
    public static func option(_ name: String, _ value: String) -> String {
        name + (value.hasPrefix("-") ? "=" : " ") + quoted(value)
    }
}
