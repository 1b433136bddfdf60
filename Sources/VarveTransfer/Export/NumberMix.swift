// NumberMix.swift — whether a column of values has both doubles and integers that no double is.

public import VarveModel

/// Looks at what kinds of numbers stand in one column of rows.
public struct NumberMix: Sendable {
    /// Integers up to this have doubles of their own.
    private static let largest: UInt64 = 1 << 53

    private var hasDoubles = false
    private var large: SeriesKey?

    /// Makes a look at no rows.
    public init() {}

    /// A series with an integer beyond ±2^53, if doubles stand in the column too.
    public var roundedSeries: SeriesKey? { hasDoubles ? large : nil }

    /// Looks at samples.
    public mutating func add(_ columns: SampleColumns, of series: SeriesInfo) {
        guard columns.count > 0, case .bits(let bits) = columns.values else { return }
        if series.type == .double { hasDoubles = true }
        guard series.type == .int64, large == nil else { return }
        // The bits of a missing value are zero.
        if bits.contains(where: { Int64(bitPattern: $0).magnitude > Self.largest }) { large = series.key }
    }
}
