// Reports.swift — reports about changes of the store: the engine fills them in, commands and the service show them.

/// The counts of a compaction.
public struct CompactionReport: Hashable, Sendable {
    /// Segments merged.
    public var segments = 0
    /// Samples read.
    public var samplesIn: UInt64 = 0
    /// Older versions of samples that were removed.
    public var dropped: UInt64 = 0
    /// Older versions of samples that were written again, to keep history.
    public var kept: UInt64 = 0
    /// Deleted samples that were removed.
    public var deleted: UInt64 = 0
    /// Bytes of the segments read.
    public var bytesIn: UInt64 = 0
    /// Bytes of the segments written.
    public var bytesOut: UInt64 = 0

    /// Makes the report of a compaction that merged nothing.
    public init() {}
}

/// The counts of a deletion.
public struct DeletionReport: Hashable, Sendable {
    /// Series that had samples in the range.
    public var series = 0
    /// Samples that were visible before and are deleted now.
    public var samples: UInt64 = 0
    /// The first commit without the deleted samples; the newest commit if nothing was deleted.
    public var commit: UInt64 = 0
    /// The time of the first deleted sample; nil if nothing was deleted.
    public var from: Timestamp?
    /// The time of the last deleted sample; nil if nothing was deleted.
    public var to: Timestamp?

    /// Makes the report of a deletion that found nothing.
    public init() {}
}

/// The counts of a change of a point's type, also of a dry run.
public struct RetypingReport: Hashable, Sendable {
    /// A value that does not fit the new type.
    public struct Unfit: Hashable, Sendable {
        /// The series that it is in.
        public var key: SeriesKey
        /// Its time.
        public var time: Timestamp
        /// The value as an export writes it; a long value is shortened.
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

    /// Series whose type changes; series that already have the new type are not counted.
    public var series = 0
    /// The visible samples of these series before the change: the sum of the four counts below.
    public var samples: UInt64 = 0
    /// Samples that stay, with their value in the new type or, as before, without a value.
    public var converted: UInt64 = 0
    /// Samples that lose their value but stay: an import would read it as missing, and they have a quality.
    public var missing: UInt64 = 0
    /// Samples that are removed: an import would read their value as missing, and they have no quality.
    public var skipped: UInt64 = 0
    /// Samples whose value does not fit.
    ///
    /// With `dropsUnfit` they are removed; without it nothing is changed.
    public var unfit: UInt64 = 0
    /// The first `unfit` samples, in the order in which the series are stored.
    public var examples: [Unfit] = []
    /// The first commit with the new type; the newest commit if nothing changed.
    public var commit: UInt64 = 0

    /// Makes the report of a change without samples.
    public init() {}
}
