// BrokerFolderWatch.swift — makes the broker's folder again when somebody has removed it.
//
// Invariants:
// - When `mend` returns, the folders, the address and the logins are there: the running broker can save its state when
//   it is stopped, and the next one can start.

import VarveFile

/// Looks after `broker/`.
struct BrokerFolderWatch: Sendable {
    private let data: String
    private let folder: BrokerFolder
    private let files: any FileSystem
    private let fill: @Sendable () throws -> Void

    /// - Parameter fill: Writes the files of the folder: the address and the logins.
    init(
        data: String, _ folder: BrokerFolder, _ files: any FileSystem,
        fill: @escaping @Sendable () throws -> Void
    ) {
        self.data = data
        self.folder = folder
        self.files = files
        self.fill = fill
    }

    /// Writes the files of the folder again.
    ///
    /// - Throws: What `fill` throws.
    func refill() throws { try fill() }

    /// Makes the folder and its files again if the folder of the broker's state is gone.
    ///
    /// - Returns: Whether something was made; the broker must be restarted then.
    /// - Throws: What `BrokerFolder.init` and `fill` throw.
    func mend() throws -> Bool {
        if case .folder? = try files.kind(folder.state) { return false }
        _ = try BrokerFolder(data: data, files)
        try fill()
        return true
    }
}
