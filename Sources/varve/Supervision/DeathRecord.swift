// DeathRecord.swift — how often the service has died lately, and how long to wait before the next start.

/// Counts the deaths of the service within the last minute.
struct DeathRecord {
    /// With so many deaths within `seconds`, the service is not started again.
    static let limit = 5
    /// How many seconds a death counts.
    static let seconds: Int64 = 60
    /// The wait doubles with each death, from the shortest to the longest, in milliseconds.
    private static let shortest = 100
    private static let longest = 5000

    /// When the deaths that count happened, in nanoseconds.
    private var moments: [Int64] = []

    /// Records a death.
    ///
    /// - Parameter now: Nanoseconds of a clock that never goes back.
    /// - Returns: Milliseconds to wait before the next start; nil if there have been too many deaths.
    mutating func record(at now: Int64) -> Int? {
        moments.removeAll { now - $0 >= Self.seconds * 1_000_000_000 }
        moments.append(now)
        guard moments.count < Self.limit else { return nil }
        return min(Self.shortest << (moments.count - 1), Self.longest)
    }
}
