// WideInteger.swift — the arithmetic on wide integers that a standard deviation needs.
//
// Invariants:
// - The number is never negative. Its digits have 32 bits, the lowest first.
// - Zero digits at the low end are counted but not stored, so work grows with the digits in use.

/// An integer of any size that is not negative.
struct WideInteger {
    private var digits: [UInt32]
    /// The number of zero digits below `digits`.
    private var offset: Int

    init(_ all: [UInt32]) {
        guard let first = all.firstIndex(where: { $0 != 0 }), let last = all.lastIndex(where: { $0 != 0 })
        else {
            (digits, offset) = ([], 0)
            return
        }
        (digits, offset) = (Array(all[first...last]), first)
    }

    private init(trimming digits: [UInt32], offset: Int) {
        self.init(digits)
        self.offset += self.digits.isEmpty ? 0 : offset
    }

    func times(_ factor: UInt64) -> WideInteger {
        var result: [UInt32] = []
        result.reserveCapacity(digits.count + 2)
        var carry: UInt128 = 0
        for digit in digits {
            carry += UInt128(factor) * UInt128(digit)
            result.append(UInt32(truncatingIfNeeded: carry))
            carry >>= 32
        }
        while carry != 0 {
            result.append(UInt32(truncatingIfNeeded: carry))
            carry >>= 32
        }
        return WideInteger(trimming: result, offset: offset)
    }

    func squared() -> WideInteger {
        var result = [UInt32](repeating: 0, count: digits.count * 2)
        for low in digits.indices {
            var carry: UInt64 = 0
            for high in digits.indices {
                let product = UInt64(digits[low]) * UInt64(digits[high])
                let total = product + UInt64(result[low + high]) + carry
                result[low + high] = UInt32(truncatingIfNeeded: total)
                carry = total >> 32
            }
            result[low + digits.count] = UInt32(truncatingIfNeeded: carry)
        }
        return WideInteger(trimming: result, offset: 2 * offset)
    }

    /// The difference; `other` must not be larger.
    func minus(_ other: WideInteger) -> WideInteger {
        let start = min(offset, other.digits.isEmpty ? offset : other.offset)
        let end = max(offset + digits.count, other.offset + other.digits.count)
        guard start < end else { return self }
        var result: [UInt32] = []
        var borrow: Int64 = 0
        for place in start..<end {
            let total = Int64(digit(place)) - Int64(other.digit(place)) + borrow
            result.append(UInt32(truncatingIfNeeded: total))
            borrow = total >> 32
        }
        return WideInteger(trimming: result, offset: start)
    }

    /// The double nearest to the square root of `self · 2^unit / (first · second)`.
    ///
    /// - Precondition: The divisors are not 0, and `unit` is even.
    func root(dividedBy first: UInt64, _ second: UInt64, unit: Int) -> Double {
        guard !digits.isEmpty else { return 0 }
        // Dividing 256 leading bits twice leaves at least 127 bits of the quotient.
        var (words, exponent, isSticky) = leadingWords()
        exponent += unit
        for divisor in [first, second] {
            var rest: UInt64 = 0
            for index in words.indices.reversed() {
                (words[index], rest) = divisor.dividingFullWidth((rest, words[index]))
            }
            isSticky = isSticky || rest != 0
        }
        let top = (words.lastIndex { $0 != 0 } ?? 0) * 64
        let highest = top + 63 - words[top / 64].leadingZeroBitCount
        // 125 or 126 bits with an even exponent: the root has 63.
        var cut = highest - 125
        if (exponent + cut) % 2 != 0 { cut += 1 }
        let (number, lost) = Self.shifted(words, by: cut)
        let root = Self.integerRoot(number)
        let isExact = UInt128(root) * UInt128(root) == number && !lost && !isSticky
        return Self.double(root, exponent: (exponent + cut) / 2, isSticky: !isExact)
    }

    private func digit(_ place: Int) -> UInt32 {
        let index = place - offset
        return digits.indices.contains(index) ? digits[index] : 0
    }

    /// The leading 256 bits, lowest word first, the exponent of their lowest bit, and whether a lower bit was set.
    private func leadingWords() -> (words: [UInt64], exponent: Int, isSticky: Bool) {
        let end = offset + digits.count
        let shift = UInt64(digit(end - 1).leadingZeroBitCount)
        // Nine digits shifted left so that the highest bit is set; eight are used.
        let lowest = end - 9
        var words: [UInt64] = []
        for index in 0..<4 {
            let place = lowest + 1 + 2 * index
            let pair = UInt64(digit(place + 1)) << 32 | UInt64(digit(place))
            let below = (UInt64(digit(place - 1)) << shift) >> 32
            words.append(pair << shift | below)
        }
        let isSticky =
            UInt32(truncatingIfNeeded: UInt64(digit(lowest)) << shift) != 0 || lowest > offset
        return (words, (lowest + 1) * 32 - Int(shift), isSticky)
    }

    /// Four words without their lowest `count` bits, which must fit in 128 bits, and whether a lost bit was set.
    private static func shifted(_ words: [UInt64], by count: Int) -> (UInt128, lost: Bool) {
        func pair(_ index: Int) -> UInt128 {
            UInt128(words[2 * index + 1]) << 64 | UInt128(words[2 * index])
        }
        guard count > 0 else { return (pair(0) << UInt128(-count), false) }
        guard count < 128 else {
            let shift = UInt128(count - 128)
            return (pair(1) >> shift, pair(0) != 0 || pair(1) & ((1 << shift) - 1) != 0)
        }
        let shift = UInt128(count)
        return (pair(0) >> shift | pair(1) << (128 - shift), pair(0) & ((1 << shift) - 1) != 0)
    }

    /// The integer square root of a number of 125 or 126 bits.
    private static func integerRoot(_ number: UInt128) -> UInt64 {
        let guess = UInt64(Double(number).squareRoot())
        let (quotient, _) = guess.dividingFullWidth(
            (UInt64(number >> 64), UInt64(truncatingIfNeeded: number)))
        // The guess has 52 correct bits; after one Newton step at most the last bit is wrong.
        var root = (guess >> 1) + (quotient >> 1) + (guess & quotient & 1)
        while UInt128(root) * UInt128(root) > number { root -= 1 }
        while UInt128(root + 1) * UInt128(root + 1) <= number { root += 1 }
        return root
    }

    private static func double(_ root: UInt64, exponent: Int, isSticky: Bool) -> Double {
        if let result = NearestDouble.nearest(UInt128(root), exponent: exponent, isSticky: isSticky) {
            return result
        }
        // The root of 2^-2148 · n / n² can be below the normal doubles, so it is cut to their unit first.
        let cut = -1074 - exponent
        guard cut > 0, cut < 64 else { return cut <= 0 ? .infinity : 0 }
        var units = root >> UInt64(cut)
        let half: UInt64 = 1 << UInt64(cut - 1)
        if root & half != 0, isSticky || root & (half - 1) != 0 || units & 1 == 1 { units += 1 }
        return Double(bitPattern: units)
    }
}
