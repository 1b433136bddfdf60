// BrokenInvariant.swift — the error of a structure that breaks one of its invariants.

/// A structure breaks an invariant that the head of its file lists.
package struct BrokenInvariant: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the structure, for messages.
    var structure: String
    /// What is wrong, as a phrase for messages.
    package var reason: String

    /// One line with structure and reason.
    package var description: String { "\(structure): \(reason)" }

    /// Throws a `BrokenInvariant` unless `holds` is true.
    ///
    /// - Throws: `BrokenInvariant` with the structure and the reason.
    package static func unless(
        _ holds: Bool, _ structure: String, _ reason: @autoclosure () -> String
    ) throws(BrokenInvariant) {
        guard holds else { throw BrokenInvariant(structure: structure, reason: reason()) }
    }
}
