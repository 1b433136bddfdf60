// SampleSink.swift — where importers and channels put samples.
//
// VarveTransfer and VarveIntegration write through this protocol and never see the engine;
// VarveStorage implements it. Whole columns cross here, never single samples.

/// The rows of one series in one batch, in arrival order.
public struct SeriesRows: Sendable {
    /// The series.
    public var key: SeriesKey
    /// The type of its values; must be the type the store has for the series, if it has one.
    public var type: ValueType
    /// Which value is kept where two differ.
    public var policy: DuplicatePolicy
    /// The samples, in arrival order: a later row is a later message.
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
    /// Where a batch stands in a file's import.
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
    /// The position in an import, or nil for a message.
    public var part: Part?
    /// Applies the rows even if the same content was committed before (`import --reapply`).
    public var reapply: Bool

    /// Makes a batch.
    public init(series: [SeriesRows], part: Part? = nil, reapply: Bool = false) {
        self.series = series
        self.part = part
        self.reapply = reapply
    }
}

/// What a commit did.
public struct BatchOutcome: Sendable {
    /// The counts; `rejected` and `skipped` are 0, as such rows never reach the store.
    ///
    /// For a replay of a finished import or a message, what was stored then is `replayed`. For a batch of an import
    /// that never finished, these are the counts of its first commit, so that a resumed import reports the whole.
    public var receipt: Receipt
    /// Whether the same content had been committed before and nothing was applied.
    public var isReplay: Bool
    /// The number of the commit that holds the data.
    public var commit: UInt64
    /// The retention rules by which samples are `expired`, such as `product wind keeps 30d`; each once.
    public var rules: [String]

    /// The most rules that are named.
    public static let namedRules = 8

    /// Makes an outcome.
    public init(receipt: Receipt, isReplay: Bool, commit: UInt64, rules: [String] = []) {
        self.receipt = receipt
        self.isReplay = isReplay
        self.commit = commit
        self.rules = rules
    }
}

/// Takes batches of samples and makes them durable.
public protocol SampleSink: AnyObject, Sendable {
    /// The type the store has for a series, or nil if it has never seen it.
    func storedType(of key: SeriesKey) throws -> ValueType?

    /// Starts an import: the batches that follow, from index 0 on, are its batches.
    ///
    /// Only one import at a time may use a sink.
    func beginImport() throws

    /// Applies a batch and returns when it is on disk.
    ///
    /// Durability: when this returns, the batch survives a crash of the process and of the machine. When it
    /// throws, nothing of the batch is visible now. After a failed write or sync the whole batch may turn out to
    /// be there once the sink is opened again; to commit it again is right in either case.
    func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome

    /// Applies batches in their order and returns, with one sync for all of them, what each did.
    ///
    /// Durability: as `commit`, for each batch whose result is a success. A failure whose error is a
    /// `BatchRefusal` concerns that batch alone; any other says that the disk (or what lies behind the sink) failed.
    func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>]

    /// Says what `commit` would answer, without changing anything (`import --dry-run`).
    ///
    /// Only what the store holds now counts: rows of earlier batches of the same dry run are not seen.
    func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome
}

extension SampleSink {
    /// Commits one batch after the other, each with a sync of its own.
    public func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>] {
        group.map { batch in Result { try commit(batch) } }
    }
}

/// An error that is the batch's own fault: to send the same rows again would fail again.
public protocol BatchRefusal: Error {
    /// Whether this error refuses the batch; if not, nothing is known about the batch.
    var refusesBatch: Bool { get }
}
