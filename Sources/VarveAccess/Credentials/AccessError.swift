// AccessError.swift — a credentials or events file that cannot be used.

/// Thrown for a file of this module's formats that is damaged or of another version.
public struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and where, in one line.
    public var description: String

    init(_ description: String) {
        self.description = description
    }
}
