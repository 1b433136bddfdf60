// Registry+Restore.swift — writes the registry again if its file is removed while it is open.
//
// The kernel keeps the content as long as the file is open, and changes still go into it. But at the next
// start none of them would be there, and a command would begin an empty registry in its place.
//
// Invariants:
// - The new file has the content of the removed one, and the registry uses it from then on.

import GRDB
import VarveFile

extension Registry {
    /// Writes the registry again if its file was removed.
    ///
    /// Cost: one `stat(2)` if nothing happened; otherwise the size of the file. Durability: on disk when it
    /// returns.
    ///
    /// - Returns: Whether the file had been removed.
    /// - Throws: `RegistryError` if the file cannot be written, or if another file is in its place. The
    ///   holder of this registry does not see what commands change in that file.
    public func restoreIfRemoved() throws -> Bool {
        let files = POSIXFileSystem()
        let found = try Self.translatingErrors(path: path) { try files.identity(path) }
        guard found != identity else { return false }
        guard found == nil else {
            throw RegistryError(
                .damaged,
                "\(path) was replaced while it was in use: devices that are registered now are not seen, and what was "
                    + "there is in memory only; stop the service, put the right file there and start it again"
            )
        }
        try backUp(to: path)
        try reopen()
        return true
    }
}
