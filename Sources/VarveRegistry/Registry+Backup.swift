// Registry+Backup.swift — copies the registry as of one moment, while others may change it.
//
// Invariants:
// - The copy appears under its name, in place of an earlier one, only when it is complete and on disk.
// - Only its owner can read it, because it holds secrets.

import GRDB
import VarveFile

extension Registry {
    /// Copies the registry to a file, by SQLite's backup.
    ///
    /// Durability: when it returns the copy is on disk. Cost: the size of the file.
    ///
    /// - Parameter path: The path of the copy; no process may have that file open.
    /// - Throws: `RegistryError` if the registry cannot be read or the copy cannot be written.
    public func backUp(to path: String) throws {
        let files = POSIXFileSystem()
        try Self.translatingErrors(path: path) {
            let partial = path + ".partial"
            let extensions = ["-wal", "-shm", "-journal"]
            for name in [partial] + extensions.map({ partial + $0 }) { try files.remove(name) }
            try files.createPrivate(partial)
            let copy = try DatabaseQueue(path: partial)
            try queue.backup(to: copy)
            try copy.close()
            let file = try files.open(partial, .append)
            defer { file.close() }
            try file.sync()
            // SQLite would take a journal of the replaced file for one of the copy.
            for name in extensions { try files.remove(path + name) }
            try files.rename(partial, to: path)
            try files.syncDirectory(parentFolder(of: path))
        }
    }
}
