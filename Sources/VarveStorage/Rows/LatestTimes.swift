// LatestTimes.swift — for each series a time that none of its samples is later than; later rows need no look-up.
//
// Invariants:
// - A bound may be too high but never too low. A series without a bound must be looked up.
// - Memory: 8 bytes for each series up to the highest id noted.

import VarveSegment

struct LatestTimes: Sendable {
    /// No row is later than this, so a series with this bound is always looked up.
    private static let unknown = Int64.max
    private var bounds: [Int64] = []

    init() {}

    /// The bound of a series; nil if it is unknown.
    subscript(series: SeriesID) -> Int64? {
        guard Int(series) < bounds.count, bounds[Int(series)] != Self.unknown else { return nil }
        return bounds[Int(series)]
    }

    /// Sets the bound of a series.
    mutating func set(_ series: SeriesID, _ time: Int64) {
        if Int(series) >= bounds.count {
            let missing = Int(series) + 1 - bounds.count
            bounds.append(contentsOf: repeatElement(Self.unknown, count: missing))
        }
        bounds[Int(series)] = time
    }

    /// Raises the bound of a series to a time that was stored, if it has a bound.
    mutating func raise(_ series: SeriesID, to time: Int64) {
        guard let bound = self[series] else { return }
        if time > bound { bounds[Int(series)] = time }
    }
}
