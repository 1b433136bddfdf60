// DoubleTransform.swift — the ways to turn a column of doubles into integers.
//
// Invariants:
// - Each value can be restored bit for bit from its integer, its difference or its exception.

/// A way to turn doubles into integers.
enum DoubleTransform: Equatable {
    case bits
    case decimal(exponent: Int)
    case float
    case predicted(DecimalPrediction)
    case significant(SignificantDigits)
    case fixed(FixedPoint)

    /// The integers of a column, and what they do not express.
    struct Result {
        var integers: [Int64]
        var differences: [Int64] = []
        var exceptions = Exceptions()
        /// Bits below the unit of fixed-point integers.
        var lowBits: [UInt8] = []
    }

    /// Transforms the bit patterns of a column of doubles.
    func apply(_ values: UnsafeBufferPointer<Int64>) -> Result {
        switch self {
        case .bits: Result(integers: Array(values))
        case .decimal(let exponent): Self.decimals(values, exponent: exponent)
        case .float: Self.floats(values)
        case .predicted(let prediction): Self.predict(values, prediction)
        case .significant(let digits): Self.rank(values, digits)
        case .fixed(let point): Self.fix(values, point)
        }
    }

    private static func rank(_ values: UnsafeBufferPointer<Int64>, _ digits: SignificantDigits) -> Result {
        var result = Result(integers: [])
        result.integers.reserveCapacity(values.count)
        var last: Int64 = 0
        for index in 0..<values.count {
            if let rank = digits.rank(of: values[index]) {
                last = rank
            } else {
                result.exceptions.append(position: index, pattern: values[index])
            }
            result.integers.append(last)
        }
        return result
    }

    private static func fix(_ values: UnsafeBufferPointer<Int64>, _ point: FixedPoint) -> Result {
        let split = point.split(values)
        return Result(integers: split.integers, exceptions: split.exceptions, lowBits: split.bits)
    }

    private static func decimals(_ values: UnsafeBufferPointer<Int64>, exponent: Int) -> Result {
        let factor = DecimalPrediction.powers[exponent]
        var exceptions = Exceptions()
        let integers = [Int64](unsafeUninitializedCapacity: values.count) { target, count in
            var last: Int64 = 0
            for index in 0..<values.count {
                let value = Double(bitPattern: UInt64(bitPattern: values[index]))
                if let mantissa = DecimalPrediction.mantissa(of: value * factor),
                    (Double(mantissa) / factor).bitPattern == value.bitPattern
                {
                    last = mantissa
                } else {
                    exceptions.append(position: index, pattern: values[index])
                }
                target[index] = last
            }
            count = values.count
        }
        return Result(integers: integers, exceptions: exceptions)
    }

    private static func floats(_ values: UnsafeBufferPointer<Int64>) -> Result {
        var result = Result(integers: [])
        result.integers.reserveCapacity(values.count)
        var last: Int64 = 0
        for index in 0..<values.count {
            let value = Double(bitPattern: UInt64(bitPattern: values[index]))
            let narrow = Float(value)
            if Double(narrow).bitPattern == value.bitPattern {
                last = Int64(narrow.bitPattern)
            } else {
                result.exceptions.append(position: index, pattern: values[index])
            }
            result.integers.append(last)
        }
        return result
    }

    private static func predict(
        _ values: UnsafeBufferPointer<Int64>, _ prediction: DecimalPrediction
    ) -> Result {
        let factor = DecimalPrediction.powers[prediction.exponent]
        let integers = [Int64](unsafeUninitializedCapacity: values.count) { target, count in
            var last: Int64 = 0
            for index in 0..<values.count {
                let value = Double(bitPattern: UInt64(bitPattern: values[index]))
                last = DecimalPrediction.mantissa(of: value * factor) ?? last
                target[index] = last
            }
            count = values.count
        }
        let differences = [Int64](unsafeUninitializedCapacity: values.count) { target, count in
            count = values.count
            guard let start = target.baseAddress else { return }
            integers.withUnsafeBufferPointer { integers in
                guard let mantissas = integers.baseAddress else { return }
                PredictedColumn(prediction).apply(mantissas, count: count, into: start)
            }
            for index in 0..<count { start[index] = values[index] &- start[index] }
        }
        return Result(integers: integers, differences: differences)
    }
}
