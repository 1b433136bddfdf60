// Receipt.swift — the counts of one import or message.
//
// Invariants:
// - Every sample of the input is in exactly one of the eight counts, so `samples` is their sum.
// - A line of data has one sample; a line of a wide file has one for each column of values.

/// The counts of what happened to the samples of one import, batch or message.
public struct Receipt: Hashable, Sendable {
    /// Lines of data, good or bad; 0 for a batch or a message, which have no lines.
    public var rows: UInt64 = 0
    /// Samples at times at which the series had no sample.
    public var accepted: UInt64 = 0
    /// Samples whose time, value and quality were already stored; dropped.
    public var identical: UInt64 = 0
    /// Samples that replaced a different value at the same time.
    public var corrected: UInt64 = 0
    /// Samples dropped because a different value was stored at the same time (policy `first`).
    public var superseded: UInt64 = 0
    /// Samples that could not be used; each has a reason.
    public var rejected: UInt64 = 0
    /// Samples with neither a reading nor a quality, and samples that the product's policy does not store.
    public var skipped: UInt64 = 0
    /// Samples too old for a retention rule; not stored.
    public var expired: UInt64 = 0
    /// Samples of batches that were committed before; not applied again.
    public var replayed: UInt64 = 0
    /// The earliest time among samples that were neither rejected nor skipped.
    public var from: Timestamp?
    /// The latest time among samples that were neither rejected nor skipped.
    public var to: Timestamp?

    /// Makes a receipt without samples.
    public init() {}

    /// The number of samples: the sum of the eight counts.
    public var samples: UInt64 { stored + rejected + skipped + expired + replayed }

    /// The samples that reached the store: accepted, identical, corrected and superseded ones.
    public var stored: UInt64 { accepted + identical + corrected + superseded }

    /// Extends the time span to include `time`.
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

/// The rule for two different values of the same series and time.
///
/// The raw values are part of the persistent format.
public enum DuplicatePolicy: UInt8, CaseIterable, Sendable {
    /// The later value is kept and corrects the first one; the default.
    case last = 1
    /// The first value is kept and supersedes the later one.
    case first = 2

    /// The name used on the command line and in the registry.
    public var name: String { self == .last ? "last" : "first" }

    /// Finds a policy by its name; nil if no policy has that name.
    public init?(name: some StringProtocol) {
        guard let match = DuplicatePolicy.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
