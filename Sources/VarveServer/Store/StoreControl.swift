// StoreControl.swift — what the service does for a command, over its store.

public import VarveControl
public import VarveModel
public import VarveRegistry
import VarveSegment
import VarveStorage
import VarveText

/// Carries out the requests of `control.sock`.
public final class StoreControl: ControlHandler {
    /// Which service this is.
    public let identity: ServiceIdentity
    private let store: ServiceStore
    private let broker: @Sendable () -> String
    private let metricsText: @Sendable () -> String
    private let registryHasChanged: @Sendable () throws -> Void
    let registry: Registry
    private let pausing: @Sendable (() throws -> RetypingReport) throws -> RetypingReport

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - identity: Which service this is.
    ///   - store: Its store.
    ///   - brokerState: Returns the broker's state as one line for the user, without waiting.
    ///   - metrics: Returns all metrics as text.
    ///   - registryChanged: Brings the credentials file up to date, and returns when no message is parsed or committed
    ///     any more under the registry as it was before.
    ///   - registry: Its registry.
    ///   - pausing: Runs its argument while no message is parsed or committed.
    public init(
        identity: ServiceIdentity, store: ServiceStore, brokerState: @escaping @Sendable () -> String,
        metrics: @escaping @Sendable () -> String = { "" },
        registryChanged: @escaping @Sendable () throws -> Void, registry: Registry,
        pausing: @escaping @Sendable (() throws -> RetypingReport) throws -> RetypingReport = { try $0() }
    ) {
        self.registry = registry
        self.pausing = pausing
        self.identity = identity
        self.store = store
        broker = brokerState
        metricsText = metrics
        registryHasChanged = registryChanged
    }

    /// The state of the broker.
    public var brokerState: String { broker() }

    /// All metrics, as they are now.
    public var metrics: String {
        store.measure()
        return metricsText()
    }

    /// The number of the last commit that was acknowledged.
    public var lastCommit: UInt64 { store.lastCommit }

    /// Where batches go.
    public var sink: any ImportSink { StoppingSink(store) }

    /// Applies changes of the registry to logins and messages.
    ///
    /// - Throws: What replacing the credentials file throws.
    public func registryChanged() throws { try registryHasChanged() }

    /// Merges the small segments that an import has left.
    ///
    /// - Throws: `ControlError` if the service is stopping; what `ServiceStore.compactIfDue` throws.
    public func importEnded() throws {
        _ = try inWordsOfCommands { try store.compactIfDue() }
    }

    /// Merges all segments.
    ///
    /// - Throws: `ControlError` if the service is stopping; what `ServiceStore.compact` throws.
    public func compact(_ progress: (UInt64, UInt64) -> Void) throws -> CompactionReport {
        try inWordsOfCommands { try store.compact(progress) }
    }

    /// Deletes samples.
    ///
    /// - Throws: `ControlError` if the service is stopping; what `ServiceStore.delete` throws.
    public func delete(_ order: DeletionOrder) throws -> DeletionReport {
        try inWordsOfCommands {
            try store.delete(
                product: order.product, device: order.device, points: order.points, in: order.range)
        }
    }

    /// Changes the type of a point in the store and then in the registry, between two groups of messages.
    ///
    /// - Throws: `ControlError` if the service is stopping, if values do not fit, or for a text that is no rule; what `Registry.changeType` and
    ///   `ServiceStore.retype` throw.
    public func changeType(
        _ change: TypeChange, _ progress: (UInt64) -> Void
    ) throws -> RetypingReport {
        let missing = MissingWords(lists: change.missing)
        let rule: ValueRule?
        do throws(RuleFailure) {
            rule = try change.rule.map { text throws(RuleFailure) in try RuleText.rule(text) }
        } catch {
            throw ControlError(.notUnderstood, error.reason)
        }
        // The wait for a merge comes before the pause of messages, because a merge may take long.
        return try inWordsOfCommands {
            try store.whileNotMerging {
                try pausing {
                    try registry.changeType(
                        ofPoint: change.point, inModel: change.model, to: change.type, rule: rule
                    ) { products in
                        let retyping = Retyping(
                            products: products, point: change.point, to: change.type, missing: missing,
                            dropsUnfit: change.dropsUnfit)
                        return try store.retype(retyping, progress)
                    }
                }
            }
        }
    }

    /// Makes long changes give up, because the service is stopping.
    func giveUpLongChanges() { store.giveUpLongChanges() }

    /// Writes the memtable as a segment.
    ///
    /// - Throws: `ControlError` if the service is stopping; what `ServiceStore.flush` throws.
    public func flush() throws { try inWordsOfCommands { try store.flush() } }
}

/// Calls the store; its errors say what the user of a command can do.
///
/// A closed store means that the service is stopping.
private func inWordsOfCommands<T>(_ body: () throws -> T) throws -> T {
    do {
        return try body()
    } catch StorageError.notWritable {
        throw ControlError(
            .notWritable, "the service is stopping; run this again once it has ended or is back")
    } catch let error as UnfitValues {
        throw ControlError(.failed, messageWithRemedy(error))
    } catch let error as StorageError where error.isDamage {
        throw ControlError(.failed, messageWithRemedy(error))
    }
}

/// The store's sink, with errors in the words of commands.
private final class StoppingSink: ImportSink {
    private let store: ServiceStore

    init(_ store: ServiceStore) { self.store = store }

    func storedType(of key: SeriesKey) throws -> ValueType? {
        try inWordsOfCommands { try store.storedType(of: key) }
    }

    func beginImport() throws { try inWordsOfCommands { try store.beginImport() } }

    func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try inWordsOfCommands { try store.commit(batch) }
    }

    func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try inWordsOfCommands { try store.assess(batch) }
    }
}
