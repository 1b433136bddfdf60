// ServiceStore+SampleSink.swift — commits batches to the open store; after a failed write the store is opened again.
//
// Invariants:
// - A commit is acknowledged only after the store has answered it.
// - If the store was opened again meanwhile, the group is committed once more; batches that were there are replays.

public import VarveModel
import VarvePlatform
import VarveStorage

extension ServiceStore: ImportSink {
    /// The type of the values of a series, or nil if the store has never seen the series.
    ///
    /// - Throws: `StorageError.notWritable` once closed; what opening the store again throws.
    public func storedType(of key: SeriesKey) throws -> ValueType? {
        try current().store.storedType(of: key)
    }

    /// Starts an import; only one at a time may use the store.
    ///
    /// - Throws: What `Store.beginImport` throws, and what opening the store again throws.
    public func beginImport() throws {
        try change { try $0.beginImport() }
        holder.withLock { $0.importOpening = $0.opening }
    }

    /// Commits a batch; concurrent callers share one sync.
    ///
    /// Durability: the batch is on disk when this returns.
    /// - Throws: `Unavailable` if the store was opened again in the middle of the batch's import; what `Store.commit`
    ///   and opening the store again throw.
    public func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        let outcome = try change { store in
            try checkImport(batch)
            return try metrics.timing { try store.commit(batch) }
        }
        acknowledge(outcome.commit)
        if !outcome.isReplay { noteRoom() }
        metrics.count(outcome)
        return outcome
    }

    /// Commits batches with one sync; see `Store.commit(group:)`.
    ///
    /// If a write fails, the next call first tries once to open the store again, without a pause: the caller decides
    /// how soon to call again. Durability: a batch with an outcome is on disk when this returns.
    public func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>] {
        while true {
            let store: Store
            do {
                store = try current().store
            } catch {
                return group.map { _ in .failure(error) }
            }
            var results = metrics.timing { store.commit(group: group) }
            var isReplaced = false
            for result in results {
                switch result {
                case .success(let outcome): acknowledge(outcome.commit)
                case .failure(let error):
                    examine(error, of: store)
                    isReplaced = isReplaced || wasReplaced(store, error)
                }
            }
            // A batch that was committed before may be committed again: it is a replay then.
            guard !isReplaced else { continue }
            for case .success(let outcome) in results { metrics.count(outcome) }
            for (index, result) in results.enumerated() {
                switch result {
                case .success(let outcome): if !outcome.isReplay { noteRoom() }
                case .failure(let error): results[index] = .failure(answer(error, of: store))
                }
            }
            return results
        }
    }

    /// What was removed from the store so far.
    ///
    /// - Throws: `StorageError.notWritable` once closed; what opening the store again throws.
    public func removals() throws -> SampleRemovals { try snapshot().removals }

    /// What a commit of the batch would do now; nothing is stored.
    ///
    /// - Throws: What `Store.assess` throws, and what opening the store again throws.
    public func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try change { try $0.assess(batch) }
    }

    private func checkImport(_ batch: borrowing SampleBatch) throws {
        guard let part = batch.part else { return }
        try holder.withLock { holder in
            // The first batch makes the engine remember which import it is.
            if part.index == 0 { holder.importOpening = holder.opening }
            guard holder.importOpening == holder.opening else {
                throw Unavailable(
                    description:
                        "the store was opened again after a failed write in the middle of this import; "
                        + "run the import again, it goes on where it stopped")
            }
        }
    }
}
