// ZoneRules.swift — a time zone as Varve uses it.
//
// Invariants:
// - `meaning(ofLocal:)` agrees with `offsetSeconds(atUTC:)`: at a moment that it names, the clock shows the local time.

/// The meaning of a local time in a zone.
public enum LocalMeaning: Hashable, Sendable {
    /// The clock shows it once; the offset is in seconds east of Greenwich.
    case once(offset: Int64)
    /// The clock shows it twice, because it was put back: the offsets of the earlier and of the later moment.
    case twice(earlier: Int64, later: Int64)
    /// The clock never shows it, because it was put forward: the offsets before and after the change.
    case never(before: Int64, after: Int64)
}

/// The offsets of a time zone; implemented where the time zone database is known.
public protocol ZoneRules: Sendable {
    /// Seconds to add to UTC to get local time, at a moment given in whole seconds since 1970 UTC.
    func offsetSeconds(atUTC seconds: Int64) -> Int

    /// The meaning of a local time, given in seconds since 1970-01-01 00:00 of the same clock.
    func meaning(ofLocal seconds: Int64) -> LocalMeaning
}

extension ZoneRules {
    /// Finds the meaning from all offsets that are in force around the time.
    ///
    /// Cost: some hundred look-ups; a zone that knows its changes answers faster.
    public func meaning(ofLocal seconds: Int64) -> LocalMeaning {
        // No offset was ever 16 hours or more, and none has lasted less than a quarter of an hour.
        let reach: Int64 = 16 * 3600
        var offsets: [Int64] = []
        for moment in stride(from: seconds - reach, through: seconds + reach, by: 900) {
            let offset = Int64(offsetSeconds(atUTC: moment))
            if offsets.last != offset { offsets.append(offset) }
        }
        let moments = Set(offsets.map { seconds - $0 })
            .filter { Int64(offsetSeconds(atUTC: $0)) == seconds - $0 }
        if let first = moments.min(), let last = moments.max() {
            return first == last
                ? .once(offset: seconds - first) : .twice(earlier: seconds - first, later: seconds - last)
        }
        let jump = zip(offsets, offsets.dropFirst()).first { $0 < $1 }
        return .never(before: jump?.0 ?? offsets[0], after: jump?.1 ?? offsets[0])
    }
}

/// A zone with one offset for all times.
public struct FixedZone: ZoneRules, Hashable {
    /// Seconds east of Greenwich.
    public var seconds: Int

    /// Makes a zone; 0 is UTC.
    public init(seconds: Int = 0) {
        self.seconds = seconds
    }

    /// The zone's offset, at every moment.
    public func offsetSeconds(atUTC _: Int64) -> Int { seconds }

    /// Always `once`, with the zone's offset.
    public func meaning(ofLocal _: Int64) -> LocalMeaning { .once(offset: Int64(seconds)) }
}
