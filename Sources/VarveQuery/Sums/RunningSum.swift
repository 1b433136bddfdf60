// RunningSum.swift — an exact sum that is cheap while the values have similar magnitudes.
//
// The values of a bucket mostly lie within 50 binary places of each other. Then their sum is one 128-bit integer times
// a power of two. A value that does not fit goes to an ExactSum, which takes every value.
//
// Invariants:
// - The sum is exactly digits · 2^(position − 1074) plus `wide`, in any order of the values.
// - |digits| < 2^121, so adding a value that fits never overflows.
// - The results are the same to the last bit as those of an ExactSum of the same values.

import VarveSegment

/// An exact, order-independent sum of the values of a bucket.
struct RunningSum: Sendable {
    private var digits: Int128 = 0
    private var position = 0
    private var wide: ExactSum?
    private var isWide = false

    /// Sets the sum to 0 and keeps the memory.
    mutating func reset() {
        digits = 0
        if isWide { wide?.reset() }
        isWide = false
    }

    /// Adds one double that is not NaN.
    mutating func add(_ value: Double) {
        let bits = value.bitPattern
        let exponent = Int(truncatingIfNeeded: (bits &>> 52) & 0x7FF)
        guard exponent < 0x7FF else { return widen { $0.add(value) } }
        let leading: UInt64 = exponent == 0 ? 0 : 1
        let mantissa = Int64((bits & 0xF_FFFF_FFFF_FFFF) | leading &<< 52)
        let sign = Int64(bitPattern: bits) &>> 63
        add(Int128((mantissa ^ sign) &- sign), at: exponent &- Int(leading))
    }

    /// Adds `value · 2^(place − 1074)`.
    mutating func add(_ value: Int128, at place: Int) {
        guard value != 0 else { return }
        guard digits != 0 else {
            (digits, position) = (value, place)
            return spillIfLarge()
        }
        let distance = place &- position
        if distance >= 0 {
            guard Self.isSmall(value, afterShift: distance) else { return spill(value, place) }
            digits &+= value &<< Int128(truncatingIfNeeded: distance)
        } else {
            guard Self.isSmall(digits, afterShift: 0 &- distance), Self.isSmall(value, afterShift: 0) else {
                return spill(value, place)
            }
            digits = (digits &<< Int128(truncatingIfNeeded: 0 &- distance)) &+ value
            position = place
        }
        spillIfLarge()
    }

    /// Adds integers given by their bit patterns in two's complement.
    mutating func add(integerBits: UnsafeBufferPointer<UInt64>) {
        var total: Int128 = 0
        for bits in integerBits {
            total &+= Int128(truncatingIfNeeded: Int64(bitPattern: bits))
        }
        add(total, at: ExactSum.unitPosition)
    }

    /// Adds doubles that are not NaN, one by one.
    mutating func add(doubleBits: UnsafeBufferPointer<UInt64>) {
        for bits in doubleBits { add(Double(bitPattern: bits)) }
    }

    /// Adds the numbers of a block by its statistics.
    ///
    /// - Throws: `ExactSum.ReadFailure` if the sum of the statistics is malformed.
    mutating func add(_ statistics: BlockStatistics) throws(ExactSum.ReadFailure) {
        let total = statistics.total
        if total.wide.isEmpty, statistics.positiveInfinities | statistics.negativeInfinities == 0 {
            add(Double(bitPattern: total.high))
            return add(Int128(total.low), at: total.exponent)
        }
        var other = ExactSum()
        try statistics.add(to: &other)
        widen { $0.merge(other) }
    }

    /// The double nearest to the sum; ±∞ beyond the largest double, NaN if both infinities were added.
    var sum: Double { mean(count: 1) }

    /// The double nearest to the sum divided by `count`, which is not 0.
    func mean(count: UInt64) -> Double {
        if !isWide {
            let exponent = position - ExactSum.unitPosition
            if let size = NearestDouble.of(digits.magnitude, exponent: exponent, dividedBy: count) {
                return digits < 0 ? -size : size
            }
        }
        return all.mean(count: count)
    }

    /// The sum as an integer; nil if it is not an integer, does not fit, or has infinities.
    var integer: Int128? {
        guard isWide || position != ExactSum.unitPosition && digits != 0 else { return digits }
        return all.integer
    }

    /// The whole sum as an ExactSum.
    var all: ExactSum {
        var all = isWide ? wide ?? ExactSum() : ExactSum()
        if digits != 0 { all.add(integer: digits, position: position) }
        return all
    }

    /// Whether a number shifted left by so many bits stays below 2^120.
    private static func isSmall(_ value: Int128, afterShift shift: Int) -> Bool {
        (value ^ (value &>> 127)).leadingZeroBitCount &- shift >= 8
    }

    private mutating func spillIfLarge() {
        guard !Self.isSmall(digits, afterShift: 0) else { return }
        let (value, place) = (digits, position)
        digits = 0
        widen { $0.add(integer: value, position: place) }
    }

    private mutating func spill(_ value: Int128, _ place: Int) {
        widen { $0.add(integer: value, position: place) }
    }

    private mutating func widen(_ change: (inout ExactSum) -> Void) {
        var sum = wide ?? ExactSum()
        wide = nil
        change(&sum)
        wide = sum
        isWide = true
    }
}
