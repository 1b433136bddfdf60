// SignificantDigits.swift — decimals of a fixed number of significant digits, numbered without gaps.
//
// Values printed with five digits read 3445.1 and 351.52. With one exponent for all, the larger values would
// end in zeros, and their differences would cost the bits of those zeros. Here the decimals of at most
// `digits` digits and at most `exponent` decimals are counted up from zero, so neighbours differ by one
// wherever they are:
//     0, 1, … 10^digits − 1        as many units of 10^−exponent
//     then 9 · 10^(digits − 1)     of each power of ten above, in units ten times as large each time
//
// Invariants:
// - Each result is one correctly rounded operation of two exact doubles.

struct SignificantDigits: Equatable {
    static let digitRange = 1...15
    /// The most powers of ten above the first one.
    static let maximumSteps = 22

    let exponent: Int
    let digits: Int

    private var limit: Int64 { Int64(DecimalPrediction.integerPowers[digits]) }
    /// How many of these decimals there are in each power of ten above the first.
    private var span: Int64 { limit / 10 * 9 }

    /// The number of a value; nil if the value is not such a decimal.
    func rank(of pattern: Int64) -> Int64? {
        let value = Double(bitPattern: UInt64(bitPattern: pattern))
        guard let whole = DecimalPrediction.mantissa(of: value * DecimalPrediction.powers[exponent]) else {
            return rank(of: value, steps: max(0, 16 - digits))
        }
        return rank(of: value, steps: max(0, DecimalPrediction.digitCount(whole.magnitude) - digits))
    }

    private func rank(of value: Double, steps guess: Int) -> Int64? {
        for steps in guess...(guess + 1) where steps <= Self.maximumSteps {
            let power = exponent - steps
            let scaled =
                power >= 0
                ? value * DecimalPrediction.powers[power] : value / DecimalPrediction.powers[-power]
            guard let mantissa = DecimalPrediction.mantissa(of: scaled) else { continue }
            let size = Int64(mantissa.magnitude)
            if size >= limit || (steps > 0 && size < limit / 10) { continue }
            let rank = size + Int64(steps) * span
            let signed = mantissa < 0 ? -rank : rank
            return Self.value(size, power: power, isNegative: mantissa < 0) == value.bitPattern ? signed : nil
        }
        return nil
    }

    private static func value(_ size: Int64, power: Int, isNegative: Bool) -> UInt64 {
        let number = Double(isNegative ? -size : size)
        let value =
            power >= 0 ? number / DecimalPrediction.powers[power] : number * DecimalPrediction.powers[-power]
        return value.bitPattern
    }

    /// Replaces numbers by the bit patterns of their values.
    ///
    /// False if a number is beyond the last.
    func apply(to target: UnsafeMutablePointer<Int64>, count: Int) -> Bool {
        let limit = UInt64(limit)
        let span = UInt64(span)
        let lastStep = min(exponent + DecimalPrediction.maximumExponent, Self.maximumSteps)
        let end = limit + span * UInt64(lastStep)
        for index in 0..<count {
            let rank = target[index]
            var size = rank.magnitude
            if size >= end { return false }
            var power = exponent
            while size >= limit {
                size -= span
                power -= 1
            }
            let pattern = Self.value(Int64(size), power: power, isNegative: rank < 0)
            target[index] = Int64(bitPattern: pattern)
        }
        return true
    }
}
