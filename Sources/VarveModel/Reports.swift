// Reports.swift — what changes of the store did: the engine fills them, commands and the service show them.

/// What a compaction did.
public struct CompactionReport: Hashable, Sendable {
    /// Segments merged.
    public var segments = 0
    /// Samples read.
    public var samplesIn: UInt64 = 0
    /// Older versions that were removed.
    public var dropped: UInt64 = 0
    /// Older versions among what was written: history keeps them.
    public var kept: UInt64 = 0
    /// Deleted samples that were removed.
    public var deleted: UInt64 = 0
    /// Bytes of the segments read.
    public var bytesIn: UInt64 = 0
    /// Bytes of the segments written.
    public var bytesOut: UInt64 = 0

    /// Nothing was merged.
    public init() {}
}

/// What a deletion did.
public struct DeletionReport: Hashable, Sendable {
    /// Series that had samples in the range.
    public var series = 0
    /// Samples that were visible before and are gone.
    public var samples: UInt64 = 0
    /// The commit from which on they are gone; of a deletion that found nothing, the newest commit.
    public var commit: UInt64 = 0
    /// When the first and the last of them were.
    public var from: Timestamp?
    /// The last of them.
    public var to: Timestamp?

    /// Nothing was deleted.
    public init() {}
}

/// What a change of a point's type did, or would do.
public struct RetypingReport: Hashable, Sendable {
    /// A value that does not fit the new type.
    public struct Unfit: Hashable, Sendable {
        /// The series that it is in.
        public var key: SeriesKey
        /// Its time.
        public var time: Timestamp
        /// The value as an export writes it, cut short where it is long.
        public var text: String

        /// Names a value.
        public init(key: SeriesKey, time: Timestamp, text: String) {
            self.key = key
            self.time = time
            self.text = text
        }
    }

    /// The most examples that are kept.
    public static let mostExamples = 5

    /// Series whose type changes; those that have the new type already are not counted.
    public var series = 0
    /// Their visible samples before the change: the sum of the four counts below.
    public var samples: UInt64 = 0
    /// Samples that stay, with their value in the new type or, as before, without one.
    public var converted: UInt64 = 0
    /// Samples that stay and lose their value: an import would read it as missing, and they have a quality.
    public var missing: UInt64 = 0
    /// Samples that go: an import would read their value as missing, and they have no quality.
    public var skipped: UInt64 = 0
    /// Samples whose value does not fit; they go if `dropsUnfit` says so, else nothing changes.
    public var unfit: UInt64 = 0
    /// The first of them, in the order in which the series are stored.
    public var examples: [Unfit] = []
    /// The commit from which on the type is the new one; where nothing changed, the newest commit.
    public var commit: UInt64 = 0

    /// Nothing was changed.
    public init() {}
}
