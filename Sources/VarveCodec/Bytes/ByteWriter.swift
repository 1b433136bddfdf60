// ByteWriter.swift — builds little-endian binary data.
//
// Invariants:
// - Appending changes neither the bytes already written nor their offsets.

/// A growing byte array, with the primitive fields that all of Varve's formats use.
package struct ByteWriter: Sendable {
    /// The bytes written so far.
    package var bytes: [UInt8]

    /// Makes an empty writer with room for `capacity` bytes.
    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// The number of bytes written so far.
    package var count: Int { bytes.count }

    /// Writes a fixed-width integer, least significant byte first.
    @inlinable
    package mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes an unsigned LEB128 varint: 7 bits a byte, least significant first, 1...10 bytes.
    package mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Writes a signed integer as the varint of its zigzag form (0, -1, 1, -2, … become 0, 1, 2, 3, …).
    package mutating func appendSigned(_ value: Int64) {
        appendVarint(ZigZag.encode(value))
    }

    /// Writes raw bytes.
    package mutating func append(bytes source: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: source)
    }

    /// Writes a text: its UTF-8 length as a varint, then its bytes.
    package mutating func append(text: String) {
        appendVarint(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// Writes the output of `body`, preceded by its size as a varint.
    package mutating func appendSized(_ body: (inout ByteWriter) -> Void) {
        var nested = ByteWriter()
        body(&nested)
        appendVarint(UInt64(nested.count))
        bytes.append(contentsOf: nested.bytes)
    }

    /// Writes `count` zero bytes and lets `fill` set them in place.
    package mutating func append(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: count))
        bytes.withUnsafeMutableBytes { all in
            fill(UnsafeMutableRawBufferPointer(rebasing: all[start...]))
        }
    }
}

/// The mapping of signed to unsigned integers that keeps small magnitudes small.
package enum ZigZag {
    package static func encode(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
    }

    static func decode(_ value: UInt64) -> Int64 {
        Int64(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
    }
}
