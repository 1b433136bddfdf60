// StoreControl.swift — what the service does for a command, over its store.

import Synchronization
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
    private let devices: ImportedDevices
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
        devices = ImportedDevices(registry)
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
    public var sink: any ImportSink { StoppingSink(store, devices) }

    /// Applies changes of the registry to logins, messages and a running import.
    ///
    /// - Throws: What replacing the credentials file throws.
    public func registryChanged() throws {
        try registryHasChanged()
        devices.wait()
    }

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

/// Ends an import that has samples of a device which was deleted since the import began.
///
/// A batch is checked and committed under one lock. So a deletion that waits for the lock is followed by no batch that was
/// checked before it.
private final class ImportedDevices: Sendable {
    private let registry: Registry
    /// The state of the registry when the import began.
    private let beginning = Mutex<UInt64>(0)

    init(_ registry: Registry) { self.registry = registry }

    /// Returns when no batch is committed that was checked before.
    func wait() { beginning.withLock { _ in } }

    func begin() throws { try beginning.withLock { $0 = try registry.generation() } }

    /// Commits a batch.
    ///
    /// - Throws: `ControlError` if a device was deleted; what `body` throws.
    func commit(
        _ batch: SampleBatch, _ body: (SampleBatch) throws -> BatchOutcome
    ) throws -> BatchOutcome {
        try beginning.withLock { beginning in
            guard batch.part != nil, try registry.generation() != beginning else { return try body(batch) }
            let devices = Set(
                batch.series.map { Registration.Device(product: $0.key.product, device: $0.key.device) })
            guard let missing = try registry.firstMissing(of: devices) else { return try body(batch) }
            let name = Excerpt.of("\(missing.product)/\(missing.device)")
            throw ControlError(
                .failed,
                "device \(name) was deleted while the import ran, which ends here; create the device again or take its rows "
                    + "out of the file, then import the file again")
        }
    }
}

/// The store's sink, with errors in the words of commands.
private final class StoppingSink: ImportSink {
    private let store: ServiceStore
    private let devices: ImportedDevices

    init(_ store: ServiceStore, _ devices: ImportedDevices) {
        self.store = store
        self.devices = devices
    }

    func storedType(of key: SeriesKey) throws -> ValueType? {
        try inWordsOfCommands { try store.storedType(of: key) }
    }

    func beginImport() throws {
        try inWordsOfCommands {
            try devices.begin()
            try store.beginImport()
        }
    }

    func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try inWordsOfCommands { try devices.commit(batch) { try store.commit($0) } }
    }

    func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try inWordsOfCommands { try store.assess(batch) }
    }
}
