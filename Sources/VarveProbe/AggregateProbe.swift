// AggregateProbe.swift — a public window on the aggregation, for the package in Benchmarks/.

public import VarveModel
import VarveStorage

/// Aggregates whole series, as `varve query --every` does.
public enum AggregateProbe {
    /// Computes average, minimum and maximum of each bucket of a series.
    ///
    /// - Parameters:
    ///   - series: The series.
    ///   - width: The length of a bucket as `--every` takes it, such as `1h`.
    ///   - source: Where the samples are read.
    /// - Returns: The number of buckets with samples.
    public static func buckets(
        of series: SeriesInfo, width: String, in source: any SampleSource
    ) throws -> Int {
        var aggregator = Aggregator(
            type: series.type, aggregates: [.avg, .min, .max], buckets: try Buckets(width: .parse(width)))
        var rows = 0
        func count(_ row: AggregateRow) -> Bool {
            rows += 1
            return true
        }
        try source.read(series.key, in: .all, order: .ascending) { aggregator.add($0, count) }
        _ = aggregator.finish(count)
        return rows
    }
}
