// BucketWidth.swift — the nominal length of a bucket, and its text.

import VarveModel
import VarveText

/// The nominal length of a bucket.
public struct BucketWidth: Hashable, Sendable {
    /// The length in nanoseconds, from 1 ms to 400 days; `Int64.max` for `Buckets.whole`.
    public let nanoseconds: Int64

    static let day: Int64 = 86_400_000_000_000
    private static let longest = 400 * day
    static let units: [DurationText.Unit] = [
        ("ms", 1_000_000), ("s", 1_000_000_000), ("sec", 1_000_000_000), ("m", 60_000_000_000),
        ("min", 60_000_000_000), ("h", 3_600_000_000_000), ("d", day), ("w", 7 * day),
    ]

    /// Reads a whole number and a unit: `500ms`, `10s`, `5m` or `5min`, `1h`, `1d`, `1w`.
    ///
    /// - Throws: `AggregationFailure.notDuration`, `tooLong` or `tooShort`.
    public static func parse(_ text: String) throws(AggregationFailure) -> BucketWidth {
        guard let length = DurationText.length(text, units: units) else { throw .notDuration(text) }
        guard length <= longest else { throw .tooLong(text) }
        guard length > 0 else { throw .tooShort(text) }
        return BucketWidth(nanoseconds: length)
    }
}
