// DataOptions+Store.swift — opening the store of the data directory.

import VarveModel
import VarveRegistry
import VarveSegment
import VarveStorage

extension DataOptions {
    /// What a command is going to do with the store.
    enum StoreAccess {
        /// Read what is there; an error if there is nothing.
        case read
        /// Change it; an error if there is nothing.
        case change
        /// Change it, made first if it is missing.
        case create
    }

    /// Opens the store.
    func openStore(to access: StoreAccess) throws -> Store {
        switch access {
        case .read:
            // Beside a service, what it has written and not yet made durable is not there yet.
            guard let horizon = RunningService.horizon(self) else {
                return try Store.open(path, options: .reading)
            }
            return try Store.open(path, options: .reading(upTo: horizon))
        case .change:
            guard try Store.exists(path) else { throw StorageError.noStore(path: path) }
            return try open()
        case .create: return try open()
        }
    }

    /// The registry, or nil where there is none yet; one whose making was interrupted is none.
    func registryIfMade() throws -> Registry? {
        do {
            return try openRegistry(to: .read)
        } catch let error as RegistryError where error.code == .notFound {
            return nil
        }
    }

    private func open() throws -> Store {
        try ensureDirectory()
        let store = try Store.open(path)
        let history = try registryIfMade()?.historySeconds() ?? RetentionPeriod.defaultHistorySeconds
        store.history = history * 1_000_000_000
        var errors = StandardErrors()
        for note in store.recoveryNotes { print("varve: recovered: \(note)", to: &errors) }
        return store
    }
}
