// RowResolver.swift — decides what each row of a series does: accepted, identical, corrected, superseded.
//
// Rows are taken in arrival order against what the store shows at their times; the rules are those of
// promise G2 in <doc:Guarantees>. What is left to store is one sample per time at most.
//
// Invariants:
// - Pure: reads the store through `existing`, changes nothing.
// - The four counts add up to the rows.
// - A row is only stored if it differs from what the store shows, so nothing is ever stored twice.

import VarveModel
import VarveSegment

struct RowResolver {
    private(set) var receipt = Receipt()
    /// The samples to store, in time order; empty if there are none.
    private(set) var stored: SampleColumns

    /// Decides about the rows of one series.
    ///
    /// - Parameters:
    ///   - rows: The rows in arrival order.
    ///   - existing: Shows every run that may hold samples at the rows' times, in any order.
    init(_ rows: SeriesRows, existing: (inout KnownSamples) throws -> Void) throws {
        stored = SampleColumns(type: rows.type)
        let columns = rows.columns
        guard columns.count > 0 else { return }
        let order = Self.timeOrder(columns.times)
        let first = columns.times[order?.first ?? 0]
        let last = columns.times[order?.last ?? columns.count - 1]
        receipt.include(Timestamp(nanoseconds: first))
        receipt.include(Timestamp(nanoseconds: last))
        var known = KnownSamples(columns.times, order)
        try existing(&known)
        if order == nil, !known.any, known.isUnique {
            receipt.accepted = UInt64(columns.count)
            stored = columns
            return
        }
        let arrived = SampleRun(columns, commit: 0)
        var keep: [Int] = []
        known.forEachTime { positions, existing in
            let winner = decide(positions, existing, arrived, rows.policy)
            if let winner { keep.append(winner) }
        }
        stored = arrived.columns.selecting(keep)
    }

    /// Counts the rows of one time and returns the one to store.
    private mutating func decide(
        _ positions: some Sequence<Int>, _ existing: (run: SampleRun, index: Int)?, _ arrived: SampleRun,
        _ policy: DuplicatePolicy
    ) -> Int? {
        var winner: Int?
        for position in positions {
            if let current = winner {
                count(arrived.sampleEquals(position, arrived, current), position, &winner, policy)
            } else if let existing {
                count(arrived.sampleEquals(position, existing.run, existing.index), position, &winner, policy)
            } else {
                receipt.accepted += 1
                winner = position
            }
        }
        // The rows may have led back to what was there: then there is nothing to store.
        if let existing, let last = winner, arrived.sampleEquals(last, existing.run, existing.index) {
            return nil
        }
        return winner
    }

    private mutating func count(
        _ same: Bool, _ position: Int, _ winner: inout Int?, _ policy: DuplicatePolicy
    ) {
        if same {
            receipt.identical += 1
        } else if policy == .last {
            receipt.corrected += 1
            winner = position
        } else {
            receipt.superseded += 1
        }
    }

    /// The row numbers by (time, arrival), or nil if they stand so already.
    private static func timeOrder(_ times: [Int64]) -> [Int]? {
        let isSorted = times.withUnsafeBufferPointer { times in
            for index in 1..<max(times.count, 1) where times[index] < times[index - 1] { return false }
            return true
        }
        if isSorted { return nil }
        var keyed = times.enumerated().map { (time: $0.element, row: Int32(truncatingIfNeeded: $0.offset)) }
        keyed.sort { $0.time != $1.time ? $0.time < $1.time : $0.row < $1.row }
        return keyed.map { Int($0.row) }
    }
}
