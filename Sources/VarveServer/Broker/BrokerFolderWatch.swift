// BrokerFolderWatch.swift — makes the broker's folder again when somebody has removed it.
//
// Invariants:
// - When `mend` returns, the folders, the address and the logins are there: the broker that runs can save its state into them
//   when it is ended, and the next one can start.

import VarveFile

/// Looks after `broker/`.
struct BrokerFolderWatch: Sendable {
    private let data: String
    private let folder: BrokerFolder
    private let files: any FileSystem
    private let fill: @Sendable () throws -> Void

    /// - Parameter fill: Writes what stands in the folder: the address and the logins.
    init(
        data: String, _ folder: BrokerFolder, _ files: any FileSystem,
        fill: @escaping @Sendable () throws -> Void
    ) {
        self.data = data
        self.folder = folder
        self.files = files
        self.fill = fill
    }

    /// Makes the folder and what is in it if it, or the one for the broker's state, is gone.
    ///
    /// - Returns: Whether something was made: the broker must be started anew then.
    func mend() throws -> Bool {
        if case .folder? = try files.kind(folder.state) { return false }
        _ = try BrokerFolder(data: data, files)
        try fill()
        return true
    }
}
