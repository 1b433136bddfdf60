// AggregateSource.swift — who answers aggregates: any source of samples, a store with its statistics faster.

package import VarveModel

/// What an aggregation takes from the statistics of blocks.
package enum StatisticsUse: CaseIterable, Sendable {
    /// Nothing: every sample is decoded and looked at.
    case none
    /// Only which blocks have nothing to leave out; all values are decoded.
    case counts
    /// The figures themselves where they serve.
    case figures
}

/// A request for aggregates of one series.
package struct AggregateRequest: Sendable {
    /// What to compute; the order of the values in a row.
    package var aggregates: [Aggregate]
    /// The buckets.
    package var buckets: Buckets
    /// The times asked for.
    package var range: TimeRange
    /// Whether samples count whose quality is given and not 0.
    package var goodOnly: Bool
    /// The order in which rows leave.
    package var order: TimeOrder
    /// What may be taken from the statistics of blocks; the rows are the same, tests and benchmarks compare.
    package var statistics = StatisticsUse.figures
    /// How many nanoseconds, at least 1, a value holds at most; nil for no end.
    package var hold: Int64?
    /// The moment from which on the last value of all does not hold any more; nil for no such moment.
    package var present: Timestamp?
    /// What is known of the time around the range; nil if it has to be found.
    var bounds: HoldBounds?
    /// Whether rows say when their last value was read.
    var tracksLatest = false

    /// Makes a request.
    package init(
        _ aggregates: [Aggregate], over buckets: Buckets, in range: TimeRange = .all, goodOnly: Bool = false,
        order: TimeOrder = .ascending
    ) {
        self.aggregates = aggregates
        self.buckets = buckets
        self.range = range
        self.goodOnly = goodOnly
        self.order = order
    }
}

/// Answers aggregates over one unchanging state of the store.
package protocol AggregateSource: SampleSource {
    /// Hands on one row for each bucket of a series that has samples that count.
    ///
    /// - Parameter emit: Gets each row in the order of the request; returns false if no more are wanted.
    func aggregate(
        _ series: SeriesInfo, _ request: AggregateRequest, _ emit: (AggregateRow) throws -> Bool) throws
}

extension AggregateSource {
    /// Aggregates from the samples.
    package func aggregate(
        _ series: SeriesInfo, _ request: AggregateRequest, _ emit: (AggregateRow) throws -> Bool
    ) throws {
        let plan = AggregationPlan(type: series.type, request)
        let request = try bounded(request, of: series, plan)
        var aggregator = Aggregator(type: series.type, request)
        func complete(_ row: AggregateRow) throws -> Bool {
            try emit(completed(row, of: series, request, plan))
        }
        var isWanted = true
        try read(series.key, in: request.range, order: request.order) { columns in
            isWanted = try aggregator.add(columns, complete)
            return isWanted
        }
        if isWanted { _ = try aggregator.finish(complete) }
    }

    /// The request with what has to be known of the time around its range.
    func bounded(
        _ request: AggregateRequest, of series: SeriesInfo, _ plan: AggregationPlan
    ) throws -> AggregateRequest {
        guard plan.needsHolding, request.bounds == nil else { return request }
        var request = request
        request.bounds = try bounds(of: series, request)
        return request
    }

    /// The row with the median of a bucket too large to be kept in memory, found by reading it again.
    func completed(
        _ row: AggregateRow, of series: SeriesInfo, _ request: AggregateRequest, _ plan: AggregationPlan
    ) throws -> AggregateRow {
        guard let open = row.openMedian else { return row }
        var search = RankSearch(series.type, count: open.count)
        let range = TimeRange(
            from: Timestamp(nanoseconds: open.first),
            to: open.last == .max ? nil : Timestamp(nanoseconds: open.last + 1))
        for _ in 0..<RankSearch.passes {
            try read(series.key, in: range, order: .ascending) { columns in
                guard case .bits(let bits) = columns.values else { return false }
                bits.withUnsafeBufferPointer { bits in
                    columns.states.withUnsafeBufferPointer { search.add(bits, states: $0, plan) }
                }
                return true
            }
            search.endPass()
        }
        var row = row
        row.openMedian = nil
        for index in request.aggregates.indices where request.aggregates[index] == .median {
            row.values[index] = .double(search.median)
        }
        return row
    }
}
