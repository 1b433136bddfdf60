// CSVText.swift — writes one field of CSV (RFC 4180), quoted if needed, in the only dialect that Varve writes.
//
// Invariants:
// - A field is quoted if a reader could take it for another text. This is so if it has a separator, quote or line end;
//   if a blank is at one of its ends, which some readers drop; and if it is empty or `null`, which mean no value
//   without quotes.
// - The importer reads the same text back.

/// Writes CSV fields.
public enum CSVText {
    /// Appends a field, in quotes if needed.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        var copy = text
        copy.withUTF8 { append($0, to: &bytes) }
    }

    /// Appends a field of UTF-8 bytes, in quotes if needed.
    static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        if needsQuotes(text) {
            appendQuoted(text, to: &bytes)
        } else {
            bytes.append(contentsOf: text)
        }
    }

    /// Appends a field always in quotes; each quote in it is doubled.
    public static func appendQuoted(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(0x22)
        for byte in text {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    private static func needsQuotes(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first, let last = text.last, let base = text.baseAddress else { return true }
        if isBlank(first) || isBlank(last) || NumberText.equals(base, text.count, "null") { return true }
        for byte in text where byte == 0x2C || byte == 0x22 || byte == 0x0A || byte == 0x0D { return true }
        return false
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
