// ServerError.swift — why the service cannot start or go on.

/// An error of the service, in one line: what, where, what to do.
public struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text of the error, in one line.
    public let description: String

    /// Makes an error.
    public init(_ description: String) { self.description = description }
}
