// SquareSum.swift — the exact sum of the squares of values, and the standard deviation from it.
//
// With S1 = Σx and S2 = Σx² the variance of a sample is (n·S2 − S1²) / (n·(n − 1)). Both sums are exact, and so is the
// numerator, a wide integer. The square root of the quotient is rounded once. So no digits cancel, even for a large
// mean, and the order of the values has no effect.
//
// Invariants:
// - The limbs mean exactly Σ limbs[i] · 2^(32·i − 2148). Carries are passed on before a limb overflows.
// - Memory: 138 limbs for all values.

internal import VarveModel
import VarveSegment

/// An exact sum of squares.
struct SquareSum: Sendable {
    /// The number of limbs: 4244 bits for the squares of all doubles, and 64 bits for 2^64 of them.
    private static let limbCount = 138
    private static let pendingLimit = 1 << 28
    /// The bit of the limbs that means 1.
    private static let unitPosition = 2 * ExactSum.unitPosition

    private var limbs = [Int64](repeating: 0, count: SquareSum.limbCount)
    private var pending = 0
    private var hasInfinity = false

    mutating func reset() {
        limbs.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
        pending = 0
        hasInfinity = false
    }

    /// Adds the squares of values that count.
    mutating func add(_ values: UnsafeBufferPointer<UInt64>, _ type: ValueType) {
        if pending + values.count >= Self.pendingLimit { normalise() }
        pending += values.count
        var infinities = false
        limbs.withUnsafeMutableBufferPointer { limbs in
            for bits in values {
                if type == .double {
                    let exponent = Int(truncatingIfNeeded: (bits &>> 52) & 0x7FF)
                    infinities = infinities || exponent == 0x7FF
                    let leading = exponent == 0 ? 0 : 1
                    let mantissa = (bits & 0xF_FFFF_FFFF_FFFF) | UInt64(truncatingIfNeeded: leading) &<< 52
                    Self.add(mantissa, at: 2 &* (exponent &- leading), to: limbs)
                } else {
                    Self.add(Int64(bitPattern: bits).magnitude, at: Self.unitPosition, to: limbs)
                }
            }
        }
        hasInfinity = hasInfinity || infinities
    }

    /// The standard deviation of a sample; NaN if an infinity was added.
    ///
    /// - Parameters:
    ///   - sum: The sum of the same values.
    ///   - count: The number of values, at least 2.
    func deviation(of sum: ExactSum, count: UInt64) -> Double {
        if hasInfinity { return .nan }
        // n·S2 − S1² in units of 2^-2148.
        let first = WideInteger(sum.magnitudeDigits)
        let numerator = WideInteger(digits).times(count).minus(first.squared())
        return numerator.root(dividedBy: count, count - 1, unit: -Self.unitPosition)
    }

    /// The sum in digits of 32 bits.
    private var digits: [UInt32] {
        var carry: Int64 = 0
        return limbs.map { limb in
            let total = limb &+ carry
            carry = total >> 32
            return UInt32(truncatingIfNeeded: total)
        }
    }

    private static func add(
        _ value: UInt64, at position: Int, to limbs: UnsafeMutableBufferPointer<Int64>
    ) {
        let (high, low) = value.multipliedFullWidth(by: value)
        let square = UInt128(high) << 64 | UInt128(low)
        let shift = UInt128(truncatingIfNeeded: position & 31)
        var rest = square &<< shift
        let above = shift == 0 ? 0 : square &>> (128 &- shift)
        var limb = position >> 5
        while rest != 0 {
            limbs[limb] &+= Int64(truncatingIfNeeded: rest & 0xFFFF_FFFF)
            rest &>>= 32
            limb &+= 1
        }
        if above != 0 { limbs[(position >> 5) &+ 4] &+= Int64(truncatingIfNeeded: above) }
    }

    private mutating func normalise() {
        ExactSum.passCarries(&limbs)
        pending = 1
    }
}
