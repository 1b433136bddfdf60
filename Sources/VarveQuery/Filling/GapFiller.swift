// GapFiller.swift — the rows of a series, with rows for buckets without samples.
//
// These empty buckets get a row:
// - With a fill: all between the first and the last bucket with samples, and all up to the ends of the range that are
//   given, even if the range has no samples.
// - Without a fill: buckets in which a value holds, if the average over time is requested.
// In such a row `count` is 0. The average over time is the value that holds, or empty. The other aggregates follow the
// fill. The buckets around a gap may lie outside the range: the last bucket with samples before it and the first one
// after it, each with the part that lies outside.
//
// Invariants:
// - At most `limit` rows are made. A gap that clearly needs more is refused before its first row.
// - Ascending and descending order give the same rows.

public import VarveModel

/// Aggregates one series after the other and adds rows for empty buckets.
public struct GapFiller: Sendable {
    /// The most rows for empty buckets in one query.
    public static let defaultLimit = 10_000_000

    private let fill: Fill
    private let request: AggregateRequest
    private let isAscending: Bool
    private let first: Int64
    private let last: Int64
    private let limit: Int
    private var made = 0
    private var buckets: Buckets
    // Of the current series:
    private var type = ValueType.double
    private var bounds: HoldBounds
    private var hasAverage = false

    /// Creates a filler for a request.
    ///
    /// - Parameter limit: The most rows for empty buckets, of all series together.
    public init(_ fill: Fill, _ request: AggregateRequest, limit: Int = GapFiller.defaultLimit) {
        self.fill = fill
        self.request = request
        self.limit = limit
        isAscending = request.order == .ascending
        (first, last) = (request.range.from.nanoseconds, request.range.lastNanosecond ?? .min)
        buckets = request.buckets
        bounds = HoldBounds(before: nil, last: last)
    }

    /// Passes on the rows of a series, in the order of the request.
    ///
    /// - Parameter emit: Called with each row; returns false to end.
    /// - Throws: `AggregationFailure.tooManyEmptyBuckets` or `tooManyHeldBuckets`; what `source` and `emit` throw.
    public mutating func rows(
        of series: SeriesInfo, in source: some AggregateSource, _ emit: (AggregateRow) throws -> Bool
    ) throws {
        type = series.type
        hasAverage = request.aggregates.contains(.twa) && !type.isText
        guard fill != .none || hasAverage, !request.range.isEmpty else {
            return try source.aggregate(series, request, emit)
        }
        bounds = HoldBounds(before: nil, last: last)
        if fill.needsNeighbours || hasAverage { bounds = try source.bounds(of: series, request) }
        var asked = request
        asked.bounds = bounds
        asked.tracksLatest = fill == .previous && request.hold != nil
        var near: AggregateRow?
        var isWanted = true
        try source.aggregate(series, asked) { row in
            isWanted = try fillBefore(row, near, series, source, emit) && emit(row)
            near = row
            return isWanted
        }
        if isWanted { _ = try fillAtEnd(near, series, source, emit) }
    }

    /// Fills the gap between the previous row, or the start of the range in the order of the request, and this row.
    private mutating func fillBefore(
        _ row: AggregateRow, _ near: AggregateRow?, _ series: SeriesInfo, _ source: some AggregateSource,
        _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        let bucket = buckets.bucket(containing: row.start)
        if isAscending {
            if near == nil, first == .min { return true }
            let from = near.map { end(after: $0.start) } ?? first
            guard bucket.start > .min, from < bucket.start else { return true }
            let older = try near ?? outer(before: series, source)
            return try fillGap(from, bucket.start - 1, older, row, emit)
        }
        if near == nil, request.range.to == nil { return true }
        let through = near.map { buckets.bucket(containing: $0.start).start &- 1 } ?? last
        guard bucket.last < through else { return true }
        let newer = try near ?? outer(after: series, source)
        return try fillGap(bucket.last + 1, through, row, newer, emit)
    }

    /// Fills the gap between the last row and the end of the range in the order of the request, or the whole range if
    /// it has no row.
    private mutating func fillAtEnd(
        _ near: AggregateRow?, _ series: SeriesInfo, _ source: some AggregateSource,
        _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        guard let near else { return try fillAll(series, source, emit) }
        let bucket = buckets.bucket(containing: near.start)
        if isAscending {
            guard request.range.to != nil, bucket.last < last else { return true }
            return try fillGap(bucket.last + 1, last, near, outer(after: series, source), emit)
        }
        guard first > .min, first < bucket.start else { return true }
        return try fillGap(first, bucket.start - 1, outer(before: series, source), near, emit)
    }

    /// Fills a range in which no sample counts.
    private mutating func fillAll(
        _ series: SeriesInfo, _ source: some AggregateSource, _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        guard first > .min else { return true }
        var through = last
        if request.range.to == nil {
            // The last value of all is before the range and holds to the end of its bucket.
            guard !buckets.isWhole, let before = bounds.before else { return true }
            through = buckets.bucket(containing: before.time).last
        }
        guard first <= through else { return true }
        return try fillGap(
            first, through, outer(before: series, source), outer(after: series, source), emit)
    }

    /// Passes on a row for each bucket from the one with time `first` to the one with time `last`.
    ///
    /// - Parameters:
    ///   - older: The bucket before the gap.
    ///   - newer: The bucket after the gap.
    private mutating func fillGap(
        _ first: Int64, _ last: Int64, _ older: AggregateRow?, _ newer: AggregateRow?,
        _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        let held = older.map { min(bounds.last, $0.held?.last(holding: request.hold) ?? .max) } ?? .min
        let last = fill == .none ? min(last, held) : last
        guard first <= last else { return true }
        // This estimate is too low where midnight cuts a bucket; the count below is exact.
        let span = Int128(last) - Int128(first)
        guard span / Int128(buckets.width.nanoseconds) <= Int128(limit - made) else { throw tooMany }
        var time = isAscending ? first : last
        while true {
            guard made < limit else { throw tooMany }
            made += 1
            let bucket = buckets.bucket(containing: time)
            let isHeld = max(bucket.start, self.first) <= held
            let start = buckets.isWhole ? self.first : bucket.start
            guard try emit(filled(start, older, newer, isHeld: isHeld)) else { return false }
            guard isAscending ? bucket.last < last : bucket.start > first else { return true }
            time = isAscending ? bucket.last + 1 : bucket.start - 1
        }
    }

    private func filled(
        _ start: Int64, _ older: AggregateRow?, _ newer: AggregateRow?, isHeld: Bool
    ) -> AggregateRow {
        let values = request.aggregates.indices.map { index -> AggregateValue in
            switch request.aggregates[index] {
            case .count: return .integer(0)
            case .twa:
                guard hasAverage, isHeld, let held = older?.held else { return .none }
                return .double(held.average(type))
            default: break
            }
            switch fill {
            case .none, .null: return .none
            case .previous: return isHeld ? older?.values[index] ?? .none : .none
            case .linear:
                guard let older, let newer, let from = older.values[index].number,
                    let to = newer.values[index].number
                else { return .none }
                return .double(Self.between(from, to, Self.position(of: start, older.start, newer.start)))
            }
        }
        return AggregateRow(start: start, values: values)
    }

    /// The position of `start` between two other times, from 0 to 1; 0.5 if the two are equal.
    private static func position(of start: Int64, _ older: Int64, _ newer: Int64) -> Double {
        guard older < newer else { return 0.5 }
        // Times are subtracted as integers, as doubles would first be rounded to 256 ns.
        return Double(Int128(start) - Int128(older)) / Double(Int128(newer) - Int128(older))
    }

    private static func between(_ from: Double, _ to: Double, _ position: Double) -> Double {
        // In this form two huge values do not overflow, and equal values stay exact.
        from == to ? from : from * (1 - position) + to * position
    }

    /// The last bucket with samples before the range, with the part that lies outside.
    private mutating func outer(
        before series: SeriesInfo, _ source: some AggregateSource
    ) throws -> AggregateRow? {
        guard let before = bounds.before else { return nil }
        let start = buckets.bucket(containing: before.time).start
        var row = AggregateRow(start: start, values: request.aggregates.map { _ in .none })
        if fill.needsNeighbours {
            let range = TimeRange(from: Timestamp(nanoseconds: start), to: request.range.from)
            row = try outer(series, source, range) ?? row
        }
        row.held = before
        return row
    }

    /// The first bucket with samples after the range, with the part that lies outside; nil if the fill does not need
    /// it.
    private mutating func outer(
        after series: SeriesInfo, _ source: some AggregateSource
    ) throws -> AggregateRow? {
        guard fill == .linear, let to = request.range.to,
            let after = try source.countedValue(of: series, request, in: TimeRange(from: to), .ascending)
        else { return nil }
        let last = buckets.bucket(containing: after.time).last
        return try outer(
            series, source, TimeRange(from: to, to: last == .max ? nil : Timestamp(nanoseconds: last + 1)))
    }

    private func outer(
        _ series: SeriesInfo, _ source: some AggregateSource, _ range: TimeRange
    ) throws -> AggregateRow? {
        var asked = request
        asked.range = range
        asked.bounds = HoldBounds(before: nil, last: range.lastNanosecond ?? .min)
        var found: AggregateRow?
        try source.aggregate(series, asked) { row in
            found = row
            return false
        }
        return found
    }

    /// The first nanosecond after the bucket that begins at `start`; the last storable one if no bucket follows.
    private mutating func end(after start: Int64) -> Int64 {
        let last = buckets.bucket(containing: start).last
        return last == .max ? .max : last + 1
    }

    private var tooMany: AggregationFailure {
        fill == .none ? .tooManyHeldBuckets(limit: limit) : .tooManyEmptyBuckets(limit: limit)
    }
}
