// PrintedTable.swift — what happens to a number of so many digits when it is printed and read. There is one
// row for each number of digits, of plain doubles, so that several rows can be looked up at once.
//
// Invariants:
// - No number has 0 digits: row 0 is for numbers that are printed with the decimals of the prediction.

struct PrintedTable {
    typealias Doubles = SIMD4<Double>

    /// The cells of a row.
    enum Column: Int {
        /// The smallest magnitude of a number in this row.
        case low
        /// 10 to the power of the number of printed decimals.
        case scale
        /// The factor from the number to the printed integer if zeros were printed; NaN if it would change
        /// nothing.
        case short
        /// The divisors that read the number: as many as there are, then ones.
        case firstStep, secondStep, thirdStep
        case stepCount
        /// 0 if adding a constant would not round the printed integer, or if more than three divisions are
        /// needed; else 1.
        case isQuick
    }

    /// The number of doubles in a row.
    static let rowSize = 8
    /// The number of doubles in a table: integers below 2^51 have up to 16 digits.
    static let size = 17 * rowSize

    private let cells: UnsafeMutablePointer<Double>

    /// Fills `size` cells, which must outlive the table.
    init(_ prediction: DecimalPrediction, in cells: UnsafeMutablePointer<Double>) {
        self.cells = cells
        for digits in 0..<(Self.size / Self.rowSize) { setRow(digits, prediction) }
    }

    private func setRow(_ digits: Int, _ prediction: DecimalPrediction) {
        let powers = DecimalPrediction.powers
        let exponent = prediction.exponent
        let power = digits == 0 ? exponent : prediction.power(digitCount: digits)
        let row = cells + digits * Self.rowSize
        func set(_ column: Column, _ value: Double) { row[column.rawValue] = value }
        set(.low, digits <= 1 ? 0 : powers[digits - 1])
        set(.scale, powers[power])
        set(.short, power > exponent ? powers[power - exponent] : .nan)
        for step in [Column.firstStep, .secondStep, .thirdStep] { set(step, 1) }
        var count = 0
        for bit in 0..<5 where prediction.origin == .printed ? bit == 0 : power >> bit & 1 != 0 {
            let step = prediction.origin == .printed ? power : 1 << bit
            if count < 3 { row[Column.firstStep.rawValue + count] = powers[step] }
            count += 1
        }
        set(.stepCount, Double(count))
        set(.isQuick, digits - exponent + power <= 15 && count <= 3 ? 1 : 0)
    }

    /// A cell of the row for numbers of `digits` digits.
    @inline(__always)
    func cell(_ digits: Int, _ column: Column) -> Double { cells[digits &* Self.rowSize &+ column.rawValue] }

    /// The cells of a column for four numbers.
    ///
    /// Each place is `rowSize` times the number of digits.
    @inline(__always)
    func cells(_ places: UnsafePointer<Int64>, _ column: Column) -> Doubles {
        let start = cells + column.rawValue
        @inline(__always) func cell(_ lane: Int) -> Double {
            start[Int(truncatingIfNeeded: places[lane])]
        }
        return Doubles(cell(0), cell(1), cell(2), cell(3))
    }
}
