// Row.swift — one row of an input as the places of its fields in memory, before anything is parsed.
//
// Invariants:
// - The pointers are valid only during the call that gets the row.
// - Quotes and escapes are already resolved: a field's bytes are its text.

import VarveModel
import VarveText

/// What kind of text a field is.
enum FieldKind: UInt8 {
    /// An unquoted CSV field: may be a number, a missing value or text.
    case plain
    /// A quoted CSV field: `""` and `"null"` are texts here.
    case quoted
    /// A JSON number, `true` or `false`, as written.
    case literal
    /// A JSON string, escapes resolved.
    case string
    /// A JSON array or object, as written and valid.
    case compound
    /// JSON `null`, or a column that the input does not have.
    case absent
}

/// A field of a row.
///
/// It is one vector of 16 bytes, so that a scanner writes it at once: a row copies its fields right after that, and
/// a processor waits where it has to put together what was written in parts.
struct Field {
    /// The address, then the number of bytes times 256 plus the kind.
    private var words: SIMD2<UInt64>

    /// - Parameter count: Its bytes.
    @inline(__always)
    init(base: UnsafePointer<UInt8>, count: Int, kind: FieldKind) {
        words = SIMD2(UInt64(UInt(bitPattern: base)), UInt64(count) << 8 | UInt64(kind.rawValue))
    }

    /// Where its bytes are.
    @inline(__always)
    var base: UnsafePointer<UInt8> {
        // The address came from a pointer, which is never null.
        UnsafePointer(bitPattern: UInt(words.x)).unsafelyUnwrapped
    }

    /// Its bytes.
    @inline(__always)
    var count: Int { Int(truncatingIfNeeded: words.y >> 8) }

    @inline(__always)
    var kind: FieldKind {
        // The byte is the number of a case, in order; the checked initializer is too large to be inlined everywhere.
        unsafeBitCast(UInt8(truncatingIfNeeded: words.y), to: FieldKind.self)
    }

    /// Whether the field says that there is no value: empty or `null`, and not quoted.
    @inline(__always)
    var isMissing: Bool {
        if kind == .absent { return true }
        guard kind == .plain else { return false }
        return count == 0 || count == 4 && NumberText.equals(base, 4, "null")
    }

    /// The field's text; bytes that are no UTF-8 become replacement characters.
    var text: String { String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self) }

    /// The text for messages: at most 60 bytes of it, with control characters made visible.
    var excerpt: String {
        let text = String(decoding: UnsafeBufferPointer(start: base, count: min(count, 60)), as: UTF8.self)
        let visible = String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 }).visible
        return count > 60 ? visible + "…" : visible
    }
}

/// One row: a reading of one point.
struct Row {
    var product: Field
    var device: Field
    var point: Field
    var time: Field
    var value: Field
    var quality: Field
    /// The zone of the time, where the input has a column for it.
    var zone: Field
    /// The type that the row says its point has; empty or absent for none.
    var type: Field
    /// Whether device, time and quality are those of the row before (the next cell of a wide line).
    var continuesLine: Bool
    /// The number of the line in the input, from 1.
    var line: Int
    /// The text of the line or lines, without the line end.
    var text: UnsafeRawBufferPointer
}

/// Gets the rows of an input, in order.
protocol RowConsumer: ~Copyable {
    /// Takes a row.
    mutating func take(_ row: borrowing Row) throws

    /// Takes note of a row that is broken as such.
    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) throws

    /// Says how far the reading is; called once per buffer.
    mutating func advanced(bytesRead: Int) throws
}

/// Gets the rows of an input with the moments that their times mean.
protocol TimedRowConsumer: ~Copyable {
    /// Takes a row.
    ///
    /// - Parameter time: Nanoseconds since 1970 UTC.
    mutating func take(_ row: borrowing Row, time: Int64) throws

    /// Whether a row would be skipped whatever its time: it has neither a value nor a quality, and a known series.
    mutating func skips(_ row: borrowing Row) throws -> Bool

    /// Takes note of a row whose time cannot be used.
    mutating func refuse(_ row: borrowing Row, _ reason: String) throws

    /// Takes note of a row that is broken as such.
    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) throws

    /// Says how far the reading is; called once per buffer.
    mutating func advanced(bytesRead: Int) throws
}
