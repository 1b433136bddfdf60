// ServiceStatus.swift — what a service reports about itself.

public import VarveModel

/// Identifies a running service.
public struct ServiceIdentity: Hashable, Sendable {
    /// The version of the program.
    public var version: String
    /// The process id of the service.
    public var processID: Int
    /// When the service started.
    public var startedAt: Timestamp

    /// Describes a service.
    public init(version: String, processID: Int, startedAt: Timestamp) {
        self.version = version
        self.processID = processID
        self.startedAt = startedAt
    }
}

/// The state of a service.
public struct ServiceStatus: Hashable, Sendable {
    /// The service that reports it.
    public var identity: ServiceIdentity
    /// The number of the last commit that was acknowledged.
    public var lastCommit: UInt64
    /// The state of the broker, as one line for people.
    public var broker: String

    /// Describes the state of a service.
    public init(identity: ServiceIdentity, lastCommit: UInt64, broker: String) {
        self.identity = identity
        self.lastCommit = lastCommit
        self.broker = broker
    }
}
