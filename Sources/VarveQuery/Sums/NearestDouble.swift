// NearestDouble.swift — rounds a wide integer, or a quotient, once to the nearest double.
//
// Invariants:
// - Rounding is to nearest, ties to even. `isSticky` says that bits were cut off before, which decides ties.
// - The result is nil where it would not be a normal double; the caller has a slower way for these.

enum NearestDouble {
    /// The double nearest to `magnitude · 2^exponent / divisor`, or nil outside the normal doubles.
    static func of(_ magnitude: UInt128, exponent: Int, dividedBy divisor: UInt64 = 1) -> Double? {
        guard magnitude != 0 else { return 0 }
        let shift = magnitude.leadingZeroBitCount
        let number = magnitude &<< UInt128(truncatingIfNeeded: shift)
        guard divisor != 1 else {
            return nearest(number, exponent: exponent - shift, isSticky: false)
        }
        let high = UInt64(truncatingIfNeeded: number &>> 64)
        if divisor < 512 {
            // The upper half alone gives at least 55 bits: one division of 64 bits in place of two of 128.
            let (quotient, rest) = high.quotientAndRemainder(dividingBy: divisor)
            let isSticky = rest != 0 || UInt64(truncatingIfNeeded: number) != 0
            return nearest(UInt128(quotient), exponent: exponent - shift + 64, isSticky: isSticky)
        }
        let (upper, rest) = high.quotientAndRemainder(dividingBy: divisor)
        let (lower, last) = divisor.dividingFullWidth((rest, UInt64(truncatingIfNeeded: number)))
        let quotient = UInt128(upper) << 64 | UInt128(lower)
        return nearest(quotient, exponent: exponent - shift, isSticky: last != 0)
    }

    /// The double nearest to `number · 2^exponent`, or to a little more if `isSticky`; nil outside the normal doubles.
    ///
    /// - Precondition: `number` is not 0, and has at least 54 bits if `isSticky`.
    static func nearest(_ number: UInt128, exponent: Int, isSticky: Bool) -> Double? {
        let top = 127 - number.leadingZeroBitCount
        let highest = top + exponent
        guard highest >= -1022, highest <= 1023 else { return nil }
        var significand: UInt64
        if top <= 52 {
            significand = UInt64(truncatingIfNeeded: number) &<< UInt64(truncatingIfNeeded: 52 - top)
        } else {
            let cut = UInt128(truncatingIfNeeded: top - 52)
            significand = UInt64(truncatingIfNeeded: number &>> cut)
            let half: UInt128 = 1 &<< (cut - 1)
            if number & half != 0, isSticky || number & (half - 1) != 0 || significand & 1 == 1 {
                significand += 1
            }
        }
        // The leading one of the significand adds 1 to the exponent field, as does one rounded up to 2^53.
        return Double(bitPattern: UInt64(highest + 1022) << 52 &+ significand)
    }
}
