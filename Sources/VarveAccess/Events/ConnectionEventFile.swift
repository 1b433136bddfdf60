// ConnectionEventFile.swift — the names and first line of the events file. EventsFile.md describes the
// format.

import VarveFile

/// What the writer and the reader of the events file share.
enum ConnectionEventFile {
    private static let version = "varve-events\t1\t"
    /// The length of the first line, in bytes, with its line feed.
    static let headerSize = version.utf8.count + 16 + 1

    /// The name that a full file is renamed to.
    static func older(_ path: String) -> String { path + ".1" }

    /// The first line, with a random number that identifies the file.
    ///
    /// An inode cannot identify it, because inodes are reused.
    static func header(identity: UInt64) -> [UInt8] {
        Array("\(version)\(TabText.hex(identity))\n".utf8)
    }

    /// The number in the first line of a file; nil if the file is not an events file of this version.
    static func identity(of file: any File) throws(FileError) -> UInt64? {
        let bytes = try file.readBytes(count: headerSize, at: 0)
        let digits = bytes.dropFirst(version.utf8.count).dropLast()
        guard let identity = UInt64(String(decoding: digits, as: UTF8.self), radix: 16),
            bytes == header(identity: identity)
        else { return nil }
        return identity
    }
}
