// ReplaySearch.swift — recognises a batch that was committed before, and gives its answer.
//
// Invariants:
// - It changes nothing but the filters that `MessageMemory` has read.

import VarveCodec
import VarveModel
import VarveSegment

struct ReplaySearch {
    let dictionary: SeriesDictionary
    let state: WriterState
    let view: StoreView

    /// The answer to a batch whose content was committed before; nil for any other batch.
    ///
    /// - Parameters:
    ///   - content: The content hash of the batch.
    ///   - batch: The batch.
    ///   - session: The import that the batch belongs to, if any.
    ///   - expired: The rows of the batch that are too old now.
    /// - Throws: `StorageError.damaged` or `FileError` if messages files cannot be read.
    func find(
        _ content: Hash128, _ batch: SampleBatch, in session: ReplayIndex.Session?, _ expired: ExpiredRows
    ) throws -> BatchOutcome? {
        var other: BatchOutcome?
        let found: BatchOutcome? = try expired.search(content) { hash, count in
            guard let (outcome, isResumed) = try find(hash, batch, in: session, expired: count) else {
                return nil
            }
            if isResumed || batch.part == nil { return outcome }
            // A batch of the resumed import has precedence over one of another import.
            other = other ?? outcome
            return nil
        }
        guard var outcome = found ?? other else { return nil }
        if outcome.receipt.expired > 0 { outcome.rules = expired.rules }
        return outcome
    }

    private func find(
        _ hash: Hash128, _ batch: SampleBatch, in session: ReplayIndex.Session?, expired: UInt64
    ) throws -> (outcome: BatchOutcome, isResumed: Bool)? {
        let known = state.replay.replay(of: hash, index: batch.part?.index, in: session) {
            !isDeleted(batch, since: $0.commit)
        }
        if var replay = known {
            replay.receipt.expired = expired
            let outcome = BatchOutcome(
                receipt: replay.receipt, isReplay: true, commit: replay.record.commit)
            return (outcome, replay.isResumed)
        }
        guard let commit = try state.messages.commit(of: hash), !isDeleted(batch, since: commit) else {
            return nil
        }
        // The content is the same, so count and span are those of this batch.
        var receipt = Receipt()
        for rows in batch.series {
            receipt.replayed += UInt64(rows.columns.count)
            for time in [rows.columns.times.min(), rows.columns.times.max()] {
                if let time { receipt.include(Timestamp(nanoseconds: time)) }
            }
        }
        receipt.replayed -= expired
        receipt.expired = expired
        return (BatchOutcome(receipt: receipt, isReplay: true, commit: commit), false)
    }

    /// Whether a deletion after a commit touched the times of the batch, or a point of it got another type since; then
    /// the batch is applied again.
    private func isDeleted(_ batch: SampleBatch, since commit: UInt64) -> Bool {
        guard !view.tombstones.isEmpty || !view.manifest.replacements.isEmpty else { return false }
        return batch.series.contains { rows in
            guard let series = dictionary.find(rows.key)?.id else { return false }
            if view.hasReplaced(series, after: commit) { return true }
            guard let first = rows.columns.times.min(),
                let last = rows.columns.times.max()
            else { return false }
            return view.tombstones.touched(series, first: first, last: last, after: commit)
        }
    }
}
