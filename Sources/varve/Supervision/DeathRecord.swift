// DeathRecord.swift — how often the service died lately, and how long to wait before it is started again.

/// Counts deaths.
struct DeathRecord {
    /// The deaths within `seconds` that are too many.
    static let limit = 5
    /// How long a death counts.
    static let seconds: Int64 = 60
    /// The waits double from this to the longest, in milliseconds.
    private static let shortest = 100
    private static let longest = 5000

    /// The moments of the last deaths, in nanoseconds.
    private var moments: [Int64] = []

    /// Takes note of a death.
    ///
    /// - Parameter now: Nanoseconds of a clock that never goes back.
    /// - Returns: Milliseconds to wait before the next start; nil if there have been too many deaths.
    mutating func note(at now: Int64) -> Int? {
        moments.removeAll { now - $0 >= Self.seconds * 1_000_000_000 }
        moments.append(now)
        guard moments.count < Self.limit else { return nil }
        return min(Self.shortest << (moments.count - 1), Self.longest)
    }
}
