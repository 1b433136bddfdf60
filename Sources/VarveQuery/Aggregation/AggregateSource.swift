// AggregateSource.swift — sources of aggregates: any source of samples, and a store faster with its statistics.

public import VarveModel

/// A source of aggregates over one unchanging state of a store.
public protocol AggregateSource: SampleSource {
    /// Passes on one row for each bucket of a series with samples that count.
    ///
    /// - Parameter emit: Called with each row, in the order of the request; returns false to end.
    /// - Throws: What the source throws when it reads; what `emit` throws.
    func aggregate(
        _ series: SeriesInfo, _ request: AggregateRequest, _ emit: (AggregateRow) throws -> Bool) throws
}

extension AggregateSource {
    /// Aggregates the samples, without statistics.
    ///
    /// - Throws: What the source throws when it reads; what `emit` throws.
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

    /// The request with its `bounds` set, if an aggregate needs them.
    ///
    /// - Throws: What the source throws when it reads.
    func bounded(
        _ request: AggregateRequest, of series: SeriesInfo, _ plan: AggregationPlan
    ) throws -> AggregateRequest {
        guard plan.needsHolding, request.bounds == nil else { return request }
        var request = request
        request.bounds = try bounds(of: series, request)
        return request
    }

    /// The row with its median.
    ///
    /// Cost: reads the bucket four more times if it has more values than memory keeps, else nothing.
    ///
    /// - Throws: What the source throws when it reads.
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
