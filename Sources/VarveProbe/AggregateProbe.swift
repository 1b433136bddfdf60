// AggregateProbe.swift — a public view of the aggregation, for the package in Benchmarks/.

public import VarveModel
import VarveQuery
public import VarveStorage

/// Aggregates whole series, in the way of `varve query --every`.
public enum AggregateProbe {
    /// The aggregates to compute.
    public enum Figures: Sendable {
        /// Count and average.
        case average
        /// Average, minimum and maximum.
        case averageAndExtremes
    }

    /// Computes the aggregates of each bucket of a series, and counts the buckets.
    ///
    /// - Parameters:
    ///   - figures: The aggregates to compute.
    ///   - series: The series.
    ///   - width: The length of a bucket in the form of `--every`, such as `1h`; nil for one bucket.
    ///   - isDecoding: Whether to decode all values, even where statistics would do.
    ///   - source: The snapshot to read from.
    /// - Returns: The number of buckets with samples.
    public static func buckets(
        _ figures: Figures, of series: SeriesInfo, width: String?, isDecoding: Bool = false,
        in source: StoreSnapshot
    ) throws -> Int {
        let aggregates: [Aggregate] = figures == .average ? [.count, .avg] : [.avg, .min, .max]
        var request = AggregateRequest(
            aggregates, over: try width.map { try Buckets(width: .parse($0)) } ?? .whole)
        request.statistics = isDecoding ? .counts : .figures
        var rows = 0
        try source.aggregate(series, request) { _ in
            rows += 1
            return true
        }
        return rows
    }
}
