// Bytes+Delimiters.swift — finds what ends a line or a field.

import Glibc
import VarveModel

extension Bytes {
    /// The first line feed, or nil if there is none.
    @inline(__always)
    static func firstNewline(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        guard end > start, let found = memchr(start, 0x0A, end - start) else { return nil }
        return UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
    }

    /// The first comma or line feed, or `end` if there is none.
    @inline(__always)
    static func firstDelimiter(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        var position = start
        // Eight bytes at a time: of the bytes that the subtraction marks, the lowest is a true zero.
        while end - position >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
            let comma = word ^ 0x2C2C_2C2C_2C2C_2C2C
            let feed = word ^ 0x0A0A_0A0A_0A0A_0A0A
            let ones: UInt64 = 0x0101_0101_0101_0101
            let found = ((comma &- ones) & ~comma | (feed &- ones) & ~feed) & 0x8080_8080_8080_8080
            if found != 0 { return position + (found.trailingZeroBitCount >> 3) }
            position += 8
        }
        while position < end, position.pointee != 0x2C, position.pointee != 0x0A { position += 1 }
        return position
    }
}
