// ByteReader.swift — reads what ByteWriter wrote, from bytes that may be damaged.
//
// Invariants:
// - 0 <= offset <= source.count. Every read is checked before it touches memory.
// - A read that throws leaves `offset` where it was.

/// A bounds-checked cursor over bytes.
///
/// The bytes must outlive it. Every read throws `CodecError` if too few bytes are left.
package struct ByteReader {
    @usableFromInline let source: UnsafeRawBufferPointer
    /// Where `source` begins within the payload, so that errors give offsets of the payload.
    private let origin: Int
    /// The number of bytes read so far.
    package private(set) var offset: Int

    /// Starts at the first byte of `source`, which must stay valid while the reader is used.
    package init(_ source: UnsafeRawBufferPointer, origin: Int = 0) {
        self.source = source
        self.origin = origin
        offset = 0
    }

    /// The number of bytes not read yet.
    package var remaining: Int { source.count - offset }

    /// Whether everything has been read.
    package var isAtEnd: Bool { offset == source.count }

    /// Reads a fixed-width integer, least significant byte first.
    @inlinable
    package mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        as type: T.Type = T.self
    ) throws(CodecError) -> T {
        let field = try bytes(count: MemoryLayout<T>.size)
        return T(littleEndian: field.loadUnaligned(as: T.self))
    }

    /// Reads an unsigned LEB128 varint.
    ///
    /// Needlessly long ones are accepted, up to 10 bytes.
    ///
    /// - Throws: `CodecError` if the data ends inside it or it does not fit in 64 bits.
    package mutating func varint() throws(CodecError) -> UInt64 {
        if offset < source.count, source[offset] < 0x80 {
            offset &+= 1
            return UInt64(source[offset &- 1])
        }
        return try longVarint()
    }

    private mutating func longVarint() throws(CodecError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var position = offset
        while position < source.count {
            let byte = source[position]
            position += 1
            if shift == 63 && byte > 1 {
                throw failure("a varint does not fit in 64 bits")
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                offset = position
                return value
            }
            shift += 7
        }
        throw failure("the data ends inside a varint")
    }

    /// Reads a varint that must not be above `limit`.
    ///
    /// `what` names it in the error.
    ///
    /// - Throws: `CodecError` if it is larger, or cannot be read.
    package mutating func varint(limit: Int, _ what: StaticString) throws(CodecError) -> Int {
        let start = offset
        let value = try varint()
        guard limit >= 0, value <= UInt64(limit) else {
            offset = start
            throw failure("\(what) is \(value), above the limit of \(limit)")
        }
        return Int(value)
    }

    /// Reads a zigzag varint.
    package mutating func signed() throws(CodecError) -> Int64 {
        ZigZag.decode(try varint())
    }

    /// Reads `count` raw bytes, without copying them.
    package mutating func bytes(count: Int) throws(CodecError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw failure("\(count) bytes are needed and \(remaining) are left")
        }
        let field = UnsafeRawBufferPointer(rebasing: source[offset..<(offset + count)])
        offset += count
        return field
    }

    /// Takes the next `count` bytes as a reader of their own, whose errors keep the offsets of this reader's
    /// payload.
    mutating func nested(count: Int) throws(CodecError) -> ByteReader {
        let start = origin + offset
        return ByteReader(try bytes(count: count), origin: start)
    }

    /// Reads one byte.
    package mutating func byte() throws(CodecError) -> UInt8 {
        guard offset < source.count else { throw failure("the data ends early") }
        offset += 1
        return source[offset - 1]
    }

    /// Reads a text of at most `limit` UTF-8 bytes.
    ///
    /// - Throws: `CodecError` if it is longer, cut off or not valid UTF-8.
    package mutating func text(limit: Int) throws(CodecError) -> String {
        let start = offset
        let length = try varint(limit: limit, "the length of a text")
        guard length <= remaining else {
            offset = start
            throw failure("a text of \(length) bytes is cut off")
        }
        let field = try bytes(count: length)
        guard let text = String(validating: field, as: UTF8.self) else {
            offset = start
            throw failure("a text is not valid UTF-8")
        }
        return text
    }

    /// Makes an error that carries the current offset.
    package func failure(_ reason: String) -> CodecError {
        CodecError(offset: origin + offset, reason: reason)
    }

    /// Checks that everything has been read.
    ///
    /// - Throws: `CodecError` if bytes are left.
    package func finish() throws(CodecError) {
        if !isAtEnd { throw failure("\(remaining) bytes follow the end of the data") }
    }
}
