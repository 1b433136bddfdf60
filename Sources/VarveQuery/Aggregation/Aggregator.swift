// Aggregator.swift — aggregates the samples of one series to one row for each bucket with samples.
//
// Samples with a value count, of any quality or only good ones; NaN does not count. A bucket in which no sample counts
// gives no row. Booleans count as 0 and 1. Texts have count, first and last.
//
// Invariants:
// - Memory does not grow with the samples: one bucket is open at a time.
// - The rows are the same for runs from the earliest on and from the latest back, and for blocks as samples and as
//   statistics. Only the order of the rows differs. Inside a run the earliest sample is always first.

internal import VarveModel
import VarveSegment

/// Aggregates one series bucket by bucket.
struct Aggregator: Sendable {
    let plan: AggregationPlan
    private let aggregates: [Aggregate]
    let isBackward: Bool
    private let first: Int64
    private let last: Int64
    private(set) var buckets: Buckets
    private var current: Buckets.Bucket?
    private var totals: BucketTotals
    private var holding: HeldAverage?
    /// What holds around the range.
    private let bounds: HoldBounds
    /// The time of the last value of the bucket, if it is needed.
    private var latestTime: Int64?
    /// The earliest time in the bucket so far; the start of the row if the bucket takes in all of time.
    private var earliest = Int64.max
    /// The next row; its memory is reused for each row.
    private var row = AggregateRow(start: 0, values: [])
    /// Backwards: a row that waits for the last value before its bucket.
    private var waiting: (row: AggregateRow, holding: HeldAverage)?

    /// Creates an aggregator for a series.
    ///
    /// - Parameters:
    ///   - type: The type of the series' values.
    ///   - request: The aggregates, the buckets and which samples count.
    init(type: ValueType, _ request: AggregateRequest) {
        plan = AggregationPlan(type: type, request)
        aggregates = request.aggregates
        isBackward = request.order == .descending
        first = request.range.from.nanoseconds
        last = request.range.lastNanosecond ?? .min
        buckets = request.buckets
        row.values = Array(repeating: .none, count: aggregates.count)
        totals = BucketTotals(plan, isBackward: isBackward)
        bounds = request.bounds ?? HoldBounds(before: nil, last: last)
        if plan.needsHolding {
            holding = HeldAverage(
                plan, isBackward: isBackward, isOpen: buckets.isWhole && last == .max, hold: request.hold,
                before: bounds.before)
        }
    }

    /// Adds samples and passes on the row of each bucket that they complete.
    ///
    /// - Parameters:
    ///   - columns: Samples in the order of the request, all behind earlier ones in that order.
    ///   - emit: Called with each row; returns false to end.
    /// - Returns: False if `emit` wants no more rows.
    mutating func add(
        _ columns: SampleColumns, _ emit: (AggregateRow) throws -> Bool
    ) rethrows -> Bool {
        let run = SampleRun(isBackward ? columns.reversed() : columns)
        return try add(run, 0..<run.count, allCount: false, emit)
    }

    /// Adds samples `range` of a run; all are behind earlier ones in the order of the request.
    ///
    /// - Parameter allCount: Whether every sample is known to count.
    mutating func add(
        _ run: SampleRun, _ range: Range<Int>, allCount: Bool, _ emit: (AggregateRow) throws -> Bool
    ) rethrows -> Bool {
        try run.times.withUnsafeBufferPointer { times in
            var rest = range
            while !rest.isEmpty {
                let time = times[isBackward ? rest.upperBound - 1 : rest.lowerBound]
                guard try enterBucket(of: time, emit) else { return false }
                guard let bucket = current else { return true }
                let part: Range<Int>
                if isBackward {
                    part = Self.start(of: bucket.start, times, rest)..<rest.upperBound
                    rest = rest.lowerBound..<part.lowerBound
                } else {
                    part = rest.lowerBound..<Self.end(of: bucket.last, times, rest)
                    rest = part.upperBound..<rest.upperBound
                }
                earliest = min(earliest, times[part.lowerBound])
                guard try addToBucket(run, part, allCount: allCount, emit) else { return false }
            }
            return true
        }
    }

    /// Whether all times from `first` to `last` are in one bucket.
    mutating func isOneBucket(_ first: Int64, _ last: Int64) -> Bool {
        if let current, current.start <= first, last <= current.last { return true }
        return last <= buckets.bucket(containing: first).last
    }

    /// Adds samples by their statistics, which must suffice; all samples must be in one bucket.
    ///
    /// - Throws: `ExactSum.ReadFailure` if the sum of the statistics does not parse; what `emit` throws.
    mutating func add(
        _ statistics: BlockStatistics, from time: Int64, _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        guard try enterBucket(of: time, emit) else { return false }
        earliest = min(earliest, time)
        try totals.add(statistics)
        return true
    }

    /// Adds a run without times; its first time is `time`, and all samples must be in one bucket.
    mutating func add(
        _ run: SampleRun, from time: Int64, allCount: Bool, _ emit: (AggregateRow) throws -> Bool
    ) rethrows -> Bool {
        guard try enterBucket(of: time, emit) else { return false }
        earliest = min(earliest, time)
        return try addToBucket(run, 0..<run.count, allCount: allCount, emit)
    }

    /// Passes on the row of the last bucket.
    ///
    /// - Returns: False if `emit` wants no more rows.
    mutating func finish(_ emit: (AggregateRow) throws -> Bool) rethrows -> Bool {
        guard try closeBucket(emit) else { return false }
        return try emitWaiting(before: bounds.before, emit)
    }

    /// Makes the bucket of a time the current one.
    private mutating func enterBucket(
        of time: Int64, _ emit: (AggregateRow) throws -> Bool
    ) rethrows -> Bool {
        if let current, current.start <= time, time <= current.last { return true }
        guard try closeBucket(emit) else { return false }
        let bucket = buckets.bucket(containing: time)
        current = bucket
        let (start, end) = (max(bucket.start, first), min(bucket.last, bounds.last))
        holding?.begin(first: start, last: end)
        return true
    }

    private mutating func addToBucket(
        _ run: SampleRun, _ range: Range<Int>, allCount: Bool, _ emit: (AggregateRow) throws -> Bool
    ) rethrows -> Bool {
        totals.add(run, range, allCount: allCount)
        holding?.add(run, range, allCount: allCount)
        if plan.needsTimes, !isBackward || latestTime == nil {
            latestTime = latestTime(run, range, allCount: allCount) ?? latestTime
        }
        guard waiting != nil, let latest else { return true }
        return try emitWaiting(before: latest, emit)
    }

    /// The last value of the bucket, if its time is needed.
    ///
    /// A closure here would copy the aggregator for each bucket.
    private var latest: HeldValue? {
        guard let latestTime else { return nil }
        return HeldValue(bits: totals.latest, time: latestTime)
    }

    private func latestTime(_ run: SampleRun, _ range: Range<Int>, allCount: Bool) -> Int64? {
        if allCount { return range.last.map { run.times[$0] } }
        let index =
            switch run.values {
            case .bits(let bits): range.last { plan.counts(bits[$0], run.states[$0]) }
            case .text: range.last { plan.countsText(run.states[$0]) }
            }
        return index.map { run.times[$0] }
    }

    private mutating func closeBucket(_ emit: (AggregateRow) throws -> Bool) rethrows -> Bool {
        defer {
            current = nil
            latestTime = nil
            totals.reset()
        }
        guard let current, totals.count > 0 else { return true }
        let start = buckets.isWhole ? (first == .min ? earliest : first) : current.start
        row.start = start
        row.openMedian = nil
        row.held = latest
        for index in aggregates.indices { row.values[index] = totals.value(aggregates[index]) }
        if let count = totals.overfull {
            row.openMedian = .init(
                first: max(current.start, first), last: min(current.last, last), count: count)
        }
        if isBackward, let holding {
            waiting = (row, holding)
            return true
        }
        if let latest, let average = holding?.finishForward(latest: latest) {
            Self.set(average, aggregates, in: &row)
        }
        return try emit(row)
    }

    private mutating func emitWaiting(
        before: HeldValue?, _ emit: (AggregateRow) throws -> Bool
    ) rethrows -> Bool {
        guard var (row, holding) = waiting else { return true }
        waiting = nil
        if let latest = row.held, let average = holding.finishBackward(latest: latest, before: before) {
            Self.set(average, aggregates, in: &row)
        }
        return try emit(row)
    }

    private static func set(_ average: Double, _ aggregates: [Aggregate], in row: inout AggregateRow) {
        for index in aggregates.indices where aggregates[index] == .twa {
            row.values[index] = .double(average)
        }
    }

    /// The first index of `range` whose time is above `last`, searched from the front in growing steps.
    private static func end(
        of last: Int64, _ times: UnsafeBufferPointer<Int64>, _ range: Range<Int>
    ) -> Int {
        if times[range.upperBound - 1] <= last { return range.upperBound }
        var step = 1
        var low = range.lowerBound
        while low + step < range.upperBound, times[low + step] <= last {
            low += step
            step *= 2
        }
        var high = min(low + step, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= last { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first index of `range` whose time is `first` or later, searched from the back in growing steps.
    private static func start(
        of first: Int64, _ times: UnsafeBufferPointer<Int64>, _ range: Range<Int>
    ) -> Int {
        if times[range.lowerBound] >= first { return range.lowerBound }
        var step = 1
        var high = range.upperBound - 1
        while high - step > range.lowerBound, times[high - step] >= first {
            high -= step
            step *= 2
        }
        var low = max(high - step, range.lowerBound)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < first { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
