// ValueText.swift — numbers as text: the form of CSV, NDJSON, tables and messages.
//
// Invariants:
// - A finite double is written with the fewest digits that read back to the same bits, −0 as `-0`.

/// Writes values as text.
public enum ValueText {
    /// Writes a double: shortest digits that read back to the same value, without a trailing `.0`.
    ///
    /// Not finite: `NaN`, `inf`, `-inf`. A NaN's payload has no text form.
    public static func append(_ value: Double, to bytes: inout [UInt8]) {
        guard value.isFinite else {
            bytes.append(contentsOf: (value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf").utf8)
            return
        }
        // Whole numbers in this range print alike as integers, and integers print several times faster.
        if value.magnitude < 1e15, value.rounded(.towardZero) == value, value != 0 || value.sign == .plus {
            append(Int64(value), to: &bytes)
            return
        }
        var text = value.description
        text.withUTF8 { utf8 in
            // "1.5e-07" and "1e+16" lose their plus sign and leading zeros of the exponent; "-0.0" its ".0".
            guard let mark = utf8.firstIndex(of: 0x65) else {
                let isWhole = utf8.count >= 2 && utf8[utf8.count - 1] == 0x30 && utf8[utf8.count - 2] == 0x2E
                bytes.append(contentsOf: isWhole ? utf8[..<(utf8.count - 2)] : utf8[...])
                return
            }
            let mantissa = utf8[..<mark]
            let isWhole = mantissa.count >= 2 && mantissa[mark - 1] == 0x30 && mantissa[mark - 2] == 0x2E
            bytes.append(contentsOf: isWhole ? mantissa.dropLast(2) : mantissa)
            bytes.append(0x65)
            var index = mark + 1
            if index < utf8.count, utf8[index] == 0x2D { bytes.append(0x2D) }
            if index < utf8.count, utf8[index] == 0x2D || utf8[index] == 0x2B { index += 1 }
            while index < utf8.count - 1, utf8[index] == 0x30 { index += 1 }
            bytes.append(contentsOf: utf8[index...])
        }
    }

    /// Writes an integer in decimal.
    public static func append(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(0x2D) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(truncatingIfNeeded: 0x30 + rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// The text of a double; see `append(_:to:)`.
    public static func string(_ value: Double) -> String {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
