// StoreSnapshot+Aggregate.swift — aggregates of a series, from statistics where they say enough.
//
// A block whose times are all in one bucket, each once, and that no other source overlaps, is not read: its
// statistics are added. If they do not say enough, only its values are decoded. Other blocks are decoded and cut at
// the edges of buckets.
//
// Invariants:
// - The rows are the same to the last bit with statistics and without.

package import VarveModel

extension StoreSnapshot: AggregateSource {
    /// Hands on one row for each bucket that has samples that count; see `AggregateSource`.
    package func aggregate(
        _ info: SeriesInfo, _ request: AggregateRequest, _ emit: (AggregateRow) throws -> Bool
    ) throws {
        guard let (series, type) = find(info.key), !request.range.isEmpty else { return }
        let plan = AggregationPlan(
            type: type, aggregates: request.aggregates, goodOnly: request.goodOnly)
        let before = try lastValue(of: info, before: request)
        var aggregator = Aggregator(type: type, request, before: before)
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
                case .block(let reader, let entry):
                    isWanted = try Self.add(
                        entry, of: reader, plan, request.statistics, to: &aggregator, complete)
                }
                return isWanted
            }
        }
        if isWanted { _ = try aggregator.finish(complete) }
    }

    private static func add(
        _ entry: BlockEntry, of reader: SegmentReader, _ plan: AggregationPlan, _ use: StatisticsUse,
        to aggregator: inout Aggregator, _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        let type = plan.type
        guard use != .none else {
            let run = try reader.read(entry, type: type, columns: .samples)
            return try aggregator.add(run, 0..<run.count, allCount: false, emit)
        }
        let statistics = entry.statistics
        let allCount = statistics.map { plan.takesAll(of: $0, count: entry.count) } ?? false
        var columns: BlockColumns = allCount ? [] : .states
        if !allCount || !plan.isCountOnly { columns.insert(.values) }
        guard !aggregator.isOneBucket(entry.firstTime, entry.lastTime) else {
            if use == .figures, let statistics, plan.isServed(by: statistics, count: entry.count) {
                return try aggregator.add(entry, statistics, emit)
            }
            if plan.needsHolding { columns.insert(.times) }
            let run = try reader.read(entry, type: type, columns: columns)
            return try aggregator.add(entry, run, allCount: allCount, emit)
        }
        columns.insert(.times)
        let run = try reader.read(entry, type: type, columns: columns)
        return try aggregator.add(run, 0..<run.count, allCount: allCount, emit)
    }
}
