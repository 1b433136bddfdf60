// TabText.swift — lines of tab-separated fields, for the credentials file and the events file.
//
// Invariants:
// - An encoded field has no byte below 0x20 and no 0x7F, so a tab or a line feed always ends a field.
// - `decode(encode(text)) == text`. A text that `encode` cannot have made is refused.

/// Encodes any text as a field of a line: control characters and the backslash become `\xNN`.
enum TabText {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    private static let backslash = UInt8(ascii: "\\")
    private static let digits = Array("0123456789abcdef".utf8)

    /// Appends a text, escaped.
    static func append(_ text: some StringProtocol, to line: inout [UInt8]) {
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F || byte == backslash {
                line += [backslash, UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            } else {
                line.append(byte)
            }
        }
    }

    /// Appends texts, escaped, with tabs between them.
    static func append(fields: [String], to line: inout [UInt8]) {
        for (index, field) in fields.enumerated() {
            if index > 0 { line.append(tab) }
            append(field, to: &line)
        }
    }

    /// The text of a field; nil if the escapes are damaged or the bytes are not UTF-8.
    static func decode(_ field: some Collection<UInt8>) -> String? {
        guard field.contains(backslash) else { return String(validating: field, as: UTF8.self) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(field.count)
        var rest = field[...]
        while let byte = rest.popFirst() {
            if byte != backslash {
                bytes.append(byte)
                continue
            }
            guard rest.popFirst() == UInt8(ascii: "x"), let high = rest.popFirst().flatMap(value),
                let low = rest.popFirst().flatMap(value)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The texts of a line; nil if one is damaged.
    static func fields(of line: some Collection<UInt8>) -> [String]? {
        var fields: [String] = []
        for field in line.split(separator: tab, omittingEmptySubsequences: false) {
            guard let text = decode(field) else { return nil }
            fields.append(text)
        }
        return fields
    }

    /// A 64-bit number as 16 lower-case hex digits.
    static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        digits.firstIndex(of: digit).map { UInt8($0) }
    }
}
