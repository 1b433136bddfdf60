// FixedPoint.swift — doubles of full precision as integers of one unit, plus the bits below that unit.
//
// Bit patterns stretch everything near zero: a curve that is smooth in its values is not smooth in its
// patterns. The integer part m of |x|, in units of the last place of the largest exponent, is smooth where x
// is. Smaller values have bits below the unit, as many as their exponent is smaller. These are stored raw,
// one after another.
//
// Invariants:
// - A value can be restored bit for bit, or it is an exception.

struct FixedPoint: Equatable {
    /// The number of significant bits of the largest values, 1 to 53: 53 for doubles, 24 for former 32-bit
    /// floats.
    let precision: Int
    /// The biased exponent of the largest values.
    let top: Int

    private static let fraction: UInt64 = 1 << 52 - 1
    private static let signBit: UInt64 = 1 << 63

    init(precision: Int, top: Int) {
        self.precision = precision
        self.top = top
    }

    /// Finds the precision and exponent of a column, leaving out the few values that are larger than nearly
    /// all others.
    init?(_ values: UnsafeBufferPointer<Int64>) {
        var counts = [Int](repeating: 0, count: 2048)
        var union: UInt64 = 0
        for value in values {
            let pattern = UInt64(bitPattern: value)
            let exponent = Int(pattern >> 52) & 2047
            counts[exponent] += 1
            if exponent < 2047 { union |= pattern & Self.fraction }
        }
        counts[2047] = 0
        var above = 0
        var top = 2046
        while top > 0 && above + counts[top] <= values.count / 128 {
            above += counts[top]
            top -= 1
        }
        if top < 64 { return nil }
        self.top = top
        precision = 53 - min(52, union == 0 ? 52 : union.trailingZeroBitCount)
    }

    /// Splits a column into integers, the bits below their unit, and exceptions.
    func split(
        _ values: UnsafeBufferPointer<Int64>
    ) -> (
        integers: [Int64], exceptions: Exceptions, bits: [UInt8]
    ) {
        var integers: [Int64] = []
        integers.reserveCapacity(values.count)
        var exceptions = Exceptions()
        var bytes = [UInt8](repeating: 0, count: values.count * 7 + 16)
        var position = 0
        var last: Int64 = 0
        var lastBelow = 0
        bytes.withUnsafeMutableBytes { room in
            for (index, value) in values.enumerated() {
                let pattern = UInt64(bitPattern: value)
                let exponent = Int(pattern >> 52) & 2047
                let below = top - exponent
                if pattern == 0 {
                    (last, lastBelow) = (0, 0)
                } else if below < 0 || below >= precision || exponent == 0 {
                    // The integer and the low bits of the value before are repeated here; a reader ignores
                    // them.
                    exceptions.append(position: index, pattern: value)
                    position += lastBelow
                } else {
                    let size = (pattern & Self.fraction | 1 << 52) >> UInt64(53 - precision)
                    let whole = Int64(size >> UInt64(below))
                    last = pattern & Self.signBit == 0 ? whole : -whole
                    let rest = size & BitPacking.mask(below)
                    let place = position >> 3
                    let old = room.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                    room.storeBytes(
                        of: old | (rest << UInt64(position & 7)).littleEndian, toByteOffset: place,
                        as: UInt64.self)
                    position += below
                    lastBelow = below
                }
                integers.append(last)
            }
        }
        bytes.removeLast(bytes.count - (position + 7) / 8)
        return (integers, exceptions, bytes)
    }

    /// Replaces integers by the bit patterns of their values.
    ///
    /// False if they do not fit or there are too few or too many bits.
    ///
    /// Converted to a double, an integer already has the bits of its value in their places. Only the exponent
    /// and the bits below the unit are missing.
    func apply(to target: UnsafeMutablePointer<Int64>, count: Int, bits: UnsafeRawBufferPointer) -> Bool {
        let limit = bits.count &* 8
        let largest = 1022 &+ precision
        let scale = UInt64(bitPattern: Int64(top &- largest)) &<< 52
        let raise = UInt64(53 &- precision)
        var position = 0
        for index in 0..<count {
            let value = target[index]
            if value == 0 { continue }
            let number = Double(value).bitPattern
            let below = largest &- Int(truncatingIfNeeded: (number &<< 1) &>> 53)
            if below < 0 || below >= top || position &+ below > limit { return false }
            let rest = Self.read(bits, at: position) & ~(UInt64.max &<< UInt64(below))
            position &+= below
            target[index] = Int64(bitPattern: number &+ scale | rest &<< raise)
        }
        return (position + 7) / 8 == bits.count
    }

    /// The bits from a position on: at least 56 of them, as far as the data goes.
    @inline(__always)
    private static func read(_ bits: UnsafeRawBufferPointer, at position: Int) -> UInt64 {
        let place = position &>> 3
        let shift = UInt64(truncatingIfNeeded: position & 7)
        if place &+ 8 <= bits.count {
            return UInt64(littleEndian: bits.loadUnaligned(fromByteOffset: place, as: UInt64.self)) &>> shift
        }
        var word: UInt64 = 0
        for offset in 0..<max(0, bits.count - place) {
            word |= UInt64(bits[place &+ offset]) &<< UInt64(8 &* offset)
        }
        return word &>> shift
    }
}
