// ReplaySearch.swift — the answer to a batch that was committed before.
//
// Invariants:
// - Changes nothing but what the memory of messages has read.

import VarveCodec
import VarveModel
import VarveSegment

struct ReplaySearch {
    let dictionary: SeriesDictionary
    let state: WriterState
    let view: StoreView

    /// The answer to a batch whose content was committed before; nil to any other.
    ///
    /// - Parameters:
    ///   - content: The content hash of the batch.
    ///   - expired: The rows of it that are too old now.
    func find(
        _ content: Hash128, _ batch: SampleBatch, in session: ReplayIndex.Session?, _ expired: ExpiredRows
    ) throws -> BatchOutcome? {
        var other: BatchOutcome?
        let found: BatchOutcome? = try expired.search(content) { hash, count in
            guard let (outcome, isResumed) = try find(hash, batch, in: session, expired: count) else {
                return nil
            }
            if isResumed || batch.part == nil { return outcome }
            // The batch of the import that is being resumed is told before one of another import.
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
        // The content is the same, so its count and span are those of the rows at hand.
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

    /// Whether something in the time of a batch was deleted after a commit, or a point of it got another type: then it is
    /// applied again.
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
