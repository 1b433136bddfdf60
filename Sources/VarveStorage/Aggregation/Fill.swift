// Fill.swift — rows for the empty buckets between the first and the last one with samples.
//
// In a filled row `count` is 0, as that is the truth; the other aggregates follow `--fill`.
//
// Invariants:
// - At most `limit` rows are made; a gap that needs more is refused before its first row.
// - Ascending and descending order make the same rows.

package import VarveModel

/// What stands in buckets without samples.
package enum Fill: String, CaseIterable, Hashable, Sendable {
    /// No row.
    case none
    /// A row without values.
    case null
    /// The values of the last bucket before that has samples.
    case previous
    /// Numbers on the straight line between the buckets around the gap; no value where there is no number.
    case linear

    /// The fill of that name.
    package static func parse(_ name: String) throws(AggregationFailure) -> Fill {
        guard let fill = Fill(rawValue: name) else {
            throw AggregationFailure(
                description: "--fill: \"\(name)\" is unknown; use none, null, previous or linear")
        }
        return fill
    }
}

/// Puts filled rows between the rows of one series.
package struct GapFiller: Sendable {
    /// The most rows that are made for one query.
    package static let defaultLimit = 10_000_000

    private let fill: Fill
    private let aggregates: [Aggregate]
    private let order: TimeOrder
    private var buckets: Buckets
    private var limit: Int
    private var before: AggregateRow?

    /// Makes a filler for rows of `aggregates` over `buckets` in the given order.
    package init(
        _ fill: Fill, aggregates: [Aggregate], buckets: Buckets, order: TimeOrder = .ascending,
        limit: Int = GapFiller.defaultLimit
    ) {
        self.fill = fill
        self.aggregates = aggregates
        self.buckets = buckets
        self.order = order
        self.limit = limit
    }

    /// Begins another series; rows made so far still count towards the limit.
    package mutating func startSeries() {
        before = nil
    }

    /// Hands on the rows missing between the row before and this one, then this one.
    ///
    /// - Returns: False if `emit` wants no more rows.
    package mutating func add(
        _ row: AggregateRow, _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        guard fill != .none else { return try emit(row) }
        defer { before = row }
        if let before {
            let (older, newer) = order == .ascending ? (before, row) : (row, before)
            guard try addGap(older, newer, emit) else { return false }
        }
        return try emit(row)
    }

    private mutating func addGap(
        _ older: AggregateRow, _ newer: AggregateRow, _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        let span = Int128(newer.start) - Int128(older.start)
        // An estimate only, short by a bucket cut at midnight; the count below is exact.
        guard span / Int128(buckets.width.nanoseconds) - 1 <= Int128(limit) else { throw tooMany }
        var start = neighbour(order == .ascending ? older.start : newer.start)
        while order == .ascending ? start < newer.start : start > older.start {
            guard limit > 0 else { throw tooMany }
            limit -= 1
            guard try emit(filled(start, older, newer)) else { return false }
            start = neighbour(start)
        }
        return true
    }

    private var tooMany: AggregationFailure {
        AggregationFailure(
            description:
                "--fill \(fill.rawValue): more than \(GapFiller.defaultLimit) empty buckets to fill; "
                + "use a longer --every or a shorter range")
    }

    /// The start of the bucket after the one at `start`, or before it in descending order.
    private mutating func neighbour(_ start: Int64) -> Int64 {
        if order == .ascending {
            return buckets.bucket(containing: buckets.bucket(containing: start).last &+ 1).start
        }
        return buckets.bucket(containing: start &- 1).start
    }

    private func filled(_ start: Int64, _ older: AggregateRow, _ newer: AggregateRow) -> AggregateRow {
        let values = aggregates.indices.map { index -> AggregateValue in
            if aggregates[index] == .count { return .integer(0) }
            switch fill {
            case .none, .null: return .none
            case .previous: return older.values[index]
            case .linear:
                guard let from = older.values[index].number, let to = newer.values[index].number else {
                    return .none
                }
                // Times are subtracted as integers: as doubles they would be rounded to 256 ns first.
                let span = Double(Int128(newer.start) - Int128(older.start))
                let share = Double(Int128(start) - Int128(older.start)) / span
                // Written so that neither the difference of two huge values nor equal ones lose anything.
                return .double(from == to ? from : from * (1 - share) + to * share)
            }
        }
        return AggregateRow(start: start, values: values)
    }
}
