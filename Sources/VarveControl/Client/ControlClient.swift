// ControlClient.swift — a command's end of the conversation with the service.
//
// Invariants:
// - There are two lines: batches and long work use one, look-ups the other. So a look-up never waits behind a
//   commit.
// - A look-up changes nothing, so it is repeated on a new line if the service has closed an idle one.

import Synchronization
public import VarveModel

/// Sends requests to a running service.
///
/// Any thread may call it. Calls other than `storedType` wait for each other. Every call waits for the
/// service's answer and throws `ControlError`: what the service reports, or kind `lost` if the service is
/// gone or silent.
public final class ControlClient: Sendable {
    private let path: String
    private let times: ControlTimes
    private let work: Mutex<ControlLine>
    private let lookups = Mutex<ControlLine?>(nil)
    /// The service that answered `connect`.
    public let service: ServiceIdentity

    private init(path: String, times: ControlTimes, line: ControlLine) {
        self.path = path
        self.times = times
        service = line.service
        work = Mutex(line)
    }

    /// Connects to the service of a data directory.
    ///
    /// - Returns: Nil if no service answers there.
    /// - Throws: `ControlError` if the service that answers cannot be used, such as one of another version;
    ///   `FileError` if the socket must not be used.
    public static func connect(
        directory: String, times: ControlTimes = ControlTimes()
    ) throws -> ControlClient? {
        let path = directory + "/" + ControlServer.socketName
        guard let line = try ControlLine.connect(to: path, times: times) else { return nil }
        return ControlClient(path: path, times: times, line: line)
    }

    /// The state of the service.
    public func status() throws -> ServiceStatus {
        try work.withLock { line in
            guard case .status(let status) = try line.ask(.status) else { throw line.unexpected() }
            return status
        }
    }

    /// The number of the last commit that the service has acknowledged.
    ///
    /// - Parameter seconds: How long to wait for the answer.
    public func horizon(within seconds: Double = 2) throws -> UInt64 {
        try work.withLock { line in
            guard case .horizon(let commit) = try line.ask(.horizon, within: seconds) else {
                throw line.unexpected()
            }
            return commit
        }
    }

    /// The rows of a list of the registry, without secrets, fetched page by page.
    ///
    /// - Parameters:
    ///   - key: The first row comes after this one: of devices the productKey and the deviceKey. Empty: all rows.
    ///   - goesOn: Whether a row and those after it are wanted.
    public func names(
        _ kind: NameKind, after key: [String] = [], while goesOn: ([String?]) -> Bool = { _ in true }
    ) throws -> [[String?]] {
        var rows: [[String?]] = []
        var end = key
        while true {
            let page = try work.withLock { line in
                guard case .names(let page) = try line.ask(.names(kind, after: end)),
                    page.rows.allSatisfy({ $0.count == kind.fields }), page.end.isEmpty || !page.rows.isEmpty
                else { throw line.unexpected() }
                return page
            }
            for row in page.rows {
                guard goesOn(row) else { return rows }
                rows.append(row)
            }
            if page.end.isEmpty { return rows }
            end = page.end
        }
    }

    /// All metrics of the service, in Prometheus' text format.
    public func metrics() throws -> String {
        try work.withLock { line in
            guard case .metrics(let text) = try line.ask(.metrics) else { throw line.unexpected() }
            return text
        }
    }

    /// Reports that the registry was changed.
    ///
    /// When it returns, logins follow the change.
    ///
    /// - Parameter seconds: How long to wait. The service also notices the change by itself, a little later.
    public func registryChanged(within seconds: Double = 2) throws {
        try done(.registryChanged, within: seconds)
    }

    /// Ends an import, so that another one may begin and the service tidies up.
    public func endImport() throws { try done(.endImport) }

    /// Makes the service write the WAL and the memtable as a segment; durable when it returns.
    public func flush() throws { try done(.flush) }

    /// Makes the service merge all segments, and waits for it.
    ///
    /// - Parameter progress: Called from time to time with the samples done and the samples in all.
    public func compact(_ progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> CompactionReport {
        try work.withLock { line in
            guard case .compaction(let counts) = try line.ask(.compact(waits: true), progress: progress)
            else {
                throw line.unexpected()
            }
            return counts
        }
    }

    /// Makes the service merge all segments, and does not wait for it.
    public func startCompaction() throws { try done(.compact(waits: false)) }

    /// Deletes samples; durable when it returns.
    ///
    /// - Throws: `ControlError`, of kind `notUnderstood` if the order names too many points.
    public func delete(_ order: DeletionOrder) throws -> DeletionReport {
        guard order.points.count <= ControlLimits.deletedPoints else {
            throw ControlError(
                .notUnderstood,
                "\(order.points.count) points in one deletion: name at most \(ControlLimits.deletedPoints)")
        }
        return try work.withLock { line in
            guard case .deletion(let counts) = try line.ask(.delete(order)) else { throw line.unexpected() }
            return counts
        }
    }

    /// Changes the type of a point in the store and in the registry; durable when it returns.
    ///
    /// - Parameter progress: Called from time to time with the number of samples done.
    /// - Throws: `ControlError`, of kind `importRunning` while an import runs, or `notUnderstood` for too
    ///   many or too long lists of missing values.
    public func changeType(
        _ change: TypeChange, _ progress: (UInt64) -> Void = { _ in }
    ) throws -> RetypingReport {
        guard change.missing.count <= ControlLimits.missingLists else {
            throw ControlError(
                .notUnderstood,
                "\(change.missing.count) lists of missing values: name at most \(ControlLimits.missingLists)")
        }
        guard change.missing.allSatisfy({ $0.utf8.count <= ControlLimits.lineBytes }) else {
            throw ControlError(
                .notUnderstood,
                "a list of missing values is longer than \(ControlLimits.lineBytes) bytes: spread it over several"
            )
        }
        return try work.withLock { line in
            let reply = try line.ask(.changeType(change)) { done, _ in progress(done) }
            guard case .typeChange(let counts) = reply else { throw line.unexpected() }
            return counts
        }
    }

    private func done(_ request: ControlRequest, within seconds: Double? = nil) throws {
        try work.withLock { line in
            guard case .done = try line.ask(request, within: seconds) else { throw line.unexpected() }
        }
    }
}

extension ControlClient: ImportSink {
    /// The type of a series in the service's store; nil if the store has never seen it.
    ///
    /// - Throws: `ControlError`, or `FileError` if the socket must not be used.
    public func storedType(of key: SeriesKey) throws -> ValueType? {
        try lookups.withLock { line in
            if let open = line, open.isOpen {
                do {
                    return try Self.type(of: key, open)
                } catch let error as ControlError where error.kind == .lost {
                    line = nil
                }
            }
            guard let new = try ControlLine.connect(to: path, times: times) else {
                throw ControlError(
                    .lost, "the service (process \(service.processID)) ended; run this again once it is back")
            }
            line = new
            return try Self.type(of: key, new)
        }
    }

    private static func type(of key: SeriesKey, _ line: ControlLine) throws -> ValueType? {
        guard case .storedType(let type) = try line.ask(.storedType(key)) else { throw line.unexpected() }
        return type
    }

    /// Starts an import in the service.
    ///
    /// - Throws: `ControlError` of kind `importRunning` while another one runs.
    public func beginImport() throws { try done(.beginImport) }

    /// Hands a batch to the service, and returns when it is on disk.
    ///
    /// Durability: as `SampleSink.commit`. After an error of kind `lost` the batch may have been stored or
    /// not. In either case it is right to commit it again.
    ///
    /// - Throws: `ControlError`, of kind `batchRefused` if the rows cannot be stored.
    public func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try work.withLock { try $0.send(batch, isAssessment: false) }
    }

    /// Reports what a commit would do now, and stores nothing.
    public func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try work.withLock { try $0.send(batch, isAssessment: true) }
    }
}
