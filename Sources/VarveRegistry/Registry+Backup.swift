// Registry+Backup.swift — a copy of the registry as of one moment, beside whoever changes it.
//
// Invariants:
// - The copy appears under its name when it is whole and on disk, in place of an earlier one. It is readable by its
//   owner only, for it holds secrets.

import GRDB
import VarveFile

extension Registry {
    /// Copies the registry to a file, with SQLite's own means.
    ///
    /// Durability: when it returns the copy is on disk. Cost: the size of the file.
    ///
    /// - Parameter path: The file of the copy; nobody may have it open.
    /// - Throws: `RegistryError`.
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
            // A journal of the file that is replaced would be taken for one of the copy.
            for name in extensions { try files.remove(path + name) }
            try files.rename(partial, to: path)
            try files.syncDirectory(parentFolder(of: path))
        }
    }
}
