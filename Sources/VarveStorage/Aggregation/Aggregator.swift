// Aggregator.swift — samples of one series in, one row for each bucket that has samples out.
//
// Aggregates run over samples of any quality, or only good ones, that have a value; NaN does not count, and a
// bucket with nothing that counts gives no row. Truth values count as 0 and 1. Text has count, first and last.
//
// Invariants:
// - Memory does not grow with the samples: one bucket is open at a time.
// - The rows are the same whether the samples come in ascending or descending order; only their order differs.

package import VarveModel

/// Aggregates one series bucket by bucket.
package struct Aggregator: Sendable {
    private let plan: AggregationPlan
    private let aggregates: [Aggregate]
    private let order: TimeOrder
    private var buckets: Buckets
    private var current: Buckets.Bucket?
    private var totals = BucketTotals()

    /// Makes an aggregator of a series.
    ///
    /// - Parameters:
    ///   - type: The type of the series' values.
    ///   - aggregates: What to compute; the order of the values in a row.
    ///   - buckets: The buckets.
    ///   - goodOnly: Leaves out samples whose quality is given and not 0.
    ///   - order: The time order in which samples come and rows leave.
    package init(
        type: ValueType, aggregates: [Aggregate], buckets: Buckets, goodOnly: Bool = false,
        order: TimeOrder = .ascending
    ) {
        plan = AggregationPlan(type: type, aggregates: aggregates, goodOnly: goodOnly)
        self.aggregates = aggregates
        self.buckets = buckets
        self.order = order
    }

    /// Takes the next samples and hands on each bucket that they complete.
    ///
    /// - Parameters:
    ///   - columns: Samples in the aggregator's order, all after those before.
    ///   - emit: Gets each row; returns false if no more are wanted.
    /// - Returns: False if `emit` wants no more rows.
    package mutating func add(
        _ columns: SampleColumns, _ emit: (AggregateRow) throws -> Bool
    ) rethrows -> Bool {
        precondition(columns.states.count == columns.count && columns.values.count == columns.count)
        return try columns.times.withUnsafeBufferPointer { times in
            var start = 0
            while start < times.count {
                let bucket: Buckets.Bucket
                if let current, current.start <= times[start], times[start] <= current.last {
                    bucket = current
                } else {
                    guard try finish(emit) else { return false }
                    bucket = buckets.bucket(containing: times[start])
                    current = bucket
                }
                let end = endOfRun(times, from: start, bucket)
                take(columns, start..<end)
                start = end
            }
            return true
        }
    }

    /// Hands on the last bucket; the next samples begin a new one.
    ///
    /// - Returns: False if `emit` wants no more rows.
    package mutating func finish(_ emit: (AggregateRow) throws -> Bool) rethrows -> Bool {
        defer {
            current = nil
            totals.reset()
        }
        guard let current, totals.count > 0 else { return true }
        let type = plan.type
        let values = aggregates.map { totals.value($0, type: type) }
        return try emit(AggregateRow(start: current.start, values: values))
    }

    private mutating func take(_ columns: SampleColumns, _ range: Range<Int>) {
        columns.states.withUnsafeBufferPointer { states in
            switch columns.values {
            case .bits(let bits):
                bits.withUnsafeBufferPointer { bits in
                    let run = NumberRun(
                        bits: UnsafeBufferPointer(rebasing: bits[range]),
                        states: UnsafeBufferPointer(rebasing: states[range]))
                    totals.add(run, plan, order: order)
                }
            case .text(let texts):
                totals.add(texts, range, states: states, plan, order: order)
            }
        }
    }

    /// The first index whose time is not in the bucket any more.
    private func endOfRun(
        _ times: UnsafeBufferPointer<Int64>, from start: Int, _ bucket: Buckets.Bucket
    ) -> Int {
        func isInside(_ time: Int64) -> Bool {
            order == .ascending ? time <= bucket.last : time >= bucket.start
        }
        if isInside(times[times.count - 1]) { return times.count }
        var low = start
        var high = times.count - 1
        while low < high {
            let middle = (low + high) / 2
            if isInside(times[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
