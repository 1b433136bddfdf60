// DecimalPrediction.swift — the double that a short decimal number became before it arrived.
//
// Device data is decimal at its source. What arrives is often the decimal read correctly, or the decimal
// stored as a 32-bit float and widened, or that float printed with a fixed number of digits and read again.
// It is read correctly, or by a reader that divides step by step and so rounds more than once. If this origin is
// known, the integer m of m / 10^e is all the information there is. What the origin does not explain is a small
// difference of bit patterns.
//
// Invariants:
// - Every step is one IEEE 754 operation in round-to-nearest-even, so each machine gets the same bits.
// - Any input gives a result; nothing traps.

struct DecimalPrediction: Equatable {
    /// How a decimal became a double.
    ///
    /// The raw values are part of the persistent format: an existing case never changes.
    enum Origin: UInt8, CaseIterable {
        /// The quotient m / 10^e.
        case quotient = 1
        /// The quotient rounded to a 32-bit float.
        case float = 2
        /// The 32-bit float printed with `digits` significant digits and read correctly.
        case printed = 3
        /// The same, read with one division for each set bit of the exponent, from 10^1 to 10^16.
        case printedStepwise = 4

        /// The name shown by `varve inspect` and `varve stats`.
        var name: String {
            switch self {
            case .quotient: "decimal"
            case .float: "float32 decimal"
            case .printed: "printed float32"
            case .printedStepwise: "printed float32, read stepwise"
            }
        }
    }

    static let maximumExponent = 22
    static let digitRange = 6...15

    let origin: Origin
    let exponent: Int
    /// Significant digits if the float was printed; 6 for the other origins.
    var digits = 6

    private static let roundingShift = 6_755_399_441_055_744.0  // 1.5 * 2^52

    /// 10^0...10^22, all exact.
    static let powers: InlineArray<23, Double> = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    /// 10^0...10^19.
    static let integerPowers: InlineArray<20, UInt64> = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
        10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000,
        1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000,
        1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]

    /// The integer nearest to a double, ties to even; nil if the magnitude of `scaled` is above 2^53 or not a
    /// number.
    static func mantissa(of scaled: Double) -> Int64? {
        let size = abs(scaled)
        if size < 2_251_799_813_685_248 {
            let shifted = scaled + roundingShift
            return Int64(bitPattern: shifted.bitPattern &- roundingShift.bitPattern)
        }
        guard size <= 9_007_199_254_740_992 else { return nil }
        return Int64(scaled.rounded(.toNearestOrEven))
    }

    /// The predicted value of one mantissa.
    func value(of mantissa: Int64) -> Double {
        let number = Double(mantissa)
        let quotient = number / Self.powers[exponent]
        switch origin {
        case .quotient:
            return quotient
        case .float:
            return Double(Float(quotient))
        case .printed, .printedStepwise:
            return printed(
                Double(Float(quotient)), number: number, count: Self.digitCount(mantissa.magnitude))
        }
    }

    /// The number of decimals printed for a number whose mantissa has `digitCount` digits.
    func power(digitCount: Int) -> Int {
        min(max(digits - digitCount + exponent, 0), Self.maximumExponent)
    }

    private func printed(_ float: Double, number: Double, count: Int) -> Double {
        let power = power(digitCount: count)
        let scaled = Self.nearest(float * Self.powers[power])
        // Trailing zeros are not printed: a float that prints as the decimal itself is read as that decimal.
        let isShort = power >= exponent && scaled == number * Self.powers[max(power - exponent, 0)]
        return read(isShort ? number : scaled, power: isShort ? exponent : power)
    }

    private static let firstSteps: InlineArray<2, Double> = [1, 1e1]
    private static let secondSteps: InlineArray<2, Double> = [1, 1e2]
    private static let thirdSteps: InlineArray<2, Double> = [1, 1e4]

    /// Divides without branches where possible: a division by 1 changes nothing.
    private func read(_ number: Double, power: Int) -> Double {
        if origin == .printed { return number / Self.powers[power] }
        var result = number / Self.firstSteps[power & 1]
        result /= Self.secondSteps[(power >> 1) & 1]
        result /= Self.thirdSteps[(power >> 2) & 1]
        if power & 8 != 0 { result /= 1e8 }
        if power & 16 != 0 { result /= 1e16 }
        return result
    }

    private static func nearest(_ value: Double) -> Double {
        if abs(value) < 2_251_799_813_685_248 { return (value + roundingShift) - roundingShift }
        return value.rounded(.toNearestOrEven)
    }

    /// The number of decimal digits of a number; 1 for 0.
    static func digitCount(_ number: UInt64) -> Int {
        let guess = (BitPacking.width(of: number | 1) * 1233) >> 12
        return guess + (guess < 20 && number >= integerPowers[guess] ? 1 : 0) + (number == 0 ? 1 : 0)
    }
}
