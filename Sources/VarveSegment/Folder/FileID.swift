// FileID.swift — the random names of immutable files, and their kinds.

import VarveCodec

/// Random name of an immutable file; never used twice.
package struct FileID: Hashable, Sendable, CustomStringConvertible {
    var hash: Hash128

    init(_ hash: Hash128) { self.hash = hash }

    /// A new name of 128 random bits: a clash is practically impossible, and creation is exclusive.
    package static func random() -> FileID {
        var generator = SystemRandomNumberGenerator()
        return FileID(Hash128(low: generator.next(), high: generator.next()))
    }

    /// Reads the 32 hex digits of a file's name; nil for any other text.
    package init?(hex: Substring) {
        guard hex.utf8.count == 32, let high = UInt64(hex.prefix(16), radix: 16),
            let low = UInt64(hex.suffix(16), radix: 16)
        else { return nil }
        hash = Hash128(low: low, high: high)
    }

    package var description: String { hash.description }
}

/// The kinds of immutable files beside the manifest.
package enum FileRole: String, Sendable, CaseIterable {
    case segment
    case dictionary
    case receipts
    case messages
}
