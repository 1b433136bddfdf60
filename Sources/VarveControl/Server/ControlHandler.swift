// ControlHandler.swift — what the service does for commands.

public import VarveModel

/// Carries out requests.
///
/// It is called from the threads of connections, several at a time. What a method throws is sent to the
/// command as a `ControlError`.
public protocol ControlHandler: AnyObject, Sendable {
    /// The version, process and start of this service.
    var identity: ServiceIdentity { get }

    /// The state of the broker, as one line for people. Must not block.
    var brokerState: String { get }

    /// All metrics, in Prometheus' text format. Must not block.
    var metrics: String { get }

    /// The number of the last acknowledged commit. Must not block.
    var lastCommit: UInt64 { get }

    /// The receiver of batches. Only one import uses it at a time.
    var sink: any ImportSink { get }

    /// Makes logins and messages follow a change of the registry.
    ///
    /// When it returns, the credentials file is up to date, and no message is taken any more under the registry before, and
    /// no batch of an import with samples of a device that was deleted.
    func registryChanged() throws

    /// Tidies up after an import that has ended, if needed.
    func importEnded() throws

    /// Merges all segments, and returns when that is done.
    ///
    /// - Parameter progress: To be called from time to time with the samples done and the samples in all.
    func compact(_ progress: (UInt64, UInt64) -> Void) throws -> CompactionReport

    /// Deletes samples; durable when it returns.
    func delete(_ order: DeletionOrder) throws -> DeletionReport

    /// Changes the type of a point in the store and in the registry; durable when it returns.
    ///
    /// No import runs meanwhile, because its rows have the types that it looked up before.
    ///
    /// - Parameter progress: To be called from time to time with the number of samples done.
    func changeType(_ change: TypeChange, _ progress: (UInt64) -> Void) throws -> RetypingReport

    /// Writes the WAL and the memtable as a segment; durable when it returns.
    func flush() throws

    /// The rows of a list of the registry after the end of a page, at most a page of them, without secrets.
    func names(_ kind: NameKind, after end: [String]) throws -> NamePage
}

extension ControlHandler {
    /// An empty page, for a service without a registry.
    public func names(_: NameKind, after _: [String]) throws -> NamePage { NamePage() }
}
