// RawCursor.swift — writes fields one after another into memory that is large enough.
//
// For the hottest encoders: it neither grows nor checks. The caller checks the room once, before it makes a
// cursor.

/// A place in memory to write at.
package struct RawCursor {
    /// Where the next byte goes.
    package private(set) var next: UnsafeMutablePointer<UInt8>

    /// Begins at the start of some memory.
    package init(_ start: UnsafeMutablePointer<UInt8>) { next = start }

    /// Writes a byte.
    package mutating func append(_ byte: UInt8) {
        next.pointee = byte
        next += 1
    }

    /// Writes an unsigned LEB128 varint.
    package mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Writes a signed integer as the varint of its zigzag form.
    mutating func appendSigned(_ value: Int64) { appendVarint(ZigZag.encode(value)) }

    /// Copies the bytes between a start and another cursor.
    package mutating func append(_ start: UnsafeMutablePointer<UInt8>, upTo end: RawCursor) {
        let count = end.next - start
        next.update(from: start, count: count)
        next += count
    }
}
