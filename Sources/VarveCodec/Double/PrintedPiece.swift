// PrintedPiece.swift — up to 64 mantissas printed as 32-bit floats and read again, four at a time.
//
// All values go through the first half of the steps before any goes through the second. Short chains of
// operations keep the processor busy; one long chain would not.
//
// Invariants:
// - The results have the bits of `DecimalPrediction.value(of:)`, operation by operation.

struct PrintedPiece {
    private typealias Doubles = SIMD4<Double>
    private typealias Integers = SIMD4<Int64>
    private static let lanes = DecimalDivision.lanes
    /// The most values of a piece, so that its intermediate results stay in the nearest cache.
    static let capacity = 64
    /// The number of `SIMD4<Double>` that a piece needs as scratch memory.
    static let scratchCount = 4 * capacity / lanes

    private let table: PrintedTable
    private let groups: Int
    private let numbers: UnsafeMutablePointer<SIMD4<Double>>
    private let floats: UnsafeMutablePointer<SIMD4<Double>>
    private let shorts: UnsafeMutablePointer<SIMD4<Double>>
    private let places: UnsafeMutablePointer<SIMD4<Double>>
    /// The range of the numbers of digits of the mantissas.
    private let digits: ClosedRange<Int>

    /// Does the first half of the steps for `groups` times four mantissas.
    ///
    /// Nil if some are so large, or have so many digits, that they must be computed one by one.
    init?(
        _ mantissas: UnsafePointer<Int64>, groups: Int, table: PrintedTable, quotient: ExactQuotient,
        scratch: UnsafeMutablePointer<SIMD4<Double>>
    ) {
        if groups == 0 { return nil }
        self.table = table
        self.groups = groups
        numbers = scratch
        floats = numbers + groups
        shorts = floats + groups
        places = shorts + groups
        guard let digits = Self.convert(mantissas, groups: groups, into: numbers) else { return nil }
        self.digits = digits
        if table.cell(0, .isQuick) == 0 { return nil }
        for count in digits where table.cell(count, .isQuick) == 0 { return nil }
        for group in 0..<groups {
            let values = quotient(numbers[group])
            shorts[group] = values
            floats[group] = Doubles(SIMD4<Float>(values))
        }
        if table.cell(0, .stepCount) != 1 {
            let step = (
                table.cell(0, .firstStep), table.cell(0, .secondStep), table.cell(0, .thirdStep)
            )
            for group in 0..<groups { shorts[group] = numbers[group] / step.0 / step.1 / step.2 }
        }
    }

    /// Converts mantissas to doubles, and returns the range of their numbers of digits.
    ///
    /// Nil if a mantissa is not below 2^51.
    private static func convert(
        _ mantissas: UnsafePointer<Int64>, groups: Int, into numbers: UnsafeMutablePointer<SIMD4<Double>>
    ) -> ClosedRange<Int>? {
        var outside = SIMD4<UInt64>()
        // One by one: the processor finds the lesser of two doubles in one step, but the compiler does not
        // see that in vectors.
        var (least, most) = ((Double.infinity, Double.infinity), (0.0, 0.0))
        for group in 0..<groups {
            let integers = (UnsafeRawPointer(mantissas) + group &* 32).loadUnaligned(as: SIMD4<UInt64>.self)
            outside |= integers &+ SIMD4(repeating: 1 << 51)
            let values = DecimalDivision.doubles(integers)
            numbers[group] = values
            let sizes = magnitudes(values)
            let pairs = (sizes.lowHalf, sizes.highHalf)
            least.0 = pairs.0.x < least.0 ? pairs.0.x : least.0
            least.1 = pairs.0.y < least.1 ? pairs.0.y : least.1
            most.0 = pairs.0.x > most.0 ? pairs.0.x : most.0
            most.1 = pairs.0.y > most.1 ? pairs.0.y : most.1
            least.0 = pairs.1.x < least.0 ? pairs.1.x : least.0
            least.1 = pairs.1.y < least.1 ? pairs.1.y : least.1
            most.0 = pairs.1.x > most.0 ? pairs.1.x : most.0
            most.1 = pairs.1.y > most.1 ? pairs.1.y : most.1
        }
        if any(outside .>= SIMD4(repeating: 1 << 52)) { return nil }
        let lowest = DecimalPrediction.digitCount(UInt64(min(least.0, least.1)))
        return lowest...max(lowest, DecimalPrediction.digitCount(UInt64(max(most.0, most.1))))
    }

    @inline(__always)
    private static func magnitudes(_ numbers: SIMD4<Double>) -> SIMD4<Double> {
        let keep = SIMD4<UInt64>(repeating: 0x7FFF_FFFF_FFFF_FFFF)
        return unsafeBitCast(unsafeBitCast(numbers, to: SIMD4<UInt64>.self) & keep, to: Doubles.self)
    }

    /// Does the second half of the steps and writes the values, 32 bytes a group.
    func finish(into target: UnsafeMutableRawPointer) {
        if digits.count == 1 { finishUniform(into: target) } else { finishMixed(into: target) }
    }

    /// Finishes a piece whose numbers all have the same number of digits.
    private func finishUniform(into target: UnsafeMutableRawPointer) {
        let row = digits.lowerBound
        let steps = table.cell(row, .stepCount)
        let (scale, short) = (table.cell(row, .scale), table.cell(row, .short))
        let step = (
            table.cell(row, .firstStep), table.cell(row, .secondStep), table.cell(row, .thirdStep)
        )
        for group in 0..<groups {
            let scaled = Self.nearest(floats[group] * scale)
            var values = scaled / step.0
            if steps > 1 { values /= step.1 }
            if steps > 2 { values /= step.2 }
            let isShort = scaled .== numbers[group] * short
            (target + group &* 32).storeBytes(
                of: values.replacing(with: shorts[group], where: isShort), as: Doubles.self)
        }
    }

    private func finishMixed(into target: UnsafeMutableRawPointer) {
        findPlaces()
        var steps = 0.0
        for count in digits { steps = max(steps, table.cell(count, .stepCount)) }
        let rows = UnsafeMutableRawPointer(places).assumingMemoryBound(to: Int64.self)
        for group in 0..<groups {
            let row = rows + group &* Self.lanes
            let scaled = Self.nearest(floats[group] * table.cells(row, .scale))
            var values = scaled / table.cells(row, .firstStep)
            if steps > 1 { values /= table.cells(row, .secondStep) }
            if steps > 2 { values /= table.cells(row, .thirdStep) }
            let isShort = scaled .== numbers[group] * table.cells(row, .short)
            (target + group &* 32).storeBytes(
                of: values.replacing(with: shorts[group], where: isShort), as: Doubles.self)
        }
    }

    /// Finds the row of each number in the table.
    private func findPlaces() {
        let size = Integers(repeating: Int64(PrintedTable.rowSize))
        let first = size &* Integers(repeating: Int64(digits.lowerBound))
        let more = (digits.lowerBound + 1)...digits.upperBound
        for group in 0..<groups {
            let sizes = Self.magnitudes(numbers[group])
            var place = first
            for count in more {
                let isMore = sizes .>= table.cell(count, .low)
                place &+= unsafeBitCast(isMore, to: Integers.self) & size
            }
            UnsafeMutableRawPointer(places + group).storeBytes(of: place, as: Integers.self)
        }
    }

    /// The nearest integer, ties to even, of numbers below 2^51.
    @inline(__always)
    private static func nearest(_ numbers: SIMD4<Double>) -> SIMD4<Double> {
        let shift = Doubles(repeating: 6_755_399_441_055_744)  // 1.5 * 2^52
        return (numbers + shift) - shift
    }
}
