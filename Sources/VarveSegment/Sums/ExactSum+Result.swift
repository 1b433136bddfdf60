// ExactSum+Result.swift — rounds an exact sum, or its mean, once to the nearest double.
//
// Invariants:
// - Rounding is to nearest, ties to even, and considers all bits of the sum, or of the quotient and its remainder.
// - An exact zero gives +0.
// - No heap memory is allocated, and only digits in use are visited: a query rounds once for each bucket.

extension ExactSum {
    /// The double nearest to the sum; ±∞ beyond the largest double, NaN if both infinities were added.
    package var sum: Double { rounded(dividedBy: 1) }

    /// The double nearest to the sum divided by `count`; NaN for a count of 0.
    package func mean(count: UInt64) -> Double {
        count == 0 ? .nan : rounded(dividedBy: count)
    }

    /// The sum as an integer; nil if it is not an integer, does not fit, or has infinities.
    package var integer: Int128? {
        guard positiveInfinities == 0, negativeInfinities == 0 else { return nil }
        return withDigits { digits, used, isNegative in
            // Takes 160 bits from the limb of the unit on, and shifts away the bits below the unit.
            let unit = ExactSum.unitPosition / 32
            let shift = UInt64(ExactSum.unitPosition % 32)
            for index in used where digits[index] != 0 && (index < unit || index > unit + 4) { return nil }
            func digit(_ index: Int) -> UInt64 { used.contains(unit + index) ? digits[unit + index] : 0 }
            guard digit(0) & ((1 << shift) - 1) == 0, digit(4) >> shift == 0 else { return nil }
            let high = UInt128(digit(3) << 32 | digit(2)) << 64
            let low = high | UInt128(digit(1) << 32 | digit(0))
            let size = low >> UInt128(shift) | UInt128(digit(4)) << UInt128(128 - shift)
            return Int128(exactly: size).map { isNegative ? -$0 : $0 }
        }
    }

    /// The 32-bit digits of the absolute value, without infinities, in units of 2^-1074, lowest first.
    package var magnitudeDigits: [UInt32] {
        withDigits { digits, used, _ in
            [UInt32](repeating: 0, count: used.lowerBound)
                + used.map { UInt32(truncatingIfNeeded: digits[$0]) }
        }
    }

    /// Calls `body` with the 32-bit digits of the absolute value, the range of digits that are set, and whether the sum
    /// is negative.
    private func withDigits<Result>(
        _ body: (UnsafeMutableBufferPointer<UInt64>, Range<Int>, Bool) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: ExactSum.limbCount) { digits in
            limbs.withUnsafeBufferPointer { limbs in
                var first = 0
                while first < limbs.count, limbs[first] == 0 { first &+= 1 }
                var end = limbs.count
                while end > first, limbs[end &- 1] == 0 { end &-= 1 }
                // The carry out of a limb has at most 32 bits: one more digit takes it, and the last carry is the sign.
                if first < end { end = min(end + 1, limbs.count) }
                var carry: Int64 = 0
                for index in first..<end {
                    let total = limbs[index] &+ carry
                    digits[index] = UInt64(truncatingIfNeeded: total & 0xFFFF_FFFF)
                    carry = total &>> 32
                }
                if carry < 0 {
                    var one: UInt64 = 1
                    for index in first..<end {
                        let total = (digits[index] ^ 0xFFFF_FFFF) &+ one
                        digits[index] = total & 0xFFFF_FFFF
                        one = total &>> 32
                    }
                }
                return body(digits, first..<end, carry < 0)
            }
        }
    }

    private func rounded(dividedBy divisor: UInt64) -> Double {
        if positiveInfinities > 0 { return negativeInfinities > 0 ? .nan : .infinity }
        if negativeInfinities > 0 { return -.infinity }
        return withDigits { digits, used, isNegative in
            guard let last = used.last(where: { digits[$0] != 0 }) else { return 0 }
            // Word w has the digits 2w − 2 and 2w − 1, so word 0 is 64 bits below the smallest double.
            func word(_ index: Int) -> UInt64 {
                func digit(_ place: Int) -> UInt64 { used.contains(place) ? digits[place] : 0 }
                return digit(2 * index - 1) << 32 | digit(2 * index - 2)
            }
            // Three words of the quotient have more bits than a double; the rest only decides ties.
            let base = max(last / 2 + 1 - 2, 0)
            var quotient = Quotient(base: base)
            var remainder: UInt64 = 0
            (quotient.high, remainder) = divisor.dividingFullWidth((0, word(base + 2)))
            (quotient.middle, remainder) = divisor.dividingFullWidth((remainder, word(base + 1)))
            (quotient.low, remainder) = divisor.dividingFullWidth((remainder, word(base)))
            let below = used.prefix { $0 < 2 * base - 2 }.contains { digits[$0] != 0 }
            let bits = quotient.nearest(isSticky: remainder != 0 || below)
            return Double(bitPattern: isNegative ? bits | (1 << 63) : bits)
        }
    }
}

/// The three leading words of a number in units of 2^-1138; the lowest is word `base`.
private struct Quotient {
    var high: UInt64 = 0
    var middle: UInt64 = 0
    var low: UInt64 = 0
    let base: Int

    init(base: Int) {
        self.base = base
    }

    private func word(_ index: Int) -> UInt64 {
        switch index {
        case 0: low
        case 1: middle
        case 2: high
        default: 0
        }
    }

    /// The bit pattern of the nearest double.
    ///
    /// - Parameter isSticky: Whether the number is a little greater than the words say.
    func nearest(isSticky: Bool) -> UInt64 {
        let top = high != 0 ? 2 : middle != 0 ? 1 : 0
        let highest = top * 64 + 63 - word(top).leadingZeroBitCount
        // Every double is a multiple of 2^-1074, which is bit 64 from word 0 on; a large one is a multiple of a higher
        // bit.
        let lowest = max(64 - base * 64, highest - 52)
        let shift = UInt64(lowest % 64)
        var significand = word(lowest / 64) >> shift
        if shift > 0 { significand |= word(lowest / 64 + 1) << (64 - shift) }
        let half = lowest - 1
        let halfBit: UInt64 = 1 << UInt64(half % 64)
        if word(half / 64) & halfBit != 0 {
            let lower = (0..<half / 64).contains { word($0) != 0 }
            let isMore = isSticky || lower || word(half / 64) & (halfBit - 1) != 0
            if isMore || significand & 1 == 1 { significand += 1 }
        }
        // The leading one adds 1 to the exponent field, as does a significand rounded up to 2^53.
        let bits = UInt64(lowest + base * 64 - 64) << 52 &+ significand
        return min(bits, Double.infinity.bitPattern)
    }
}
