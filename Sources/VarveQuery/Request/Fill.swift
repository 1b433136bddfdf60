// Fill.swift — the ways to fill buckets without samples.

/// The values of a bucket without samples.
public enum Fill: String, CaseIterable, Hashable, Sendable {
    /// No row.
    case none
    /// A row without values.
    case null
    /// The values of the last bucket with samples before it, as long as the last value of that bucket holds.
    case previous
    /// Numbers on the straight line between the buckets around the gap; no value where one of the two has no number.
    case linear

    /// The fill with a name.
    ///
    /// - Throws: `AggregationFailure.unknownFill`.
    public static func parse(_ name: String) throws(AggregationFailure) -> Fill {
        guard let fill = Fill(rawValue: name) else { throw .unknownFill(name) }
        return fill
    }

    /// The names, for error messages.
    public static let names = "none, null, previous or linear"

    /// Whether it needs the buckets around a gap, including buckets outside the range.
    var needsNeighbours: Bool { self == .previous || self == .linear }
}
