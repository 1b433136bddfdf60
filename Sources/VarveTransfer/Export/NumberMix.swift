// NumberMix.swift — whether a column of values mixes doubles with integers that a double may not hold exactly.

public import VarveModel

/// Takes note of the kinds of numbers in one column of rows.
public struct NumberMix: Sendable {
    /// Each integer up to this size is a double.
    private static let largest: UInt64 = 1 << 53

    private var hasDoubles = false
    private var large: SeriesKey?

    /// Starts without rows.
    public init() {}

    /// A series with an integer beyond ±2^53 if the column also has doubles; else nil.
    public var roundedSeries: SeriesKey? { hasDoubles ? large : nil }

    /// Takes note of samples of a series.
    public mutating func add(_ columns: SampleColumns, of series: SeriesInfo) {
        guard columns.count > 0, case .bits(let bits) = columns.values else { return }
        if series.type == .double { hasDoubles = true }
        guard series.type == .int64, large == nil else { return }
        // The bits of a missing value are zero.
        if bits.contains(where: { Int64(bitPattern: $0).magnitude > Self.largest }) { large = series.key }
    }
}
