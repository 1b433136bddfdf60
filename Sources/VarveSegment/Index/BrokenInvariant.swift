// BrokenInvariant.swift — what a check of a structure found wrong.

/// A structure is not what its file says that it always is.
package struct BrokenInvariant: Error, Hashable, Sendable, CustomStringConvertible {
    /// The structure.
    var structure: String
    /// The sentence that does not hold.
    package var reason: String

    /// Structure and reason.
    package var description: String { "\(structure): \(reason)" }

    /// Throws unless something holds.
    package static func unless(
        _ holds: Bool, _ structure: String, _ reason: @autoclosure () -> String
    ) throws(BrokenInvariant) {
        guard holds else { throw BrokenInvariant(structure: structure, reason: reason()) }
    }
}
