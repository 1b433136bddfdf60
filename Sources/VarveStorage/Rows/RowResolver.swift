// RowResolver.swift — decides what each row of a series does: accepted, identical, corrected, superseded.
//
// Rows are compared in arrival order with what the store shows at their times, by the rules of promise G2 in
// <doc:Guarantees>. At most one sample for each time is left to store. `OccurrenceUnion` decides for events.
//
// Invariants:
// - It reads the store through `existing` and changes nothing.
// - The four counts add up to the rows.
// - A row is stored only if it differs from what the store shows, so no sample is ever stored twice.

import VarveModel
import VarveSegment

struct RowResolver {
    private(set) var receipt = Receipt()
    /// The samples to store, in time order, with each time once.
    private(set) var stored: SampleColumns
    /// Accepted rows that add an occurrence at a time that has a sample already.
    private(set) var joined: UInt64 = 0

    /// Decides about the rows of one series.
    ///
    /// - Parameters:
    ///   - rows: The rows in arrival order.
    ///   - existing: Gives every run that may have samples at the rows' times, in any order.
    /// - Throws: What `existing` throws; for policy `every` `StorageError.invalidBatch`.
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
        if rows.policy == .every {
            let union = try OccurrenceUnion(known, columns, of: rows.key)
            (receipt.accepted, receipt.identical) = (union.accepted, union.identical)
            (stored, joined) = (union.stored, union.joined)
            return
        }
        if order == nil, !known.foundAny, known.isUnique {
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
        // If the last row equals the stored sample, there is nothing to store.
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

    /// The row numbers in the order of (time, arrival), or nil if the rows are in this order already.
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
