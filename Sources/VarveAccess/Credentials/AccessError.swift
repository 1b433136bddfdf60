// AccessError.swift — a credentials or events file that cannot be used.

/// A file of this module's formats is damaged or of another version.
package struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what is wrong and where.
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}
