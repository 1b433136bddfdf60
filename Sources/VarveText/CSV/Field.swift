// Field.swift — a field of a row as a pointer, before anything is parsed.
//
// Invariants:
// - The pointer is valid only as long as the scanner of the row says.
// - Quotes and escapes are already resolved: a field's bytes are its text.

/// The kind of text that a field is.
public enum FieldKind: UInt8 {
    /// An unquoted CSV field: may be a number, a missing value or text.
    case plain
    /// A quoted CSV field: `""` and `"null"` are texts here.
    case quoted
    /// A JSON number, `true` or `false`, as written.
    case literal
    /// A JSON string with its escapes resolved.
    case string
    /// A valid JSON array or object, as written.
    case compound
    /// JSON `null`, or a column that the input lacks.
    case absent
}

/// A field of a row.
///
/// Public only so that other modules can inline its reading; not for use outside Varve.
///
/// It is one vector of 16 bytes, so that a scanner writes it with one store. A row copies its fields right after that,
/// and a processor stalls if a load has to combine several stores.
public struct Field {
    /// The address, then the number of bytes times 256 plus the kind.
    @usableFromInline
    let words: SIMD2<UInt64>

    /// Makes a field.
    ///
    /// - Parameter count: The number of its bytes.
    @inlinable @inline(__always)
    public init(base: UnsafePointer<UInt8>, count: Int, kind: FieldKind) {
        words = SIMD2(UInt64(UInt(bitPattern: base)), UInt64(count) << 8 | UInt64(kind.rawValue))
    }

    /// The address of its bytes.
    @inlinable @inline(__always)
    public var base: UnsafePointer<UInt8> {
        // The address came from a pointer, which is never null.
        UnsafePointer(bitPattern: UInt(words.x)).unsafelyUnwrapped
    }

    /// The number of its bytes.
    @inlinable @inline(__always)
    public var count: Int { Int(truncatingIfNeeded: words.y >> 8) }

    /// The kind of text that it is.
    @inlinable @inline(__always)
    public var kind: FieldKind {
        // The byte is the raw value of a case; the checked initializer is too large to be inlined everywhere.
        unsafeBitCast(UInt8(truncatingIfNeeded: words.y), to: FieldKind.self)
    }

    /// Whether the field means "no value": empty or `null`, without quotes.
    @inlinable @inline(__always)
    public var isMissing: Bool {
        if kind == .absent { return true }
        guard kind == .plain else { return false }
        return count == 0 || count == 4 && NumberText.equals(base, 4, "null")
    }

    /// The field's text; invalid UTF-8 becomes replacement characters.
    public var text: String {
        String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
    }

    /// The beginning of the text, for messages.
    public var excerpt: String { Excerpt.of(UnsafeBufferPointer(start: base, count: count)) }
}
