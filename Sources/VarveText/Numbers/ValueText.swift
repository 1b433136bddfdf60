// ValueText.swift — writes numbers as text, in the form of CSV, NDJSON, tables and messages.
//
// Invariants:
// - A finite double is written with the fewest digits that read back to the same bits, −0 as `-0`.

/// Writes values as text.
public enum ValueText {
    /// Writes a double with the fewest digits that read back to the same value, without a trailing `.0`.
    ///
    /// A double that is not finite is `NaN`, `inf` or `-inf`; the payload of a NaN is not written.
    public static func append(_ value: Double, to bytes: inout [UInt8]) {
        var writer = DoubleWriter()
        writer.append(value, to: &bytes)
    }

    /// Writes a double as a JSON value of a message; one that is not finite becomes a string.
    ///
    /// The strings are `"NaN"`, `"Infinity"` and `"-Infinity"`, as in the wire contract.
    public static func appendJSON(_ value: Double, to bytes: inout [UInt8]) {
        if value.isFinite { return append(value, to: &bytes) }
        bytes.append(
            contentsOf: (value.isNaN ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"").utf8)
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
