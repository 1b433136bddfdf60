// FileNames.swift — every name in a data directory: made and parsed here and nowhere else.
//
//     DIR/lock                            held by the one writing process
//     DIR/manifests/00000000000000000007.manifest
//     DIR/segments/<32 hex digits>.segment      blocks, index, footer
//     DIR/segments/<32 hex digits>.dictionary   series keys and ids
//     DIR/segments/<32 hex digits>.receipts     what the batches of imports did
//     DIR/segments/<32 hex digits>.messages     which messages were committed
//     DIR/wal/00000000000000000003.wal          being written, or left by a crash
//     DIR/wal/00000000000000000002.sealed       closed cleanly
//     DIR/acknowledged                    the newest commit that was acknowledged
//     DIR/backup                          marks a folder that only `varve backup` has written to
//     DIR/registry.sqlite …                     VarveRegistry's

package import VarveCodec

/// Random name of an immutable file; never used twice.
package struct FileID: Hashable, Sendable, CustomStringConvertible {
    package var hash: Hash128

    package init(_ hash: Hash128) { self.hash = hash }

    /// A new name; 122 random bits and more make a clash practically impossible, and creation is exclusive.
    package static func random() -> FileID {
        var generator = SystemRandomNumberGenerator()
        return FileID(Hash128(low: generator.next(), high: generator.next()))
    }

    /// Reads the 32 hex digits of a file's name.
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

package struct DataDirectory: Sendable {
    package let path: String
    /// Names the next immutable file.
    package let newFileID: @Sendable () -> FileID

    package init(_ path: String, newFileID: @escaping @Sendable () -> FileID = { .random() }) {
        self.path = path
        self.newFileID = newFileID
    }

    package var lock: String { "\(path)/lock" }
    package var acknowledged: String { absolute(Self.acknowledgedName) }
    package var backupMark: String { "\(path)/backup" }
    package var manifests: String { "\(path)/manifests" }
    package var segments: String { "\(path)/segments" }
    package var wal: String { "\(path)/wal" }

    package static let acknowledgedName = "acknowledged"

    /// A path under the data directory from a name as `Damage.file` has it.
    package func absolute(_ relative: String) -> String { "\(path)/\(relative)" }

    package static func manifest(_ number: UInt64) -> String { "manifests/\(padded(number)).manifest" }

    package static func immutable(_ id: FileID, _ role: FileRole) -> String {
        "segments/\(id).\(role.rawValue)"
    }

    package static func wal(_ number: UInt64, sealed: Bool) -> String {
        "wal/\(padded(number)).\(sealed ? "sealed" : "wal")"
    }

    package static func manifestNumber(_ name: String) -> UInt64? { number(name, ".manifest") }

    package static func walNumber(_ name: String) -> (number: UInt64, sealed: Bool)? {
        if let open = number(name, ".wal") { return (open, false) }
        return number(name, ".sealed").map { ($0, true) }
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    private static func number(_ name: String, _ suffix: String) -> UInt64? {
        guard name.count == 20 + suffix.count, name.hasSuffix(suffix) else { return nil }
        return UInt64(name.dropLast(suffix.count))
    }
}
