// TimeUnit.swift — the unit of times that are numbers.

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

    /// Finds a unit by its short name, also `µs`; nil if no unit has that name.
    public init?(name: some StringProtocol) {
        guard
            let match = TimeUnit.allCases.first(where: { $0.name == name || name == "µs" && $0.name == "us" })
        else { return nil }
        self = match
    }

    /// The decimal logarithm of the nanoseconds in one unit.
    var digits: Int {
        switch self {
        case .seconds: 9
        case .milliseconds: 6
        case .microseconds: 3
        case .nanoseconds: 0
        }
    }

    /// The nanoseconds in one unit.
    var nanoseconds: Int64 {
        switch self {
        case .seconds: 1_000_000_000
        case .milliseconds: 1_000_000
        case .microseconds: 1000
        case .nanoseconds: 1
        }
    }
}
