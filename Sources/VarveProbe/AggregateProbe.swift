// AggregateProbe.swift — a public window on the aggregation, for the package in Benchmarks/.

public import VarveModel
public import VarveStorage

/// Aggregates whole series, as `varve query --every` does.
public enum AggregateProbe {
    /// What is asked for.
    public enum Figures: Sendable {
        /// Count and average.
        case average
        /// Average, minimum and maximum.
        case averageAndExtremes
    }

    /// Computes figures of each bucket of a series.
    ///
    /// - Parameters:
    ///   - figures: What to compute.
    ///   - series: The series.
    ///   - width: The length of a bucket as `--every` takes it, such as `1h`; nil for one bucket.
    ///   - isDecoding: Whether all values are decoded, whatever the statistics say.
    ///   - source: Where the samples are read.
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
