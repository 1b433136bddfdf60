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
}
