// AggregateSource.swift — who answers aggregates: any source of samples, a store with its statistics faster.

public import VarveModel

/// Answers aggregates over one unchanging state of the store.
public protocol AggregateSource: SampleSource {
    /// Hands on one row for each bucket of a series that has samples that count.
    ///
    /// - Parameter emit: Gets each row in the order of the request; returns false if no more are wanted.
    func aggregate(
        _ series: SeriesInfo, _ request: AggregateRequest, _ emit: (AggregateRow) throws -> Bool) throws
}

extension AggregateSource {
    /// Aggregates from the samples.
    public func aggregate(
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
