// NumberText+Whole.swift — whole numbers as people count with them: a sign and digits, and nothing else.
//
// `NumberText.int64` also reads `5.0` and `1e3`, which are values, but no epochs, line numbers or lengths of time.
//
// Invariants:
// - No text traps, whatever its length.

extension NumberText {
    /// What a text is as a whole number.
    package enum Whole {
        /// No whole number.
        case none
        /// This one.
        case value(Int64)
        /// One that Int64 does not hold.
        case tooLarge
    }

    /// Reads an optional sign and digits.
    package static func whole(_ base: UnsafePointer<UInt8>, _ count: Int) -> Whole {
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
