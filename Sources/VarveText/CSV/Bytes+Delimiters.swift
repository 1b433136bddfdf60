// Bytes+Delimiters.swift — finds the end of a line or a field.

import Glibc

extension Bytes {
    /// The first line end; nil if the bytes have no line end.
    ///
    /// - Parameter lineEnd: The byte that ends a line.
    @inline(__always)
    public static func firstNewline(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, lineEnd: UInt8
    ) -> UnsafePointer<UInt8>? {
        guard end > start, let found = memchr(start, Int32(lineEnd), end - start) else { return nil }
        return UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
    }

    /// The first comma or line end; `end` if the bytes have neither.
    ///
    /// - Parameter lineEnds: The byte that ends a line, repeated eight times.
    @inline(__always)
    static func firstDelimiter(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, lineEnds: UInt64
    ) -> UnsafePointer<UInt8> {
        var position = start
        // Eight bytes at a time: the lowest byte that the subtraction marks is a true match.
        while end - position >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
            let comma = word ^ 0x2C2C_2C2C_2C2C_2C2C
            let feed = word ^ lineEnds
            let ones: UInt64 = 0x0101_0101_0101_0101
            let found = ((comma &- ones) & ~comma | (feed &- ones) & ~feed) & 0x8080_8080_8080_8080
            if found != 0 { return position + (found.trailingZeroBitCount >> 3) }
            position += 8
        }
        let lineEnd = UInt8(truncatingIfNeeded: lineEnds)
        while position < end, position.pointee != 0x2C, position.pointee != lineEnd { position += 1 }
        return position
    }
}
