// BrokerLog.swift — keeps mosquitto's log from growing without end.
//
// mosquitto names each saving of its state in its log and has no limit for it. It appends, so the file can be cut to
// nothing while it is open; a line written in that moment may be lost.
//
// Invariants:
// - Log and predecessor together take at most twice the limit and what is written between two looks.

import VarveFile

/// The broker's log and its predecessor.
struct BrokerLog: Sendable {
    private let path: String
    private let files: any FileSystem
    private let limit: Int

    /// - Parameter limit: Bytes above which the log begins anew.
    init(_ path: String, _ files: any FileSystem, limit: Int = 8 << 20) {
        self.path = path
        self.files = files
        self.limit = limit
    }

    /// Where the log is kept when it begins anew.
    var predecessor: String { path + ".1" }

    /// Sets the log of a broker that ended aside, for whoever reads on in it.
    func setAside() throws(FileError) {
        guard try files.kind(path) != nil else { return }
        try files.rename(path, to: predecessor)
    }

    /// Begins the log anew if it has become too long.
    func bound() throws(FileError) {
        guard case .file(let size)? = try files.kind(path), size > limit else { return }
        try files.replace(predecessor, try files.readAll(path))
        let file = try files.open(path, .append)
        defer { file.close() }
        try file.truncate(to: 0)
    }
}
