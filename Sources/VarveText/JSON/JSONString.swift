// JSONString.swift — writes text as a JSON string; everything that Varve writes uses it.
//
// Invariants:
// - The output is one line. It escapes only what JSON requires: quote, backslash and everything below U+0020, in the
//   short form if there is one.
// - The same text always gives the same bytes.

/// Writes text as JSON strings.
public enum JSONString {
    /// Appends `text` with quotes and escapes.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        var copy = text
        copy.withUTF8 { append($0, to: &bytes) }
    }

    /// Appends `text`, which is valid UTF-8, with quotes and escapes.
    public static func append(_ text: [UInt8], to bytes: inout [UInt8]) {
        text.withUnsafeBufferPointer { append($0, to: &bytes) }
    }

    /// Appends `text`, which is valid UTF-8, with quotes and escapes.
    public static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(0x22)
        var start = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte < 0x20 || byte == 0x22 || byte == 0x5C else { continue }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
            appendEscape(byte, to: &bytes)
            start = index + 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
        bytes.append(0x22)
    }

    private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(0x5C)
        switch byte {
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        case 0..<0x20:
            let low = byte & 0xF
            bytes.append(contentsOf: [0x75, 0x30, 0x30, 0x30 + byte >> 4])
            bytes.append(low < 10 ? 0x30 + low : 0x57 + low)
        default: bytes.append(byte)
        }
    }
}
