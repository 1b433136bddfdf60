// Field.swift — a field of a row as its place in memory, before anything is parsed.
//
// Invariants:
// - The pointer is valid only as long as whoever scanned the row says.
// - Quotes and escapes are already resolved: a field's bytes are its text.

/// What kind of text a field is.
public enum FieldKind: UInt8 {
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
/// Public only so that other modules can inline its reading; not for use outside Varve.
///
/// It is one vector of 16 bytes, so that a scanner writes it at once: a row copies its fields right after that, and
/// a processor waits where it has to put together what was written in parts.
public struct Field {
    /// The address, then the number of bytes times 256 plus the kind.
    @usableFromInline
    let words: SIMD2<UInt64>

    /// Makes a field.
    ///
    /// - Parameter count: Its bytes.
    @inlinable @inline(__always)
    public init(base: UnsafePointer<UInt8>, count: Int, kind: FieldKind) {
        words = SIMD2(UInt64(UInt(bitPattern: base)), UInt64(count) << 8 | UInt64(kind.rawValue))
    }

    /// Where its bytes are.
    @inlinable @inline(__always)
    public var base: UnsafePointer<UInt8> {
        // The address came from a pointer, which is never null.
        UnsafePointer(bitPattern: UInt(words.x)).unsafelyUnwrapped
    }

    /// Its bytes.
    @inlinable @inline(__always)
    public var count: Int { Int(truncatingIfNeeded: words.y >> 8) }

    /// What kind of text it is.
    @inlinable @inline(__always)
    public var kind: FieldKind {
        // The byte is the number of a case, in order; the checked initializer is too large to be inlined everywhere.
        unsafeBitCast(UInt8(truncatingIfNeeded: words.y), to: FieldKind.self)
    }

    /// Whether the field says that there is no value: empty or `null`, and not quoted.
    @inlinable @inline(__always)
    public var isMissing: Bool {
        if kind == .absent { return true }
        guard kind == .plain else { return false }
        return count == 0 || count == 4 && NumberText.equals(base, 4, "null")
    }

    /// The field's text; bytes that are no UTF-8 become replacement characters.
    package var text: String {
        String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
    }

    /// The text for messages.
    package var excerpt: String { Excerpt.of(UnsafeBufferPointer(start: base, count: count)) }
}
