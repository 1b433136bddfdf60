// Receipt.swift — what one import or message did, counted.
//
// Invariants:
// - Every row of the input is in exactly one of the six counts, so `rows` is their sum.

/// What the rows of one import, batch or message did.
public struct Receipt: Hashable, Sendable {
    /// Rows that are samples at times where the series had none.
    public var accepted: UInt64 = 0
    /// Rows whose time, value and quality were there already; dropped.
    public var identical: UInt64 = 0
    /// Rows that took the place of a different value at the same time.
    public var corrected: UInt64 = 0
    /// Rows with a different value at the same time that were not taken (policy `first`).
    public var superseded: UInt64 = 0
    /// Rows that could not be used; each has a reason.
    public var rejected: UInt64 = 0
    /// Rows without a reading and without a quality.
    public var skipped: UInt64 = 0
    /// The earliest time among rows that were neither rejected nor skipped.
    public var from: Timestamp?
    /// The latest time among rows that were neither rejected nor skipped.
    public var to: Timestamp?

    /// Makes a receipt of nothing.
    public init() {}

    /// The number of rows: the sum of the six counts.
    public var rows: UInt64 { stored + rejected + skipped }

    /// The rows that reached the store, whatever they did there.
    public var stored: UInt64 { accepted + identical + corrected + superseded }

    /// Widens the time span to take in `time`.
    public mutating func include(_ time: Timestamp) {
        from = min(from ?? time, time)
        to = max(to ?? time, time)
    }

    /// Adds the counts and the time span of another receipt.
    public mutating func add(_ other: Receipt) {
        accepted += other.accepted
        identical += other.identical
        corrected += other.corrected
        superseded += other.superseded
        rejected += other.rejected
        skipped += other.skipped
        if let time = other.from { include(time) }
        if let time = other.to { include(time) }
    }
}

/// Which of two different values for the same series and time is kept.
///
/// The raw values are part of the persistent format.
public enum DuplicatePolicy: UInt8, CaseIterable, Sendable {
    /// The later message wins: the older value is corrected. The default.
    case last = 1
    /// The first value stays: the later one is superseded.
    case first = 2

    /// The name used on the command line and in the registry.
    public var name: String { self == .last ? "last" : "first" }

    /// The policy of that name, or nil if there is none.
    public init?(name: some StringProtocol) {
        guard let match = DuplicatePolicy.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
