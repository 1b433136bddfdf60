// BrokerLog.swift — keeps mosquitto's log from growing without end.
//
// mosquitto logs each saving of its state and has no limit for its log. It appends, so the file can be truncated to
// zero bytes while it is open; a line that is written at that moment may be lost.
//
// Invariants:
// - The log and its predecessor together take at most twice the limit, and what is written between two checks.

import VarveFile

/// The broker's log and its predecessor.
struct BrokerLog: Sendable {
    private let path: String
    private let files: any FileSystem
    private let limit: Int

    /// - Parameter limit: The size in bytes above which the log is moved to its predecessor.
    init(_ path: String, _ files: any FileSystem, limit: Int = 8 << 20) {
        self.path = path
        self.files = files
        self.limit = limit
    }

    /// The path of the earlier part of the log.
    var predecessor: String { path + ".1" }

    /// Renames the log of a broker that has ended to the predecessor, so that a reader can read the rest of it.
    ///
    /// - Throws: `FileError` if the file cannot be renamed.
    func moveToPredecessor() throws(FileError) {
        guard try files.kind(path) != nil else { return }
        try files.rename(path, to: predecessor)
    }

    /// Copies the log to its predecessor and truncates it, if it is longer than the limit.
    ///
    /// - Throws: `FileError` if a file cannot be read or written.
    func truncateIfLong() throws(FileError) {
        guard case .file(let size)? = try files.kind(path), size > limit else { return }
        try files.replace(predecessor, try files.readAll(path))
        let file = try files.open(path, .append)
        defer { file.close() }
        try file.truncate(to: 0)
    }
}
