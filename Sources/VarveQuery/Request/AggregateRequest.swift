// AggregateRequest.swift — a request for aggregates of one series.

public import VarveModel

/// How far an aggregation uses the statistics of blocks.
package enum StatisticsUse: CaseIterable, Sendable {
    /// Not at all: every sample is decoded and checked.
    case none
    /// Only to see in which blocks every sample counts; all values are decoded.
    case counts
    /// For the figures themselves, where statistics have them.
    case figures
}

/// A request for aggregates of one series.
public struct AggregateRequest: Sendable {
    /// The aggregates, in the order of the values in a row.
    public var aggregates: [Aggregate]
    /// The buckets.
    public var buckets: Buckets
    /// The range of times.
    public var range: TimeRange
    /// Whether only samples whose quality is 0 or absent count.
    public var goodOnly: Bool
    /// The order of the rows.
    public var order: TimeOrder
    /// How far statistics of blocks are used; it does not change the rows.
    ///
    /// Tests and benchmarks compare its cases.
    package var statistics = StatisticsUse.figures
    /// The most nanoseconds, at least 1, that a value holds; nil for no limit.
    public var hold: Int64?
    /// The moment at which the last value of all ceases to hold; nil for none.
    public var present: Timestamp?
    /// What holds around the range; nil if it has to be found.
    var bounds: HoldBounds?
    /// Whether rows carry the time of their last value.
    var tracksLatest = false

    /// Creates a request.
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
