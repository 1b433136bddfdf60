// AggregationPlan.swift — what the requested aggregates need from the samples.

internal import VarveModel
import VarveSegment

/// Which samples count, and what the aggregates need from them.
struct AggregationPlan: Sendable {
    let type: ValueType
    let isText: Bool
    let goodOnly: Bool
    /// A sample whose state has one of these bits does not count.
    let rejectedStates: UInt64
    let needsSum: Bool
    let needsExtremes: Bool
    let needsSquares: Bool
    let needsMedian: Bool
    let needsHolding: Bool
    /// Whether the time of the last value of a bucket is needed.
    let needsTimes: Bool
    /// Whether only the number of samples is requested.
    let isCountOnly: Bool

    init(type: ValueType, _ request: AggregateRequest) {
        self.init(
            type: type, aggregates: request.aggregates, goodOnly: request.goodOnly,
            tracksLatest: request.tracksLatest)
    }

    init(
        type: ValueType, aggregates: [Aggregate], goodOnly: Bool, tracksLatest: Bool = false
    ) {
        self.type = type
        isText = type.isText
        self.goodOnly = goodOnly
        let everyQuality = SampleState(quality: -1).bits & ~SampleState(quality: 0).bits
        rejectedStates = SampleState(isMissing: true).bits | (goodOnly ? everyQuality : 0)
        let wanted = aggregates.filter { type.isText ? $0.isForText : true }
        needsSum = wanted.contains(.avg) || wanted.contains(.sum) || wanted.contains(.stddev)
        needsExtremes = wanted.contains(.min) || wanted.contains(.max)
        needsSquares = wanted.contains(.stddev)
        needsMedian = wanted.contains(.median)
        needsHolding = wanted.contains(.twa)
        needsTimes = needsHolding || tracksLatest
        isCountOnly = wanted.allSatisfy { $0 == .count }
    }

    /// Whether a sample that is not text counts.
    func counts(_ bits: UInt64, _ state: UInt64) -> Bool {
        // Only doubles can be NaN; without its sign a NaN is above infinity.
        let limit: UInt64 = type == .double ? Double.infinity.bitPattern : .max
        return state & rejectedStates == 0 && bits & UInt64(Int64.max) <= limit
    }

    /// Whether a sample that is text counts.
    func countsText(_ state: UInt64) -> Bool { state & rejectedStates == 0 }

    /// Whether every sample of a block counts, by its statistics.
    func takesAll(of statistics: BlockStatistics, count: Int) -> Bool {
        let numbers = type == .double ? statistics.numeric : statistics.present
        return numbers == count && (!goodOnly || statistics.good == count)
    }

    /// Whether the statistics of a block suffice for the request.
    func isServed(by statistics: BlockStatistics, count: Int) -> Bool {
        if statistics.present == 0 || (goodOnly && statistics.good == 0) { return true }
        return canUseStatistics && (!goodOnly || statistics.good == count)
    }

    /// Whether statistics have all requested aggregates.
    var canUseStatistics: Bool {
        !(needsSquares || needsMedian || needsTimes) && (!isText || isCountOnly)
    }
}
