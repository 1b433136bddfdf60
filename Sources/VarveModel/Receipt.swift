// Receipt.swift — what one import or message did, counted.
//
// Invariants:
// - Every sample of the input is in exactly one of the eight counts, so `samples` is their sum.
// - A line of data has one sample, in a wide file as many as it has columns of values.

/// What the samples of one import, batch or message did.
public struct Receipt: Hashable, Sendable {
    /// Lines of data, good or bad; 0 where there are no lines, as in a batch or a message.
    public var rows: UInt64 = 0
    /// Samples at times where the series had none.
    public var accepted: UInt64 = 0
    /// Samples whose time, value and quality were there already; dropped.
    public var identical: UInt64 = 0
    /// Samples that took the place of a different value at the same time.
    public var corrected: UInt64 = 0
    /// Samples with a different value at the same time that were not taken (policy `first`).
    public var superseded: UInt64 = 0
    /// Samples that could not be used; each has a reason.
    public var rejected: UInt64 = 0
    /// Samples without a reading and without a quality.
    public var skipped: UInt64 = 0
    /// Samples older than a retention rule keeps them; not stored.
    public var expired: UInt64 = 0
    /// Samples of batches that were committed before; nothing of them was applied.
    public var replayed: UInt64 = 0
    /// The earliest time among samples that were neither rejected nor skipped.
    public var from: Timestamp?
    /// The latest time among samples that were neither rejected nor skipped.
    public var to: Timestamp?

    /// Makes a receipt of nothing.
    public init() {}

    /// The number of samples: the sum of the eight counts.
    public var samples: UInt64 { stored + rejected + skipped + expired + replayed }

    /// The samples that reached the store, whatever they did there.
    public var stored: UInt64 { accepted + identical + corrected + superseded }

    /// Widens the time span to take in `time`.
    public mutating func include(_ time: Timestamp) {
        from = min(from ?? time, time)
        to = max(to ?? time, time)
    }

    /// Adds the counts and the time span of another receipt.
    public mutating func add(_ other: Receipt) {
        rows += other.rows
        accepted += other.accepted
        identical += other.identical
        corrected += other.corrected
        superseded += other.superseded
        rejected += other.rejected
        skipped += other.skipped
        expired += other.expired
        replayed += other.replayed
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
