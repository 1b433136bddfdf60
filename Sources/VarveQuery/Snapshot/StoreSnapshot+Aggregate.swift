// StoreSnapshot+Aggregate.swift — aggregates of a series, from statistics where these suffice.
//
// Aggregation/Aggregator+Block.swift decides how a block is taken.

public import VarveModel
public import VarveStorage

extension StoreSnapshot: AggregateSource {
    /// Passes on one row for each bucket with samples that count; see `AggregateSource`.
    ///
    /// - Throws: `StorageError`; `FileError`; what `emit` throws.
    public func aggregate(
        _ info: SeriesInfo, _ request: AggregateRequest, _ emit: (AggregateRow) throws -> Bool
    ) throws {
        guard let (series, type) = try find(info.key), !request.range.isEmpty else { return }
        let plan = AggregationPlan(type: type, request)
        let request = try bounded(request, of: info, plan)
        var aggregator = Aggregator(type: type, request)
        func complete(_ row: AggregateRow) throws -> Bool {
            try row.openMedian == nil ? emit(row) : emit(completed(row, of: info, request, plan))
        }
        var scan = try SeriesScan(view, series, type, in: request.range, order: request.order)
        var isWanted = true
        var goesOn = true
        while goesOn {
            goesOn = try scan.next { part in
                switch part {
                case .samples(let run, let range):
                    isWanted = try aggregator.add(run, range, allCount: false, complete)
                case .block(let block):
                    isWanted = try aggregator.add(block, request, complete)
                }
                return isWanted
            }
        }
        if isWanted { _ = try aggregator.finish(complete) }
    }
}
