// TimeUnit.swift — the unit of integer times, and how it is told from the numbers of a whole file.
//
// A number belongs to the coarsest unit in which it can be stored: seconds up to 2262 are at most
// 9,223,372,036, milliseconds a thousand times that, and so on. Times within a hundred days of 1970 look like
// the unit before; `--time-unit` is for those.
//
// Invariants:
// - A file has one unit: numbers of different units are an error, never a guess. Zero fits every unit.

/// The unit of integer times.
public enum TimeUnit: UInt8, CaseIterable, Sendable {
    /// Seconds since 1970 UTC.
    case seconds
    /// Milliseconds since 1970 UTC.
    case milliseconds
    /// Microseconds since 1970 UTC.
    case microseconds
    /// Nanoseconds since 1970 UTC.
    case nanoseconds

    /// The short name used on the command line and in receipts.
    public var name: String {
        switch self {
        case .seconds: "s"
        case .milliseconds: "ms"
        case .microseconds: "us"
        case .nanoseconds: "ns"
        }
    }

    /// The unit of that name (`µs` too), or nil if there is none.
    public init?(name: some StringProtocol) {
        guard
            let match = TimeUnit.allCases.first(where: { $0.name == name || name == "µs" && $0.name == "us" })
        else { return nil }
        self = match
    }

    /// The nanoseconds in one.
    var nanoseconds: Int64 {
        switch self {
        case .seconds: 1_000_000_000
        case .milliseconds: 1_000_000
        case .microseconds: 1000
        case .nanoseconds: 1
        }
    }
}

/// Counts what the integer times of a file look like.
struct TimeCensus {
    /// Integer times that look like each unit, by raw value; zeros are not among them.
    private var counts: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private(set) var zeros: UInt64 = 0

    /// The largest number of seconds that can be stored.
    private static let lastSecond: UInt64 = 9_223_372_036

    /// Counts an integer time.
    mutating func add(integer value: Int64) {
        let magnitude = value.magnitude
        if magnitude == 0 {
            zeros += 1
        } else if magnitude <= Self.lastSecond {
            counts.0 += 1
        } else if magnitude <= Self.lastSecond * 1000 {
            counts.1 += 1
        } else if magnitude <= Self.lastSecond * 1_000_000 {
            counts.2 += 1
        } else {
            counts.3 += 1
        }
    }

    /// Whether there was an integer time.
    var hasIntegers: Bool { zeros > 0 || !seenUnits.isEmpty }

    /// The units that numbers of the file look like.
    var seenUnits: [TimeUnit] {
        let all = [counts.0, counts.1, counts.2, counts.3]
        return TimeUnit.allCases.filter { all[Int($0.rawValue)] > 0 }
    }

    /// The one unit of the file; nil where it has no integer times or they are of several.
    var unit: TimeUnit? {
        let units = seenUnits
        if units.count == 1 { return units[0] }
        return units.isEmpty && zeros > 0 ? .seconds : nil
    }
}
