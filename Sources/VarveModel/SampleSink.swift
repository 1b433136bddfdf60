// SampleSink.swift — the interface through which importers and channels write samples.
//
// VarveTransfer and VarveIntegration write through this protocol and never see the engine, which implements it in
// VarveStorage. Only whole columns are passed, never single samples.

/// The rows of one series in one batch, in arrival order.
public struct SeriesRows: Sendable {
    /// The series.
    public var key: SeriesKey
    /// The type of its values; if the store has the series, this must be its stored type.
    public var type: ValueType
    /// The rule for two different values at the same time.
    public var policy: DuplicatePolicy
    /// The samples, in arrival order: a later row arrived later.
    public var columns: SampleColumns

    /// Makes the rows of a series.
    public init(
        key: SeriesKey, type: ValueType, policy: DuplicatePolicy = .last, columns: SampleColumns
    ) {
        self.key = key
        self.type = type
        self.policy = policy
        self.columns = columns
    }
}

/// One atomic commit: visible as a whole or not at all.
public struct SampleBatch: Sendable {
    /// The position of a batch in the import of a file.
    public struct Part: Hashable, Sendable {
        /// The number of the batch in its import, from 0.
        public var index: UInt32
        /// Whether it is the import's last batch; its commit marks the import as finished.
        public var isLast: Bool

        /// Makes a position.
        public init(index: UInt32, isLast: Bool) {
            self.index = index
            self.isLast = isLast
        }
    }

    /// The rows, each series once.
    public var series: [SeriesRows]
    /// The position in an import; nil for a message.
    public var part: Part?
    /// Whether the rows are applied even if the same content was committed before (`import --reapply`).
    public var reapply: Bool
    /// The sum of the `RegisteredPoint.policyMark` of the points that the batch was made of.
    ///
    /// A batch is a replay only of one with an equal mark. Default: 0, for points that no policy ever changed.
    public var policyMark: UInt64

    /// Makes a batch.
    public init(
        series: [SeriesRows], part: Part? = nil, reapply: Bool = false, policyMark: UInt64 = 0
    ) {
        self.series = series
        self.part = part
        self.reapply = reapply
        self.policyMark = policyMark
    }
}

/// The outcome of a commit.
public struct BatchOutcome: Sendable {
    /// The counts; `rejected` and `skipped` are 0, as such rows never reach the store.
    ///
    /// For a replay of a message or of a finished import, the samples count as `replayed`. For a replayed batch of an
    /// import that never finished, these are the counts of its first commit, so that a resumed import reports the
    /// whole.
    public var receipt: Receipt
    /// Whether the same content had been committed before and nothing was applied.
    public var isReplay: Bool
    /// The number of the commit that holds the data.
    public var commit: UInt64
    /// The retention rules that samples `expired` by, such as `product wind keeps 30d`; each once.
    public var rules: [String]

    /// The most rules that an outcome names.
    public static let namedRules = 8

    /// Makes an outcome.
    public init(receipt: Receipt, isReplay: Bool, commit: UInt64, rules: [String] = []) {
        self.receipt = receipt
        self.isReplay = isReplay
        self.commit = commit
        self.rules = rules
    }
}

/// What was removed from a store after it had been committed.
public struct SampleRemovals: Hashable, Sendable {
    /// The number of the newest deletion or change of type; another one after each of them.
    public var newest: UInt64
    /// Retention may have removed samples up to this time, in nanoseconds since 1970.
    public var expiredTime: Int64
    /// Retention may have removed samples of commits below this one.
    public var expiredCommit: UInt64

    /// Makes a state; the default is one in which nothing was removed.
    public init(newest: UInt64 = 0, expiredTime: Int64 = .min, expiredCommit: UInt64 = 0) {
        self.newest = newest
        self.expiredTime = expiredTime
        self.expiredCommit = expiredCommit
    }

    /// Whether retention may have removed a sample with this time, in nanoseconds since 1970, and commit.
    public func hasExpired(time: Int64, commit: UInt64) -> Bool {
        time <= expiredTime || commit < expiredCommit
    }
}

/// Takes batches of samples and makes them durable; all that messages need.
public protocol SampleSink: AnyObject, Sendable {
    /// Applies a batch and returns when it is on disk.
    ///
    /// Durability: when this returns, the batch survives a crash of the process and of the machine. When it throws, no
    /// part of the batch is visible. After a failed write or sync the whole batch may be there when the sink is opened
    /// again; committing it again is right in either case.
    ///
    /// - Throws: A `BatchRefusal` if the batch itself is at fault, else the sink's error.
    func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome

    /// Applies batches in their order with one sync for all of them, and returns the result of each.
    ///
    /// Durability: as `commit`, for each batch with a success. A failure with a `BatchRefusal` concerns only that
    /// batch; any other error means that the disk, or whatever the sink writes to, failed.
    func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>]

    /// What was removed so far. Cost: none to speak of.
    ///
    /// - Throws: The sink's error if the store cannot be read.
    func removals() throws -> SampleRemovals
}

/// A sink that also answers what an import asks before it commits: the types that are stored, and what a dry run counts.
public protocol ImportSink: SampleSink {
    /// The stored type of a series; nil if the store has never had the series.
    ///
    /// - Throws: The sink's error if the store cannot be read.
    func storedType(of key: SeriesKey) throws -> ValueType?

    /// Starts an import: the batches that follow, from index 0 on, belong to it.
    ///
    /// Only one import at a time may use a sink.
    func beginImport() throws

    /// Returns what `commit` would return, without changing anything (`import --dry-run`).
    ///
    /// Only the samples already in the store count: rows of earlier batches of the same dry run are not seen.
    ///
    /// - Throws: As `commit(_:)`.
    func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome
}

extension SampleSink {
    /// A sink that removes nothing.
    public func removals() -> SampleRemovals { SampleRemovals() }

    /// Commits one batch after the other, each with a sync of its own.
    public func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>] {
        group.map { batch in Result { try commit(batch) } }
    }
}

/// An error caused by the batch itself: sending the same rows again would fail again.
public protocol BatchRefusal: Error {
    /// Whether this error refuses the batch; if false, the state of the batch is unknown.
    var refusesBatch: Bool { get }
}
