// DataOptions+Store.swift — opening the store of the data directory.

import VarveModel
import VarveRegistry
import VarveSegment
import VarveStorage

extension DataOptions {
    /// What a command does with the store.
    enum StoreAccess {
        /// Reads; an error if there is no store.
        case read
        /// Changes it; an error if there is no store.
        case change
        /// Changes it, and creates it first if it is missing.
        case create
    }

    /// Opens the store, and prints on standard error what recovery mended.
    ///
    /// Beside a running service a reader sees the commits up to the last acknowledged one.
    ///
    /// - Throws: `StorageError.noStore` if there is no store to read or change, and what `Store.open` throws.
    func openStore(to access: StoreAccess) throws -> Store {
        switch access {
        case .read:
            // What a running service has written but not yet made durable must not be shown.
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

    /// The newest commit of the store, or that a running service has acknowledged; 0 without a store.
    ///
    /// - Throws: As `openStore`.
    func newestCommit() throws -> UInt64 {
        if let horizon = RunningService.horizon(self) { return horizon }
        guard try Store.exists(path) else { return 0 }
        let store = try openStore(to: .read)
        defer { try? store.close() }
        return store.snapshot().commit
    }

    /// The registry; nil if it was not created yet, or its creation was interrupted.
    ///
    /// - Throws: `RegistryError` if it is there and cannot be opened.
    func registryIfMade() throws -> Registry? {
        do {
            return try openRegistry(to: .read)
        } catch let error as RegistryError where error.code == .notFound {
            return nil
        }
    }

    /// The number of stored samples of a product, or of one of its devices; 0 if there is no store.
    ///
    /// Cost: reads the times of these series.
    func storedSamples(product: String, device: String? = nil) throws -> UInt64 {
        guard try Store.exists(path) else { return 0 }
        let snapshot = try openStore(to: .read).snapshot()
        let series = device.map { snapshot.series(ofDevices: [Name($0)]) } ?? snapshot.series()
        let keys = series.map(\.key).filter { $0.product.sameBytes(as: product) }
        return try snapshot.assessDeletion(of: keys, in: TimeRange()).samples
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

/// Refuses to delete a name under which the store has samples.
struct HeldData: Error, CustomStringConvertible {
    var what: String
    var samples: UInt64

    var description: String {
        "\(what) has \(samples) stored \(samples == 1 ? "sample" : "samples"): delete them first with varve delete, "
            + "or leave them in the store with --keep-data"
    }
}
