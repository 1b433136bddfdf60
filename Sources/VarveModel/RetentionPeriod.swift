// RetentionPeriod.swift — how long samples are kept, and from when that counts.

/// How long the samples of a product are kept, and by which rule.
public struct ProductRetention: Hashable, Sendable {
    /// How long.
    public var period: RetentionPeriod
    /// The rule in words, such as `product wind keeps 30d`.
    public var rule: String

    /// Describes the retention of a product.
    public init(period: RetentionPeriod, rule: String) {
        self.period = period
        self.rule = rule
    }
}

/// Gives the rules as they are, by product; a product that is not there keeps everything.
public typealias RetentionRules = @Sendable () throws -> [String: ProductRetention]

/// How long samples are kept.
public struct RetentionPeriod: Hashable, Sendable {
    /// From when the age of a sample counts.
    public enum Basis: UInt8, Hashable, Sendable, CaseIterable {
        /// From the time of the sample.
        case event = 0
        /// From when it was committed.
        case arrival = 1

        /// The name on the command line.
        public var name: String { self == .event ? "event" : "arrival" }
    }

    /// Whole seconds, at least one.
    public var seconds: Int64
    /// From when they count.
    public var basis: Basis

    /// Describes a period.
    public init(seconds: Int64, basis: Basis = .event) {
        self.seconds = seconds
        self.basis = basis
    }

    /// How long versions of samples are kept that were corrected since, if nothing else was said: 7 days, in seconds.
    public static let defaultHistorySeconds: Int64 = 604_800

    private static let units: [DurationText.Unit] = [
        ("y", 31_536_000), ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]
    private static let longest: Int64 = 500 * 31_536_000

    /// Reads a whole number and a unit, `90s`, `15m`, `12h`, `30d`, `8w` or `2y` (of 365 days); nil for anything else.
    ///
    /// - Returns: Seconds, from 0 to 500 years.
    public static func seconds(_ text: String) -> Int64? {
        DurationText.length(text, units: units).flatMap { $0 > longest ? nil : $0 }
    }

    /// The text that `seconds` reads, in the largest unit that divides it; weeks are told in days.
    public static func text(_ seconds: Int64) -> String {
        let unit = units.first { $0.name != "w" && seconds % $0.length == 0 }
        guard seconds > 0, let unit else { return "\(seconds)s" }
        return "\(seconds / unit.length)\(unit.name)"
    }
}
