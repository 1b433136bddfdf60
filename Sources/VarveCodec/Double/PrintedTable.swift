// PrintedTable.swift — what happens to numbers of so many digits when they are printed and read: one row for
// each number of digits, as plain doubles, so that several rows are looked up at once.
//
// Invariants:
// - Row 0, which no number has, is about numbers that are printed with the decimals of the prediction.

struct PrintedTable {
    typealias Doubles = SIMD4<Double>

    /// The cells of a row.
    enum Column: Int {
        /// The smallest magnitude with so many digits.
        case low
        /// 10 to the number of printed decimals.
        case scale
        /// What turns the number into the printed integer if zeros were printed; NaN if that changes nothing.
        case short
        /// The divisions that read the number, as many as there are and then ones.
        case firstStep, secondStep, thirdStep
        case stepCount
        /// 0 where adding a constant would not round the printed integer, or more steps are needed; else 1.
        case isQuick
    }

    /// The doubles of a row.
    static let rowSize = 8
    /// The doubles of a table: integers below 2^51 have up to 16 digits.
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
        for bit in 0..<5 where prediction.way == .printed ? bit == 0 : power >> bit & 1 != 0 {
            let step = prediction.way == .printed ? power : 1 << bit
            if count < 3 { row[Column.firstStep.rawValue + count] = powers[step] }
            count += 1
        }
        set(.stepCount, Double(count))
        set(.isQuick, digits - exponent + power <= 15 && count <= 3 ? 1 : 0)
    }

    /// A cell of the row for so many digits.
    @inline(__always)
    func cell(_ digits: Int, _ column: Column) -> Double { cells[digits &* Self.rowSize &+ column.rawValue] }

    /// The cells of a column for four numbers, each by `rowSize` times its number of digits.
    @inline(__always)
    func cells(_ places: UnsafePointer<Int64>, _ column: Column) -> Doubles {
        let start = cells + column.rawValue
        @inline(__always) func cell(_ lane: Int) -> Double {
            start[Int(truncatingIfNeeded: places[lane])]
        }
        return Doubles(cell(0), cell(1), cell(2), cell(3))
    }
}
