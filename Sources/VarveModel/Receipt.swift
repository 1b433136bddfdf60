// Receipt.swift — the counts of one import or message.
//
// Invariants:
// - Every sample of the input is in exactly one of the eight counts, so `samples` is their sum.
// - A line of data has one sample; a line of a wide file has one for each column of values.

/// The counts of what happened to the samples of one import, batch or message.
public struct Receipt: Hashable, Sendable {
    /// Lines of data, good or bad; 0 for a batch or a message, which have no lines.
    public var rows: UInt64 = 0
    /// Samples at times at which the series had no sample, and those that add an occurrence to an event (policy
    /// `every`).
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
/// The raw values are part of the persistent format and of the control protocol.
public enum DuplicatePolicy: UInt8, CaseIterable, Sendable {
    /// The later value is kept and corrects the first one; the default.
    case last = 1
    /// The first value is kept and supersedes the later one.
    case first = 2
    /// Both are kept: the rule of events.
    ///
    /// The series has type `json`, and each value is an array of at least one element. The value that is stored for a
    /// time holds the different elements of all values that came for it, sorted by their bytes.
    case every = 3

    /// The policies that a product can have; `every` is for events only.
    public static let choices: [DuplicatePolicy] = [.last, .first]

    /// The name used on the command line and in the registry.
    public var name: String {
        switch self {
        case .last: "last"
        case .first: "first"
        case .every: "every"
        }
    }

    /// Finds one of the `choices` by its name; nil if none of them has that name.
    public init?(name: some StringProtocol) {
        guard let match = Self.choices.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
