// ExactSum.swift — a sum of doubles and integers that keeps every bit, whatever the order of the values.
//
// The sum is one wide two's-complement number in units of 2^-1074, the smallest double. It is spread over limbs of 32
// bits each. A limb is an Int64, so that many additions fit before carries must be passed on.
//
// Invariants:
// - The limbs mean exactly Σ limbs[i] · 2^(32·i − 1074); the order of additions has no effect on the sum.
// - |limbs[i]| < (pending + 1) · 2^32 for all but the last limb, and pending ≤ 2^30, so no limb overflows.
// - 2^64 values of the largest magnitude fit in the last limb.
// - Infinities are counted, not added. NaN is left out.

/// An exact, order-independent sum.
package struct ExactSum: Sendable {
    /// The number of limbs: 2098 bits for every finite double, 64 bits for 2^64 of them, and the sign.
    static let limbCount = 68
    /// The bit of the limbs that means 1.
    package static let unitPosition = 1074
    private static let pendingLimit = 1 << 29

    var limbs = [Int64](repeating: 0, count: ExactSum.limbCount)
    private var pending = 0

    /// How often +∞ was added.
    var positiveInfinities: UInt64 = 0
    /// How often −∞ was added.
    var negativeInfinities: UInt64 = 0

    /// Creates an empty sum, which is 0.
    package init() {}

    /// Sets the sum to 0 and keeps the memory.
    package mutating func reset() {
        limbs.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
        pending = 0
        positiveInfinities = 0
        negativeInfinities = 0
    }

    /// Adds one value; a NaN changes nothing.
    package mutating func add(_ value: Double) {
        withUnsafePointer(to: value.bitPattern) { pointer in
            _ = add(doubleBits: UnsafeBufferPointer(start: pointer, count: 1))
        }
    }

    /// Adds one integer.
    mutating func add(_ value: Int64) {
        add(integer: Int128(value))
    }

    /// Adds `value · factor`; NaN changes nothing, and an infinity counts once.
    package mutating func add(_ value: Double, times factor: UInt64) {
        guard value.isFinite else { return add(value) }
        let bits = value.bitPattern
        let exponent = Int(bits >> 52 & 0x7FF)
        let leading: UInt64 = exponent == 0 ? 0 : 1
        let mantissa = Int128(bits & 0xF_FFFF_FFFF_FFFF | leading << 52)
        let product = mantissa * Int128(factor)
        add(integer: value.sign == .minus ? -product : product, position: exponent - Int(leading))
    }

    /// Adds doubles given by their bit patterns.
    ///
    /// - Returns: How many of them were not NaN.
    @discardableResult
    mutating func add(doubleBits: UnsafeBufferPointer<UInt64>) -> Int {
        var rest = doubleBits[...]
        var skipped = 0
        while !rest.isEmpty {
            if pending >= ExactSum.pendingLimit { normalise() }
            let part = rest.prefix(ExactSum.pendingLimit - pending)
            skipped += addPart(UnsafeBufferPointer(rebasing: part))
            pending += part.count
            rest = rest[part.endIndex...]
        }
        return doubleBits.count - skipped
    }

    /// Adds integers given by their bit patterns in two's complement.
    mutating func add(integerBits: UnsafeBufferPointer<UInt64>) {
        var total: Int128 = 0
        for bits in integerBits {
            total &+= Int128(truncatingIfNeeded: Int64(bitPattern: bits))
        }
        add(integer: total)
    }

    /// Adds another sum, with its infinities.
    package mutating func merge(_ other: borrowing ExactSum) {
        if pending + other.pending >= ExactSum.pendingLimit { normalise() }
        limbs.withUnsafeMutableBufferPointer { mine in
            other.limbs.withUnsafeBufferPointer { theirs in
                for index in 0..<ExactSum.limbCount { mine[index] &+= theirs[index] }
            }
        }
        pending += other.pending + 1
        positiveInfinities &+= other.positiveInfinities
        negativeInfinities &+= other.negativeInfinities
    }

    /// Adds `digit · 2^(32·limb − 1074)`, as decoded from bytes.
    mutating func add(digit: Int64, limb: Int) {
        if pending >= ExactSum.pendingLimit { normalise() }
        limbs[limb] &+= digit
        pending += 1
    }

    /// Passes carries on, so that every limb but the last is a digit from 0 to 2^32 − 1.
    mutating func normalise() {
        Self.passCarries(&limbs)
        pending = 1
    }

    /// Makes every limb but the last a digit from 0 to 2^32 − 1; the number that the limbs mean stays the same.
    package static func passCarries(_ limbs: inout [Int64]) {
        var carry: Int64 = 0
        for index in 0..<limbs.count - 1 {
            let total = limbs[index] &+ carry
            limbs[index] = total & 0xFFFF_FFFF
            carry = total >> 32
        }
        limbs[limbs.count - 1] &+= carry
    }

    /// Adds `value · 2^(position − 1074)`, which must be a sum or multiple of doubles and fit in the limbs.
    package mutating func add(integer value: Int128, position: Int = ExactSum.unitPosition) {
        if pending >= ExactSum.pendingLimit { normalise() }
        var limb = position >> 5
        let sign: Int64 = value < 0 ? -1 : 1
        // The shift moves bit 0 to its place inside the limb; 128 + 31 bits are five digits.
        let magnitude = value.magnitude
        let shift = UInt128(position & 31)
        var low = magnitude << shift
        let high = magnitude >> (128 - shift)
        while low != 0 {
            limbs[limb] &+= sign &* Int64(truncatingIfNeeded: low & 0xFFFF_FFFF)
            low >>= 32
            limb += 1
        }
        if high != 0 { limbs[(position >> 5) + 4] &+= sign &* Int64(truncatingIfNeeded: high) }
        pending += 1
    }

    /// Adds a part that the limbs can take without carries, and returns how many values were NaN.
    private mutating func addPart(_ part: UnsafeBufferPointer<UInt64>) -> Int {
        var nans = 0
        var infinities: (positive: UInt64, negative: UInt64) = (0, 0)
        limbs.withUnsafeMutableBufferPointer { buffer in
            guard let limbs = buffer.baseAddress else { return }
            for bits in part {
                let exponent = Int(truncatingIfNeeded: (bits >> 52) & 0x7FF)
                if exponent == 0x7FF {
                    if bits & 0xF_FFFF_FFFF_FFFF != 0 {
                        nans &+= 1
                    } else if bits >> 63 == 0 {
                        infinities.positive &+= 1
                    } else {
                        infinities.negative &+= 1
                    }
                    continue
                }
                // A subnormal has the position of exponent 1 and no leading one.
                let leading = exponent == 0 ? 0 : 1
                let position = exponent &- leading
                let mantissa = (bits & 0xF_FFFF_FFFF_FFFF) | (UInt64(truncatingIfNeeded: leading) &<< 52)
                let shift = UInt64(truncatingIfNeeded: position & 31)
                let low = mantissa &<< shift
                let high = (mantissa &>> 1) &>> (63 &- shift)
                let sign = Int64(bitPattern: bits) &>> 63
                let limb = limbs + (position &>> 5)
                limb[0] &+= (Int64(truncatingIfNeeded: low & 0xFFFF_FFFF) ^ sign) &- sign
                limb[1] &+= (Int64(truncatingIfNeeded: low &>> 32) ^ sign) &- sign
                limb[2] &+= (Int64(truncatingIfNeeded: high) ^ sign) &- sign
            }
        }
        positiveInfinities &+= infinities.positive
        negativeInfinities &+= infinities.negative
        return nans
    }
}
