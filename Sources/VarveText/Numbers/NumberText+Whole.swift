// NumberText+Whole.swift — whole numbers as people count with them: only a sign and digits.
//
// `NumberText.int64` also reads `5.0` and `1e3`. These are values, but not epochs, line numbers or lengths of time.
//
// Invariants:
// - No text traps, whatever its length.

extension NumberText {
    /// The result of reading a whole number.
    public enum Whole {
        /// The text is not a whole number.
        case none
        /// The number.
        case value(Int64)
        /// The number is beyond Int64.
        case tooLarge
    }

    /// Reads an optional sign and digits.
    public static func whole(_ base: UnsafePointer<UInt8>, _ count: Int) -> Whole {
        var index = 0
        var isNegative = false
        if count > 0, base[0] == 0x2D || base[0] == 0x2B {
            isNegative = base[0] == 0x2D
            index = 1
        }
        guard index < count else { return .none }
        var value: Int64 = 0
        var isTooLarge = false
        while index < count {
            let digit = base[index] &- 0x30
            guard digit < 10 else { return .none }
            let (product, first) = value.multipliedReportingOverflow(by: 10)
            let step = isNegative ? -Int64(digit) : Int64(digit)
            let (sum, second) = product.addingReportingOverflow(step)
            isTooLarge = isTooLarge || first || second
            value = sum
            index += 1
        }
        return isTooLarge ? .tooLarge : .value(value)
    }
}
