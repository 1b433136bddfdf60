// BucketTotals.swift — running figures of the samples of one bucket.
//
// Invariants:
// - Only samples that count are included: with a value that is not NaN, and good if only good samples count.
// - The same samples give the same figures to the last bit: one by one, in runs or as statistics of blocks, from the
//   earliest on or from the latest back.

internal import VarveModel
import VarveSegment

/// Running figures of a bucket.
struct BucketTotals: Sendable {
    /// The most values that are added at once.
    private static let partCount = NumberKernels.sumCount
    /// In runs shorter than this, extremes are found value by value.
    private static let fewValues = 16

    private let plan: AggregationPlan
    /// Whether runs come from the latest to the earliest.
    private let isBackward: Bool
    private(set) var count = 0
    private var sum = RunningSum()
    private var squares: SquareSum?
    private var ranks: MedianKeys?
    private var low = Double.infinity
    private var high = -Double.infinity
    private var lowInteger = Int64.max
    private var highInteger = Int64.min
    private var earliest: UInt64 = 0
    private(set) var latest: UInt64 = 0
    private var earliestText = ""
    private var latestText = ""

    init(_ plan: AggregationPlan, isBackward: Bool) {
        self.plan = plan
        self.isBackward = isBackward
        if plan.needsSquares { squares = SquareSum() }
        if plan.needsMedian { ranks = MedianKeys() }
    }

    /// Empties the figures and keeps the memory.
    mutating func reset() {
        guard count > 0 else { return }
        sum.reset()
        squares?.reset()
        ranks?.reset()
        count = 0
        (low, high) = (.infinity, -.infinity)
        (lowInteger, highInteger) = (.max, .min)
    }

    /// Adds samples, the earliest first.
    ///
    /// - Parameter allCount: Whether every sample is known to count.
    mutating func add(_ run: SampleRun, _ range: Range<Int>, allCount: Bool) {
        switch run.values {
        case .text(let texts):
            guard !allCount || !plan.isCountOnly else { return addCount(range.count) }
            run.states.withUnsafeBufferPointer { addTexts(texts, range, states: allCount ? nil : $0) }
        case .bits(let bits):
            guard !allCount || !plan.isCountOnly else { return addCount(range.count) }
            bits.withUnsafeBufferPointer { bits in
                let slice = UnsafeBufferPointer(rebasing: bits[range])
                if allCount { return addCounting(slice) }
                run.states.withUnsafeBufferPointer {
                    addChosen(slice, states: UnsafeBufferPointer(rebasing: $0[range]))
                }
            }
        }
    }

    /// Adds a number of samples that count, if only `count` is requested.
    mutating func addCount(_ number: Int) { count += number }

    /// Adds all samples of a block by its statistics, which must suffice.
    ///
    /// - Throws: `ExactSum.ReadFailure` if the sum of the statistics is malformed.
    mutating func add(_ statistics: BlockStatistics) throws(ExactSum.ReadFailure) {
        let number = plan.isText ? statistics.present : statistics.numeric
        guard number > 0, !plan.goodOnly || statistics.good > 0 else { return }
        if !plan.isText {
            takeEnds(statistics.first, statistics.last)
            if plan.needsSum { try sum.add(statistics) }
            if plan.type == .double {
                takeExtremes(
                    Double(bitPattern: statistics.minimum), Double(bitPattern: statistics.maximum))
            } else {
                lowInteger = min(lowInteger, Int64(bitPattern: statistics.minimum))
                highInteger = max(highInteger, Int64(bitPattern: statistics.maximum))
            }
        }
        count += number
    }

    /// The number of values of the median if they were too many to keep, else nil.
    var overfull: Int? { ranks?.isOverfull == true ? count : nil }

    /// The value of an aggregate other than the time-weighted average; the bucket must not be empty.
    func value(_ aggregate: Aggregate) -> AggregateValue {
        if aggregate == .count { return .integer(Int128(count)) }
        if plan.isText {
            switch aggregate {
            case .first: return plan.type == .json ? .json(earliestText) : .text(earliestText)
            case .last: return plan.type == .json ? .json(latestText) : .text(latestText)
            default: return .none
            }
        }
        let isDouble = plan.type == .double
        switch aggregate {
        case .avg: return .double(sum.mean(count: UInt64(count)))
        case .sum:
            if isDouble { return .double(sum.sum) }
            return sum.integer.map(AggregateValue.integer) ?? .none
        case .min: return isDouble ? .double(low) : .integer(Int128(lowInteger))
        case .max: return isDouble ? .double(high) : .integer(Int128(highInteger))
        case .first: return number(earliest)
        case .last: return number(latest)
        case .stddev:
            guard count > 1 else { return .none }
            return squares.map { .double($0.deviation(of: sum.all, count: UInt64(count))) } ?? .none
        case .median: return ranks?.median(plan.type).map(AggregateValue.double) ?? .none
        case .count, .twa: return .none
        }
    }

    private func number(_ bits: UInt64) -> AggregateValue {
        switch plan.type {
        case .double: .double(Double(bitPattern: bits))
        case .bool: .bool(bits != 0)
        default: .integer(Int128(Int64(bitPattern: bits)))
        }
    }

    private mutating func addTexts(
        _ texts: TextColumn, _ range: Range<Int>, states: UnsafeBufferPointer<UInt64>?
    ) {
        func counts(_ index: Int) -> Bool { states.map { $0[index] & plan.rejectedStates == 0 } ?? true }
        guard let first = range.first(where: counts), let last = range.last(where: counts) else { return }
        if count == 0 || isBackward { earliestText = texts[first] }
        if count == 0 || !isBackward { latestText = texts[last] }
        for index in first...last where counts(index) { count += 1 }
    }

    /// Adds numbers, some of which may not count.
    private mutating func addChosen(
        _ bits: UnsafeBufferPointer<UInt64>, states: UnsafeBufferPointer<UInt64>
    ) {
        // The values that count are copied to a small buffer first, so that all later loops have no conditions.
        let capacity = min(bits.count, Self.partCount)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: capacity) { chosen in
            guard let target = chosen.baseAddress else { return }
            var end = bits.count
            var start = 0
            while start < end {
                // Backwards, the parts come from the latest back too.
                let part = isBackward ? max(0, end - capacity)..<end : start..<min(start + capacity, end)
                let kept = plan.choose(
                    UnsafeBufferPointer(rebasing: bits[part]), UnsafeBufferPointer(rebasing: states[part]),
                    into: target)
                if kept > 0 { addCounting(UnsafeBufferPointer(start: target, count: kept)) }
                if isBackward { end = part.lowerBound } else { start = part.upperBound }
            }
        }
    }

    /// Adds numbers that all count.
    private mutating func addCounting(_ values: UnsafeBufferPointer<UInt64>) {
        guard let first = values.first, let last = values.last else { return }
        takeEnds(first, last)
        count += values.count
        ranks?.add(values, plan.type)
        squares?.add(values, plan.type)
        guard plan.needsSum || plan.needsExtremes else { return }
        if plan.type == .double {
            values.withMemoryRebound(to: Double.self) { takeDoubles($0) }
        } else {
            if plan.needsSum { sum.add(integerBits: values) }
            if plan.needsExtremes {
                let (least, most) = NumberKernels.integerExtremes(values)
                lowInteger = min(lowInteger, least)
                highInteger = max(highInteger, most)
            }
        }
    }

    private mutating func takeEnds(_ first: UInt64, _ last: UInt64) {
        if count == 0 || isBackward { earliest = first }
        if count == 0 || !isBackward { latest = last }
    }

    private mutating func takeDoubles(_ values: UnsafeBufferPointer<Double>) {
        if values.count == 1 {
            if plan.needsSum { sum.add(values[0]) }
            if plan.needsExtremes { takeExtremes(values[0], values[0]) }
            return
        }
        var start = 0
        while start < values.count {
            let end = min(start + Self.partCount, values.count)
            takePart(UnsafeBufferPointer(rebasing: values[start..<end]))
            start = end
        }
    }

    private mutating func takePart(_ values: UnsafeBufferPointer<Double>) {
        var largest: Double?
        if values.count < Self.fewValues {
            for value in values {
                largest = max(largest ?? 0, value.magnitude)
                if plan.needsExtremes { takeExtremes(value, value) }
            }
        } else if plan.needsExtremes {
            let (least, most) = NumberKernels.extremes(values)
            takeExtremes(least, most)
            largest = max(least.magnitude, most.magnitude)
        }
        guard plan.needsSum else { return }
        let bound = largest ?? NumberKernels.largestMagnitude(values)
        if let (coarse, fine) = NumberKernels.sum(values, largest: bound) {
            sum.add(coarse)
            sum.add(fine)
        } else {
            for value in values { sum.add(value) }
        }
    }

    private mutating func takeExtremes(_ least: Double, _ most: Double) {
        // −0 is below +0, although they compare equal.
        if least < low || (least == low && least.sign == .minus) { low = least }
        if most > high || (most == high && most.sign == .plus) { high = most }
    }
}

extension AggregationPlan {
    /// Copies the values that count to `target`, which must have room for all, and returns their number.
    func choose(
        _ bits: UnsafeBufferPointer<UInt64>, _ states: UnsafeBufferPointer<UInt64>,
        into target: UnsafeMutablePointer<UInt64>
    ) -> Int {
        // Only doubles can be NaN; without its sign a NaN is above infinity.
        let limit: UInt64 = type == .double ? Double.infinity.bitPattern : .max
        let rejected = rejectedStates
        var kept = 0
        for index in 0..<bits.count {
            let word = bits[index]
            target[kept] = word
            let counts = states[index] & rejected == 0 && (word & UInt64(Int64.max)) <= limit
            kept &+= counts ? 1 : 0
        }
        return kept
    }
}
