// BucketTotals.swift — what is known of the samples of one bucket.
//
// Invariants:
// - Only samples with a value that is not NaN, and good ones where only those are asked for, are in it.
// - Extremes are kept as keys: signed integers in the order of the values, −0 before 0.

internal import VarveModel

/// Which samples count and what has to be known of them.
struct AggregationPlan: Sendable {
    let type: ValueType
    /// A sample whose state has one of these bits does not count.
    let rejectedStates: UInt64
    let needsSum: Bool
    let needsExtremes: Bool

    init(type: ValueType, aggregates: [Aggregate], goodOnly: Bool) {
        self.type = type
        let everyQuality = SampleState(quality: -1).bits & ~SampleState(quality: 0).bits
        rejectedStates = SampleState(isMissing: true).bits | (goodOnly ? everyQuality : 0)
        needsSum = aggregates.contains(.avg) || aggregates.contains(.sum)
        needsExtremes = aggregates.contains(.min) || aggregates.contains(.max)
    }
}

/// A run of numbers of one series, in ascending or descending time order.
struct NumberRun {
    var bits: UnsafeBufferPointer<UInt64>
    var states: UnsafeBufferPointer<UInt64>
}

/// Running figures of a bucket.
struct BucketTotals: Sendable {
    private(set) var count = 0
    private(set) var sum = ExactSum()
    private var smallest = Int64.max
    private var largest = Int64.min
    private var earliest: UInt64 = 0
    private var latest: UInt64 = 0
    private var earliestText = ""
    private var latestText = ""

    /// Forgets everything and keeps the memory.
    mutating func reset() {
        if count > 0 { sum.reset() }
        count = 0
        smallest = .max
        largest = .min
    }

    /// Adds numbers; `order` is that of the run and of all runs of the bucket.
    mutating func add(_ run: NumberRun, _ plan: AggregationPlan, order: TimeOrder) {
        // Choosing first, into a small buffer, leaves loops without conditions for all that follows.
        let partCount = 128
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: partCount) { chosen in
            guard let target = chosen.baseAddress else { return }
            var start = 0
            while start < run.bits.count {
                let end = min(start + partCount, run.bits.count)
                let part = NumberRun(
                    bits: UnsafeBufferPointer(rebasing: run.bits[start..<end]),
                    states: UnsafeBufferPointer(rebasing: run.states[start..<end]))
                let kept = BucketTotals.choose(part, plan, into: target)
                if kept > 0 { take(UnsafeBufferPointer(start: target, count: kept), plan, order) }
                start = end
            }
        }
    }

    /// Adds texts: those in `range` of `texts`.
    mutating func add(
        _ texts: TextColumn, _ range: Range<Int>, states: UnsafeBufferPointer<UInt64>,
        _ plan: AggregationPlan,
        order: TimeOrder
    ) {
        func counts(_ index: Int) -> Bool { states[index] & plan.rejectedStates == 0 }
        guard let firstMet = range.first(where: counts), let lastMet = range.last(where: counts) else {
            return
        }
        let ends = order == .ascending ? (firstMet, lastMet) : (lastMet, firstMet)
        if count == 0 || order == .descending { earliestText = texts[ends.0] }
        if count == 0 || order == .ascending { latestText = texts[ends.1] }
        for index in range where counts(index) { count += 1 }
    }

    /// The value of an aggregate; the bucket must not be empty.
    func value(_ aggregate: Aggregate, type: ValueType) -> AggregateValue {
        if aggregate == .count { return .integer(Int128(count)) }
        if type.isText {
            switch aggregate {
            case .first: return type == .json ? .json(earliestText) : .text(earliestText)
            case .last: return type == .json ? .json(latestText) : .text(latestText)
            default: return .none
            }
        }
        switch aggregate {
        case .avg: return .double(sum.mean(count: UInt64(count)))
        case .sum:
            if type == .double { return .double(sum.sum) }
            return sum.integer.map(AggregateValue.integer) ?? .none
        case .min: return BucketTotals.extreme(smallest, type)
        case .max: return BucketTotals.extreme(largest, type)
        case .first: return BucketTotals.number(earliest, type)
        default: return BucketTotals.number(latest, type)
        }
    }

    private mutating func take(
        _ values: UnsafeBufferPointer<UInt64>, _ plan: AggregationPlan, _ order: TimeOrder
    ) {
        let ends = order == .ascending ? (0, values.count - 1) : (values.count - 1, 0)
        if count == 0 || order == .descending { earliest = values[ends.0] }
        if count == 0 || order == .ascending { latest = values[ends.1] }
        count += values.count
        if plan.type == .double {
            if plan.needsSum { sum.add(doubleBits: values) }
            if plan.needsExtremes { takeExtremes(values, flip: Int64.max) }
        } else {
            if plan.needsSum { sum.add(integerBits: values) }
            if plan.needsExtremes { takeExtremes(values, flip: 0) }
        }
    }

    /// Negative doubles have the reverse order of their bits; flipping all bits but the sign makes it right.
    private mutating func takeExtremes(_ values: UnsafeBufferPointer<UInt64>, flip: Int64) {
        var low = smallest
        var high = largest
        for bits in values {
            let signed = Int64(bitPattern: bits)
            let key = signed ^ ((signed &>> 63) & flip)
            low = key < low ? key : low
            high = key > high ? key : high
        }
        smallest = low
        largest = high
    }

    /// Copies the values that count, which must fit, and returns how many they are.
    private static func choose(
        _ run: NumberRun, _ plan: AggregationPlan, into target: UnsafeMutablePointer<UInt64>
    ) -> Int {
        // Only doubles can be NaN: without its sign a NaN is above the infinity.
        let limit: UInt64 = plan.type == .double ? Double.infinity.bitPattern : .max
        let rejected = plan.rejectedStates
        var kept = 0
        for index in 0..<run.bits.count {
            let bits = run.bits[index]
            target[kept] = bits
            let counts = run.states[index] & rejected == 0 && (bits & UInt64(Int64.max)) <= limit
            kept &+= counts ? 1 : 0
        }
        return kept
    }

    private static func extreme(_ key: Int64, _ type: ValueType) -> AggregateValue {
        guard type == .double else { return .integer(Int128(key)) }
        return .double(Double(bitPattern: UInt64(bitPattern: key ^ ((key >> 63) & Int64.max))))
    }

    private static func number(_ bits: UInt64, _ type: ValueType) -> AggregateValue {
        switch type {
        case .double: .double(Double(bitPattern: bits))
        case .bool: .bool(bits != 0)
        default: .integer(Int128(Int64(bitPattern: bits)))
        }
    }
}
