// Registry+Restore.swift — a registry whose file is removed while it is open is written again.
//
// The kernel keeps the content as long as the file is open, and changes go on into it: none of them would be there at the
// next start, and a command would begin an empty registry in its place.
//
// Invariants:
// - What was in the removed file is in the new one, which the registry uses from then on.

import GRDB
import VarveFile

extension Registry {
    /// Writes the registry again if its file was removed.
    ///
    /// Cost: a `stat(2)` where nothing happened, else the size of the file.
    ///
    /// - Returns: Whether it was.
    /// - Throws: `RegistryError` where it cannot be written, or where another file is in its place: what commands change
    ///   there the holder of this registry does not see.
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
