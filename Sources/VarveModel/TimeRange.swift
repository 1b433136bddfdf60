// TimeRange.swift — a half-open span of time.
//
// Invariants:
// - `from` is in the range, `to` is not; the one exception is an open end: `to == nil` takes in every
//   later time, the last storable nanosecond included, which no half-open Int64 bound could say.

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

    /// The last nanosecond in the range, or nil if the range is empty.
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

    /// Whether a run of samples between `first` and `last`, both included, has a time in the range.
    public func overlaps(first: Timestamp, last: Timestamp) -> Bool {
        guard let end = lastNanosecond else { return false }
        return first.nanoseconds <= end && last >= from
    }
}
