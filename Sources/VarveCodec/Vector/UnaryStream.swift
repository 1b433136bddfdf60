// UnaryStream.swift — small numbers in unary, packed without gaps: as many bits that are not set as the number says,
// then one that is.
//
// Eight bits are read at a time: a table knows which numbers end among them. So the time does not depend on the
// numbers, and nothing branches on them.
//
// Invariants:
// - A number is at most 255 − 8; reading refuses others, and any stream that does not hold exactly the count wanted.
// - Reading writes at most 8 bytes beyond the last number.

enum UnaryStream {
    /// The bytes that reading may write beyond the last number.
    static let slack = 8

    /// What eight bits hold.
    private struct Entry {
        /// The numbers that end in them, a byte each, the first one lowest.
        var numbers: UInt64 = 0
        /// How many end in them.
        var count: UInt8 = 0
        /// The bits after the last end.
        var rest: UInt8 = 0
    }

    private static let table: [Entry] = (0..<256).map { byte in
        var entry = Entry()
        for bit in 0..<8 {
            if byte >> bit & 1 == 0 {
                entry.rest += 1
            } else {
                entry.numbers |= UInt64(entry.rest) << (8 * UInt64(entry.count))
                entry.count += 1
                entry.rest = 0
            }
        }
        return entry
    }

    /// Reads exactly `count` numbers; false where the bits hold more or fewer, or too large ones.
    ///
    /// - Parameter target: Room for `count + slack` bytes.
    static func read(
        _ source: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutableRawPointer
    ) -> Bool {
        table.withUnsafeBufferPointer { table in
            guard let entries = table.baseAddress else { return false }
            var place = 0
            var carry: UInt64 = 0
            var longest: UInt64 = 0
            for byte in source {
                let entry = entries + Int(byte)
                let ends = entry.pointee.count
                (target + place).storeBytes(
                    of: (entry.pointee.numbers &+ carry).littleEndian, as: UInt64.self)
                place &+= Int(ends)
                if place > count { return false }
                carry = UInt64(entry.pointee.rest) &+ (ends == 0 ? carry : 0)
                longest |= carry
            }
            return place == count && longest < 128
        }
    }
}
