// PredictedColumn.swift — the predicted values of a whole column: the hot loop of reading and writing `predicted`.
//
// What a printed float goes through depends on its number of digits only, so the powers of ten for each number
// of digits are looked up once a column.
//
// Invariants:
// - The bits are those of `DecimalPrediction.value(of:)`, operation by operation.

struct PredictedColumn {
    private static let roundingShift = 6_755_399_441_055_744.0  // 1.5 * 2^52
    /// A power of ten up to 22 is read in at most four steps.
    private typealias Steps = (Double, Double, Double, Double)

    /// What happens to numbers of as many digits as the row's index in the table.
    private struct Row {
        /// The smallest number of one digit more.
        var threshold: UInt64
        /// 10 to the number of printed decimals.
        var scale: Double
        /// What turns the number into the printed integer if zeros were printed; NaN if it cannot be.
        var short: Double
        var steps: Steps
        var stepCount: Int
        /// Whether the printed integer is below 2^51, so that adding a constant rounds it.
        var isSafe: Bool
    }

    private let prediction: DecimalPrediction
    private let divisor: Double

    init(_ prediction: DecimalPrediction) {
        self.prediction = prediction
        divisor = DecimalPrediction.powers[prediction.exponent]
    }

    /// Turns `count` mantissas into the bit patterns of their predicted values; both may be the same memory.
    func apply(
        _ mantissas: UnsafePointer<Int64>, count: Int, into target: UnsafeMutablePointer<Int64>
    ) {
        switch prediction.way {
        case .quotient:
            for index in 0..<count {
                target[index] = Int64(bitPattern: (Double(mantissas[index]) / divisor).bitPattern)
            }
        case .float:
            for index in 0..<count {
                let quotient = Double(mantissas[index]) / divisor
                target[index] = Int64(bitPattern: Double(Float(quotient)).bitPattern)
            }
        case .printed, .printedStepwise:
            withUnsafeTemporaryAllocation(of: Row.self, capacity: DecimalPrediction.integerPowers.count + 1) {
                rows in
                for digits in rows.indices { rows.initializeElement(at: digits, to: row(digits)) }
                guard let table = rows.baseAddress else { return }
                applyPrinted(mantissas, count: count, table: table, into: target)
            }
        }
    }

    private func row(_ count: Int) -> Row {
        let powers = DecimalPrediction.powers
        let power = prediction.power(digitCount: count)
        let exponent = prediction.exponent
        let steps = steps(power)
        return Row(
            threshold: count < DecimalPrediction.integerPowers.count
                ? DecimalPrediction.integerPowers[count] : .max,
            scale: powers[power], short: power >= exponent ? powers[power - exponent] : .nan,
            steps: steps.values, stepCount: steps.count, isSafe: count - exponent + power <= 15)
    }

    /// The divisions that reading a number with so many decimals takes, as many as there are and then ones.
    private func steps(_ power: Int) -> (values: Steps, count: Int) {
        guard prediction.way == .printedStepwise else {
            return ((DecimalPrediction.powers[power], 1, 1, 1), 1)
        }
        var values: Steps = (1, 1, 1, 1)
        var count = 0
        for bit in 0..<5 where power >> bit & 1 != 0 {
            let step = DecimalPrediction.powers[1 << bit]
            switch count {
            case 0: values.0 = step
            case 1: values.1 = step
            case 2: values.2 = step
            default: values.3 = step
            }
            count += 1
        }
        return (values, count)
    }

    private func applyPrinted(
        _ mantissas: UnsafePointer<Int64>, count: Int, table: UnsafePointer<Row>,
        into target: UnsafeMutablePointer<Int64>
    ) {
        let short = steps(prediction.exponent)
        let (divisor, shift) = (divisor, Self.roundingShift)
        for index in 0..<count {
            let mantissa = mantissas[index]
            let row = table + digitCount(mantissa.magnitude, table)
            guard row.pointee.isSafe else {
                target[index] = Int64(bitPattern: prediction.value(of: mantissa).bitPattern)
                continue
            }
            let number = Double(mantissa)
            let float = Double(Float(number / divisor))
            let scaled = (float * row.pointee.scale + shift) - shift
            let isShort = scaled == number * row.pointee.short
            let steps = isShort ? short.values : row.pointee.steps
            let count = isShort ? short.count : row.pointee.stepCount
            var value = (isShort ? number : scaled) / steps.0
            if count > 1 { value /= steps.1 }
            if count > 2 {
                value /= steps.2
                value /= steps.3
            }
            target[index] = Int64(bitPattern: value.bitPattern)
        }
    }

    /// As `DecimalPrediction.digitCount`.
    @inline(__always)
    private func digitCount(_ number: UInt64, _ table: UnsafePointer<Row>) -> Int {
        let guess = (BitPacking.width(of: number | 1) &* 1233) &>> 12
        return guess &+ (number >= table[guess].threshold ? 1 : 0) &+ (number == 0 ? 1 : 0)
    }
}
