// CSVText.swift — one field of CSV, quoted where it has to be.
//
// Invariants:
// - A field is quoted if it would not read back as the same text: separators, quotes and line ends in it, or
//   nothing, or the word `null`, both of which mean a missing value without quotes.

/// Writes CSV fields.
enum CSVText {
    /// Appends a field.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        append(Array(text.utf8)[...], to: &bytes)
    }

    /// Appends a field.
    static func append(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        guard needsQuotes(text) else {
            bytes.append(contentsOf: text)
            return
        }
        bytes.append(0x22)
        for byte in text {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    private static func needsQuotes(_ text: ArraySlice<UInt8>) -> Bool {
        if text.isEmpty || text.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) {
            return true
        }
        return text.count == 4 && text.elementsEqual("null".utf8) { $0 | 0x20 == $1 }
    }
}
