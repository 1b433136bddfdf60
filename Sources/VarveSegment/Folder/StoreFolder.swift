// StoreFolder.swift — the folder of a store on a disk. Every name in it is made and parsed here and nowhere else.
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

package import VarveFile

/// The folder of a store, and the disk it is on.
///
/// Names are relative to the folder, as in `Damage.file`; `absolute` makes a path of a name.
package struct StoreFolder: Sendable {
    /// The disk.
    package let files: any FileSystem
    package let path: String
    /// Gives the id of the next immutable file; tests replace it.
    package let newFileID: @Sendable () -> FileID

    package init(
        _ path: String, on files: any FileSystem, newFileID: @escaping @Sendable () -> FileID = { .random() }
    ) {
        self.path = path
        self.files = files
        self.newFileID = newFileID
    }

    package var lock: String { "\(path)/lock" }
    package var acknowledged: String { absolute(Self.acknowledgedName) }
    package var backupMark: String { "\(path)/backup" }
    package var manifests: String { "\(path)/manifests" }
    package var segments: String { "\(path)/segments" }
    package var wal: String { "\(path)/wal" }

    static let acknowledgedName = "acknowledged"

    /// The path of a name in the folder.
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

extension StoreFolder {
    /// Opens a file of the folder; see `FileSystem.open`.
    ///
    /// - Throws: `FileError` if the file cannot be opened as `mode` says.
    package func open(_ name: String, _ mode: OpenMode) throws(FileError) -> any File {
        try files.open(absolute(name), mode)
    }

    /// The kind of the entry with a name in the folder, or nil if the name is free.
    ///
    /// - Throws: `FileError` if it cannot be examined.
    package func kind(_ name: String) throws(FileError) -> FileKind? { try files.kind(absolute(name)) }

    /// The identity of the file with a name in the folder, or nil if the name is free.
    ///
    /// - Throws: `FileError` if it cannot be examined.
    package func identity(_ name: String) throws(FileError) -> FileIdentity? {
        try files.identity(absolute(name))
    }

    /// Reads a whole file of the folder; see `FileSystem.readAll`.
    ///
    /// - Throws: `FileError`: EFBIG if the file is larger than `limit`, or why it cannot be read.
    package func readAll(_ name: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
        try files.readAll(absolute(name), limit: limit)
    }

    /// Creates a file of the folder, durably, if the name is free; see `FileSystem.createIfAbsent`.
    ///
    /// - Returns: False if the name is taken.
    /// - Throws: `FileError` if a step fails.
    package func createIfAbsent(_ name: String, _ bytes: [UInt8]) throws(FileError) -> Bool {
        try files.createIfAbsent(absolute(name), bytes)
    }

    /// Removes a file of the folder; a missing file is not an error.
    ///
    /// - Throws: `FileError` if the file cannot be removed.
    package func remove(_ name: String) throws(FileError) { try files.remove(absolute(name)) }
}
