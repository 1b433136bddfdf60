// Bytes.swift — searching, comparing and hashing short runs of bytes.

import Glibc

/// Loops over runs of bytes.
enum Bytes {
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

    /// Whether two runs of the same length are equal; made for names, which are short.
    @inline(__always)
    static func equal(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let (a, b) = (UnsafeRawPointer(left), UnsafeRawPointer(right))
        var index = 0
        while index &+ 8 <= count {
            let x = a.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if x != b.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
            index &+= 8
        }
        while index < count {
            if left[index] != right[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Mixes a run into a hash.
    static func hash(_ base: UnsafePointer<UInt8>, _ count: Int, _ start: UInt64) -> UInt64 {
        let raw = UnsafeRawPointer(base)
        var hash = start
        var index = 0
        while index + 8 <= count {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest = UInt64(truncatingIfNeeded: count) << 56
        while index < count {
            rest = rest << 8 ^ UInt64(base[index])
            index += 1
        }
        return mix(hash ^ rest)
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        // The finisher of MurmurHash3: every input bit reaches every output bit.
        var mixed = value
        mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed >> 33
    }
}
