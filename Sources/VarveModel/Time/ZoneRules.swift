// ZoneRules.swift — the one question Varve asks of a time zone.

/// The offsets of a time zone; implemented where the time zone database is known.
public protocol ZoneRules: Sendable {
    /// Seconds to add to UTC to get local time, at a moment given in whole seconds since 1970 UTC.
    func offsetSeconds(atUTC seconds: Int64) -> Int
}

/// A zone with one offset for all times.
public struct FixedZone: ZoneRules, Hashable {
    /// Seconds east of Greenwich.
    public var seconds: Int

    /// Makes a zone; 0 is UTC.
    public init(seconds: Int = 0) {
        self.seconds = seconds
    }

    /// The same offset, whatever the time.
    public func offsetSeconds(atUTC _: Int64) -> Int { seconds }
}
