// ConnectionEventFile.swift — the names and first line of the events file; the format is in EventsFile.md.

import VarveFile

/// What writer and reader of the events file have in common.
enum ConnectionEventFile {
    private static let version = "varve-events\t1\t"
    /// The length of the first line.
    static let headerSize = version.utf8.count + 16 + 1

    /// Where a full file goes.
    static func older(_ path: String) -> String { path + ".1" }

    /// The first line; the number tells one file from the next, as an inode, which is used again, does not.
    static func header(identity: UInt64) -> [UInt8] {
        Array("\(version)\(TabText.hex(identity))\n".utf8)
    }

    /// The number in the first line of a file; nil if it is none of ours.
    static func identity(of file: any File) throws(FileError) -> UInt64? {
        let bytes = try file.readBytes(count: headerSize, at: 0)
        let digits = bytes.dropFirst(version.utf8.count).dropLast()
        guard let identity = UInt64(String(decoding: digits, as: UTF8.self), radix: 16),
            bytes == header(identity: identity)
        else { return nil }
        return identity
    }
}
