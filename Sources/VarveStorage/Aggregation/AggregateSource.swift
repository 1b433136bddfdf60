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
        let before = try lastValue(of: series, before: request)
        var aggregator = Aggregator(type: series.type, request, before: before)
        let plan = AggregationPlan(
            type: series.type, aggregates: request.aggregates, goodOnly: request.goodOnly)
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

    /// The last value that counts before the range, if the request has use for it.
    func lastValue(of series: SeriesInfo, before request: AggregateRequest) throws -> UInt64? {
        let plan = AggregationPlan(
            type: series.type, aggregates: request.aggregates, goodOnly: request.goodOnly)
        guard plan.needsHolding, !series.type.isText, request.range.from > .earliest else { return nil }
        var value: UInt64?
        let earlier = TimeRange(from: .earliest, to: request.range.from)
        try read(series.key, in: earlier, order: .descending) { columns in
            guard case .bits(let bits) = columns.values else { return false }
            let index = bits.indices.first { plan.counts(bits[$0], columns.states[$0]) }
            value = index.map { bits[$0] }
            return value == nil
        }
        return value
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
