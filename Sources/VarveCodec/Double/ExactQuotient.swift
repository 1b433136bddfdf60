// ExactQuotient.swift — division by a power of ten, four quotients at once, each correctly rounded.
//
// The divider makes two of them. It is slow, and in the meantime the multipliers make the other two:
// q = x · (1 / d) is at most two units in the last place off. Its remainder x − q · d is exact: q is cut into
// a part of 26 bits and one of 27, and 10^k has at most 26 bits before its zeros, so both products are exact,
// and so are the differences. After q is corrected by the remainder it is off by less than 2^−50 of a unit. A
// quotient by 10^k is never that near to a point M where the rounding changes: it is never on it, nor nearer
// than 2^−27 of a unit, because x − M · d is a whole multiple of the last bit of M times 2^k, and
// 5^11 < 2^26.
//
// Invariants:
// - The result is the bits of `x / divisor`, for every x that is +0 or from 2^−900 to 2^900 in magnitude.

struct ExactQuotient {
    typealias Doubles = SIMD4<Double>

    /// The largest exponent of ten for which the proof above holds.
    static let maximumExponent = 11

    private let divisor: Double
    private let reciprocal: Double

    /// Divides by 10^exponent; nil above `maximumExponent`.
    init?(exponent: Int) {
        guard (0...Self.maximumExponent).contains(exponent) else { return nil }
        divisor = DecimalPrediction.powers[exponent]
        reciprocal = 1 / divisor
    }

    /// The quotients of four numbers.
    @inline(__always)
    func callAsFunction(_ numbers: Doubles) -> Doubles {
        let front = SIMD2<UInt64>(repeating: 0xFFFF_FFFF_F800_0000)
        let divisors = SIMD2<Double>(repeating: divisor)
        let reciprocals = SIMD2<Double>(repeating: reciprocal)
        let (first, second) = (numbers.lowHalf, numbers.highHalf)
        let near = second * reciprocals
        let high = unsafeBitCast(unsafeBitCast(near, to: SIMD2<UInt64>.self) & front, to: SIMD2<Double>.self)
        let remainder = (second - high * divisors) - (near - high) * divisors
        return Doubles(lowHalf: first / divisors, highHalf: near + remainder * reciprocals)
    }
}
