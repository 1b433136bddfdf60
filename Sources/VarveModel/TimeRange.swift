// TimeRange.swift — a half-open span of time.
//
// Invariants:
// - `from` is in the range, `to` is not.
// - `to == nil` includes every later time, even the last storable nanosecond, which no half-open Int64 bound can
//   express.

/// The times from `from` up to, but not including, `to`.
public struct TimeRange: Hashable, Sendable {
    /// The first time in the range.
    public var from: Timestamp
    /// The first time after the range; nil for a range without end.
    public var to: Timestamp?

    /// Makes the range `[from, to)`.
    public init(from: Timestamp = .earliest, to: Timestamp? = nil) {
        self.from = from
        self.to = to
    }

    /// Every time that can be stored.
    public static let all = TimeRange()

    /// The last nanosecond in the range; nil if the range is empty.
    public var lastNanosecond: Int64? {
        guard let to else { return .max }
        return to > from ? to.nanoseconds - 1 : nil
    }

    /// Whether no time is in the range.
    public var isEmpty: Bool { lastNanosecond == nil }

    /// Whether `time` is in the range.
    public func contains(_ time: Timestamp) -> Bool {
        guard let last = lastNanosecond else { return false }
        return time >= from && time.nanoseconds <= last
    }

    /// Whether the span from `first` to `last`, both included, has a time in common with the range.
    public func overlaps(first: Timestamp, last: Timestamp) -> Bool {
        guard let end = lastNanosecond else { return false }
        return first.nanoseconds <= end && last >= from
    }
}
