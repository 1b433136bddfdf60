// Fill.swift — what buckets without samples are filled with.

/// What stands in buckets without samples.
public enum Fill: String, CaseIterable, Hashable, Sendable {
    /// No row.
    case none
    /// A row without values.
    case null
    /// The values of the last bucket before that has samples, as long as its last value holds.
    case previous
    /// Numbers on the straight line between the buckets around the gap; no value where there is no number.
    case linear

    /// The fill of a name.
    ///
    /// - Throws: `unknownFill`.
    public static func parse(_ name: String) throws(AggregationFailure) -> Fill {
        guard let fill = Fill(rawValue: name) else { throw .unknownFill(name) }
        return fill
    }

    /// The names, as error messages list them.
    public static let names = "none, null, previous or linear"

    /// Whether it needs the buckets around a gap, also those outside of the range.
    var needsNeighbours: Bool { self == .previous || self == .linear }
}
