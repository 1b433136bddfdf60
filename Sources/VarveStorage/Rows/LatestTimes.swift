// LatestTimes.swift — for each series a time that no sample of it is later than: rows after it need no look at the
// store.
//
// Invariants:
// - A bound may be too high, never too low; a series without one has to be looked up.
// - 8 bytes for each series up to the highest id noted.

import VarveSegment

struct LatestTimes: Sendable {
    /// No row is later than this, so a series that has it is always looked up.
    private static let unknown = Int64.max
    private var bounds: [Int64] = []

    init() {}

    /// The bound, or nil if there is none.
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

    /// Raises the bound of a series to a time that was stored, where there is a bound.
    mutating func raise(_ series: SeriesID, to time: Int64) {
        guard let bound = self[series] else { return }
        if time > bound { bounds[Int(series)] = time }
    }
}
