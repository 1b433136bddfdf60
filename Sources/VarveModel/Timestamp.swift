// Timestamp.swift — a point in time as Varve stores it.
//
// Invariants:
// - The unit is the nanosecond, the origin 1970-01-01T00:00:00Z, leap seconds are not counted (POSIX time).
// - The range is that of Int64: 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z.

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970-01-01T00:00:00Z; negative before.
    public var nanoseconds: Int64

    /// Makes a timestamp from nanoseconds since 1970 UTC.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The earliest time that can be stored, in 1677.
    public static let earliest = Timestamp(nanoseconds: .min)

    /// The latest time that can be stored, in 2262.
    public static let latest = Timestamp(nanoseconds: .max)

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
