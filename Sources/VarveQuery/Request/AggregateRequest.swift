// AggregateRequest.swift — what is asked of the aggregates of one series.

public import VarveModel

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
public struct AggregateRequest: Sendable {
    /// What to compute; the order of the values in a row.
    public var aggregates: [Aggregate]
    /// The buckets.
    public var buckets: Buckets
    /// The times asked for.
    public var range: TimeRange
    /// Whether samples count whose quality is given and not 0.
    public var goodOnly: Bool
    /// The order in which rows leave.
    public var order: TimeOrder
    /// What may be taken from the statistics of blocks; the rows are the same, tests and benchmarks compare.
    package var statistics = StatisticsUse.figures
    /// How many nanoseconds, at least 1, a value holds at most; nil for no end.
    public var hold: Int64?
    /// The moment from which on the last value of all does not hold any more; nil for no such moment.
    public var present: Timestamp?
    /// What is known of the time around the range; nil if it has to be found.
    var bounds: HoldBounds?
    /// Whether rows say when their last value was read.
    var tracksLatest = false

    /// Makes a request.
    public init(
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
