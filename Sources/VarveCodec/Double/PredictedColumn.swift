// PredictedColumn.swift — the predicted values of a whole column: the hot loop of reading and writing
// `predicted`.
//
// Invariants:
// - The results have the bits of `DecimalPrediction.value(of:)`, operation by operation.

struct PredictedColumn {
    private typealias Doubles = SIMD4<Double>
    private static let lanes = DecimalDivision.lanes

    private let prediction: DecimalPrediction

    init(_ prediction: DecimalPrediction) {
        self.prediction = prediction
    }

    /// Turns `count` mantissas into the bit patterns of their predicted values.
    ///
    /// Source and target may be the same memory.
    func apply(
        _ mantissas: UnsafePointer<Int64>, count: Int, into target: UnsafeMutablePointer<Int64>
    ) {
        switch prediction.origin {
        case .quotient, .float:
            for start in stride(from: 0, to: count, by: BlockLimits.vector) {
                let size = min(BlockLimits.vector, count - start)
                let done = divide(mantissas + start, count: size, into: target + start)
                applySingly(mantissas + start, done..<size, into: target + start)
            }
        case .printed, .printedStepwise:
            withUnsafeTemporaryAllocation(of: Double.self, capacity: PrintedTable.size) { cells in
                guard let cells = cells.baseAddress else { return }
                let table = PrintedTable(prediction, in: cells)
                applyPrinted(mantissas, count: count, table: table, into: target)
            }
        }
    }

    private func applySingly(
        _ mantissas: UnsafePointer<Int64>, _ range: Range<Int>, into target: UnsafeMutablePointer<Int64>
    ) {
        for index in range {
            target[index] = Int64(bitPattern: prediction.value(of: mantissas[index]).bitPattern)
        }
    }

    /// Divides whole groups as far as possible, and returns the number of mantissas done.
    private func divide(
        _ mantissas: UnsafePointer<Int64>, count: Int, into target: UnsafeMutablePointer<Int64>
    ) -> Int {
        guard let quotient = ExactQuotient(exponent: prediction.exponent),
            DecimalDivision.isSmall(mantissas, count: count)
        else { return 0 }
        let (source, target) = (UnsafeRawPointer(mantissas), UnsafeMutableRawPointer(target))
        let groups = count / Self.lanes
        if prediction.origin == .float {
            for group in 0..<groups {
                let values = quotient(DecimalDivision.doubles(at: source + group &* 32))
                (target + group &* 32).storeBytes(of: Doubles(SIMD4<Float>(values)), as: Doubles.self)
            }
        } else {
            for group in 0..<groups {
                let values = quotient(DecimalDivision.doubles(at: source + group &* 32))
                (target + group &* 32).storeBytes(of: values, as: Doubles.self)
            }
        }
        return groups * Self.lanes
    }

    private func applyPrinted(
        _ mantissas: UnsafePointer<Int64>, count: Int, table: PrintedTable,
        into target: UnsafeMutablePointer<Int64>
    ) {
        withUnsafeTemporaryAllocation(of: SIMD4<Double>.self, capacity: PrintedPiece.scratchCount) {
            scratch in
            for start in stride(from: 0, to: count, by: PrintedPiece.capacity) {
                let size = min(PrintedPiece.capacity, count - start)
                var done = 0
                if let scratch = scratch.baseAddress,
                    let quotient = ExactQuotient(exponent: prediction.exponent),
                    let piece = PrintedPiece(
                        mantissas + start, groups: size / Self.lanes, table: table, quotient: quotient,
                        scratch: scratch)
                {
                    piece.finish(into: target + start)
                    done = size / Self.lanes * Self.lanes
                }
                applySingly(mantissas + start, done..<size, into: target + start)
            }
        }
    }
}
