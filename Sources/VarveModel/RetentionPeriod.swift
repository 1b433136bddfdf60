// RetentionPeriod.swift — how long samples are kept, and from which moment their age counts.

/// For how long samples are kept, and by which rule.
public struct RetentionTerm: Hashable, Sendable {
    /// The time for which samples are kept.
    public var period: RetentionPeriod
    /// The rule in words, such as `product wind keeps 30d`.
    public var rule: String

    /// Describes a term.
    public init(period: RetentionPeriod, rule: String) {
        self.period = period
        self.rule = rule
    }
}

/// How long the samples of a product are kept.
public struct ProductRetention: Hashable, Sendable {
    /// The term of points without one of their own; nil keeps their samples forever.
    public var others: RetentionTerm?
    /// The terms of single points, by the names under which they are stored; nil as a term keeps samples forever,
    /// whatever `others` is.
    public var points: [Name: RetentionTerm?]

    /// Describes the retention of a product.
    public init(others: RetentionTerm?, points: [Name: RetentionTerm?] = [:]) {
        self.others = others
        self.points = points
    }

    /// Describes a product with one rule for all its points.
    public init(period: RetentionPeriod, rule: String) {
        self.init(others: RetentionTerm(period: period, rule: rule))
    }

    /// The term of a stored point; nil keeps its samples forever.
    public func term(of point: String) -> RetentionTerm? {
        if points.isEmpty { return others }
        return points[Name(point)] ?? others
    }
}

/// Returns the current rules by product; a product without a rule keeps everything.
public typealias RetentionRules = @Sendable () throws -> [Name: ProductRetention]

/// How long samples are kept.
public struct RetentionPeriod: Hashable, Sendable {
    /// The moment from which the age of a sample counts.
    public enum Basis: UInt8, Hashable, Sendable, CaseIterable {
        /// The time of the sample.
        case event = 0
        /// The time of its commit.
        case arrival = 1

        /// The name on the command line.
        public var name: String { self == .event ? "event" : "arrival" }
    }

    /// Whole seconds, at least one.
    public var seconds: Int64
    /// The moment from which the seconds count.
    public var basis: Basis

    /// Describes a period.
    public init(seconds: Int64, basis: Basis = .event) {
        self.seconds = seconds
        self.basis = basis
    }

    /// The default time, in seconds, for which corrected versions of samples are kept: 7 days.
    public static let defaultHistorySeconds: Int64 = 604_800
}
