// UnaryStream.swift — small numbers in unary, packed without gaps: as many 0 bits as the number says, then a
// 1 bit.
//
// Eight bits are read at a time: a table says which numbers end among them. So the time does not depend on
// the numbers, and no branch does.
//
// Invariants:
// - Reading accepts every number below 128 and refuses every number above 134, where the carry leaves a byte.
//   It refuses any stream that does not hold exactly the wanted count of numbers.
// - Reading writes at most 8 bytes beyond the last number.

enum UnaryStream {
    /// The number of bytes that reading may write beyond the last number.
    static let slack = 8

    /// The numbers in eight bits.
    private struct Entry {
        /// The numbers that end in these bits, a byte each, the first one lowest.
        var numbers: UInt64 = 0
        /// How many numbers end in these bits.
        var count: UInt16 = 0
        /// The number of bits after the last end.
        var rest: UInt16 = 0
        /// All ones where no number ends in these bits, so that the count from the bits before goes on.
        var keeps: UInt32 = 0
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
        if entry.count == 0 { entry.keeps = .max }
        return entry
    }

    /// Reads exactly `count` numbers.
    ///
    /// False if the bits hold more or fewer, or one that is too large.
    ///
    /// - Parameter target: Room for `count + slack` bytes.
    static func read(
        _ source: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutableRawPointer
    ) -> Bool {
        guard var byte = source.baseAddress else { return count == 0 }
        let last = byte + source.count
        let end = target + count
        return table.withUnsafeBufferPointer { table in
            guard let entries = table.baseAddress else { return false }
            var place = target
            var carry: UInt32 = 0
            var longest: UInt32 = 0
            while byte < last && place <= end {
                let entry = entries + Int(byte.load(as: UInt8.self))
                let numbers = entry.pointee.numbers &+ UInt64(carry)
                place.storeBytes(of: numbers.littleEndian, as: UInt64.self)
                place += Int(entry.pointee.count)
                carry = (carry & entry.pointee.keeps) &+ UInt32(entry.pointee.rest)
                longest |= carry
                byte += 1
            }
            return place == end && byte == last && longest < 128
        }
    }
}
