// CodecError.swift — why bytes could not be decoded.
//
// Invariants:
// - Given any bytes, a decoder returns a value or throws this error. It never traps and never reads out of
//   bounds.

/// Bytes that do not follow their format.
package struct CodecError: Error, Hashable, CustomStringConvertible {
    /// The offset, within the payload given to the decoder, at which the decoder noticed the damage.
    package let offset: Int
    /// What is wrong there.
    package let reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "damaged data at byte \(offset) of the payload: \(reason)" }
}
