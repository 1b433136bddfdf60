// ControlHandler.swift — what the service does for a command.

public import VarveModel

/// Carries out requests; called from the threads of connections, several at a time.
public protocol ControlHandler: AnyObject, Sendable {
    /// Which service this is.
    var identity: ServiceIdentity { get }

    /// The state of the broker, as one line for people; answers at once.
    var brokerState: String { get }

    /// All metrics, in Prometheus' text format; answers at once.
    var metrics: String { get }

    /// The number of the last commit that was acknowledged; answers at once.
    var lastCommit: UInt64 { get }

    /// Where batches go. One import at a time uses it.
    var sink: any SampleSink { get }

    /// Makes what was changed in the registry hold for logins; returns when the credentials file is replaced.
    func registryChanged() throws

    /// An import has come to its end: tidies up after it, if need be.
    func importEnded() throws

    /// Merges all segments.
    ///
    /// - Parameter progress: Gets samples done and samples in all, from time to time.
    func compact(_ progress: (UInt64, UInt64) -> Void) throws -> CompactionCounts

    /// Deletes samples; durable when it returns.
    func delete(_ order: DeletionOrder) throws -> DeletionCounts

    /// Changes the type of a point in the store and in the registry; durable when it returns.
    ///
    /// No import runs meanwhile: its rows have the types that it looked up before.
    /// - Parameter progress: Gets the samples that are done, from time to time.
    func changeType(_ change: TypeChange, _ progress: (UInt64) -> Void) throws -> TypeChangeCounts

    /// Writes the WAL and the memtable as a segment.
    func flush() throws

    /// Some rows of a list of the registry, from one on; no secrets are among them.
    func names(_ kind: NameKind, from start: UInt64) throws -> NamePage
}

extension ControlHandler {
    /// None: a service without a registry.
    public func names(_: NameKind, from _: UInt64) throws -> NamePage { NamePage() }
}
