// CodecError.swift — why bytes could not be decoded.
//
// Invariants:
// - A decoder given any bytes returns a value or throws this error; it never traps and never reads outside.

/// Bytes that are not what their format says.
package struct CodecError: Error, Hashable, CustomStringConvertible {
    /// The offset within the payload given to the decoder at which it noticed.
    package let offset: Int
    /// What is wrong there.
    package let reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "damaged data at byte \(offset) of the payload: \(reason)" }
}
