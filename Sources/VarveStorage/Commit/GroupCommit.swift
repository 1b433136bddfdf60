// GroupCommit.swift — carries out a group of batches: decide, make durable, publish.
//
// Small batches of a group become WAL records written with one sync, or with several where they are more than one
// write takes. A batch with many rows to store is sealed as
// a segment and committed by a manifest of its own; waiting WAL records are synced before it, so that commits
// become durable in their order.
//
// Invariants:
// - `view` is ahead of disk only inside `run`; what failed is taken back before it returns.
// - Durability order of a large batch: segment, dictionary and receipts or messages file, then the manifest naming them.

import VarveCodec
import VarveFile
import VarveModel
import VarveSegment

struct GroupCommit {
    private let context: StoreContext
    private let state: WriterState
    private(set) var view: StoreView
    /// What is too old now; an error if the rules cannot be read.
    private let limits: Result<RetentionLimits, any Error>
    /// Encoded records that are in `view` but not yet written, and the results waiting for them.
    private var pending: [(payload: [UInt8], record: BatchRecord, resultIndex: Int)] = []
    private var pendingBytes = 0
    /// The first result that a failed sync takes back; replays of a waiting record depend on it too.
    private var failedFrom: (index: Int, error: any Error)?
    /// What to fall back to when the records cannot be written.
    private var durable: (view: StoreView, series: Int)

    init(_ context: StoreContext, _ state: WriterState, _ view: StoreView) {
        self.context = context
        self.state = state
        self.view = view
        limits = Result { RetentionLimits(try context.retention(), now: context.options.now()) }
        durable = (view, context.dictionary.count)
    }

    mutating func run(_ group: [SampleBatch]) -> [Result<BatchOutcome, any Error>] {
        var results: [Result<BatchOutcome, any Error>] = []
        for batch in group {
            do {
                results.append(.success(try commit(batch, resultIndex: results.count)))
            } catch {
                results.append(.failure(error))
            }
        }
        try? syncPending()
        if let failedFrom {
            for index in failedFrom.index..<results.count { results[index] = .failure(failedFrom.error) }
        }
        flushIfLarge()
        return results
    }

    /// What a commit of the batch would answer.
    mutating func assess(_ batch: SampleBatch) throws -> BatchOutcome {
        let known = context.dictionary.find(batch.series)
        try BatchRules.check(batch, known: known)
        let hash = ContentHash.of(batch.series)
        let expired = ExpiredRows(batch.series, try limits.get())
        if !batch.reapply, let replay = try search.find(hash, batch, in: state.session, expired) {
            return replay
        }
        var receipt = Receipt()
        receipt.expired = expired.count
        let series = expired.isEmpty ? batch.series : expired.remaining(of: batch.series)
        for (rows, known) in zip(series, known) {
            let resolver = try RowResolver(rows) { samples in
                if let known { try view.show(known.id, type: known.type, to: &samples) }
            }
            receipt.add(resolver.receipt)
        }
        return BatchOutcome(
            receipt: receipt, isReplay: false, commit: view.commit, rules: expired.rules)
    }

    private mutating func commit(_ batch: SampleBatch, resultIndex: Int) throws -> BatchOutcome {
        guard context.options.isWritable, !state.isClosed else { throw StorageError.notWritable }
        if let failure = state.failure { throw StorageError.needsReopen(failure) }
        if let failure = state.flushFailure, view.memtable.byteCount > 2 * context.options.memtableBytes {
            throw failure
        }
        try writeFullPending()
        let known = context.dictionary.find(batch.series)
        try BatchRules.check(batch, known: known)
        let hash = ContentHash.of(batch.series)
        if let part = batch.part, part.index == 0 { state.session = state.replay.session(firstBatch: hash) }
        let session = batch.part == nil ? nil : state.session
        let expired = ExpiredRows(batch.series, try limits.get())
        if !batch.reapply, let replay = try search.find(hash, batch, in: session, expired) {
            try finishImport(batch, replay.receipt, expired.hash(of: hash), resultIndex)
            return replay
        }
        var batch = batch
        if !expired.isEmpty { batch.series = expired.remaining(of: batch.series) }
        var plan = try plan(batch, known, expired.hash(of: hash))
        plan.receipt.expired = expired.count
        if plan.isSmall(walBatchRows: context.options.walBatchRows) {
            addPending(plan, resultIndex)
        } else {
            do {
                try syncPending()
                try seal(plan)
            } catch {
                context.dictionary.removeAll(from: plan.firstNew)
                throw error
            }
        }
        return BatchOutcome(
            receipt: plan.receipt, isReplay: false, commit: view.commit, rules: expired.rules)
    }

    private var search: ReplaySearch {
        ReplaySearch(dictionary: context.dictionary, state: state, view: view)
    }

    private mutating func plan(
        _ batch: SampleBatch, _ known: [SeriesDictionary.Known?], _ hash: Hash128
    ) throws -> CommitPlan {
        var plan = CommitPlan(hash: hash, part: batch.part, firstNew: context.dictionary.count)
        do {
            try plan.decide(batch, known, context.dictionary, state, view)
        } catch {
            context.dictionary.removeAll(from: plan.firstNew)
            throw error
        }
        return plan
    }

    /// The record of the batch as the next commit.
    private func record(_ plan: CommitPlan) -> BatchRecord {
        let session = plan.part == nil ? nil : state.session
        return BatchRecord(
            contentHash: plan.hash, importHash: session?.importHash ?? Hash128(low: 0, high: 0),
            generation: session?.generation ?? 0, part: plan.part, commit: state.nextCommit,
            writtenAt: context.options.now(), receipt: plan.receipt)
    }

    private mutating func addPending(_ plan: CommitPlan, _ resultIndex: Int) {
        let record = WALRecord(
            commit: state.nextCommit, firstSeries: plan.firstNew, newSeries: plan.newSeries,
            batch: record(plan), rows: plan.rows)
        let payload = record.encode()
        pendingBytes += payload.count
        pending.append((payload, record.batch, resultIndex))
        view.apply(record)
        if record.batch.isMessage { state.messages.add(record.batch.message) }
        advance(record.batch, plan)
    }

    /// Takes a commit into the view and the writer's memory.
    private mutating func advance(_ record: BatchRecord, _ plan: CommitPlan) {
        if !record.isMessage { state.replay.add(record) }
        for (series, time) in plan.latest { state.latest.set(series, time) }
        for rows in plan.rows {
            guard let time = rows.columns.times.last else { continue }
            if Int(rows.series) >= plan.firstNew {
                state.latest.set(rows.series, time)
            } else {
                state.latest.raise(rows.series, to: time)
            }
        }
        view.commit = state.nextCommit
        view.seriesCount = plan.firstNew + plan.newSeries.count
        state.nextCommit += 1
    }

    /// A resumed import whose last batch is a replay of another import still has to be marked as finished.
    private mutating func finishImport(
        _ batch: SampleBatch, _ replayed: Receipt, _ hash: Hash128, _ resultIndex: Int
    ) throws {
        guard let part = batch.part, part.isLast, let session = state.session, state.replay.isOpen(session)
        else {
            return
        }
        var plan = CommitPlan(hash: hash, part: part, firstNew: context.dictionary.count)
        // A record has no count for them: that of what was there already says the same of the context.
        plan.receipt.identical = replayed.stored + replayed.replayed
        (plan.receipt.from, plan.receipt.to) = (replayed.from, replayed.to)
        addPending(plan, resultIndex)
    }

    /// Makes the waiting records durable if they are as many as one write takes, so that no group needs memory without
    /// bounds; called while the dictionary has no series of a batch that is being decided about.
    private mutating func writeFullPending() throws {
        let records = min(context.options.walWriteRecords, Limits.walWriteRecords)
        guard pending.count >= records || pendingBytes >= Limits.walWriteBytes else { return }
        try syncPending()
        flushIfLarge()
        durable = (view, context.dictionary.count)
    }

    /// Makes the waiting records durable; if that fails, what was noted for them is taken back.
    private mutating func syncPending() throws {
        guard !pending.isEmpty else { return }
        do {
            let check = DirectoryCheck(context, state)
            let wal = try state.openWAL(context)
            // What goes behind a hole would not be found.
            if wal.isThere() { try wal.append(pending.map(\.payload)) }
            try check.rescueWAL(&view)
            (pending, pendingBytes) = ([], 0)
            durable = (view, context.dictionary.count)
        } catch {
            // Whether the records reached the disk is unknown: nothing is acknowledged, recovery will tell.
            state.failure = "\(error)"
            if let first = pending.first { failedFrom = (first.resultIndex, error) }
            (pending, pendingBytes) = ([], 0)
            view = durable.view
            context.dictionary.removeAll(from: durable.series)
            throw error
        }
    }

    /// Seals the rows as a segment and commits it.
    private mutating func seal(_ plan: CommitPlan) throws {
        let segment = try SegmentWriter(context.folder, effort: .standard)
        let reference: SegmentReference
        do {
            for rows in plan.rows {
                let run = SampleRun(rows.columns, commit: state.nextCommit)
                try segment.append(series: rows.series, type: rows.type, run)
            }
            reference = try segment.seal()
        } catch {
            segment.discard()
            throw error
        }
        let record = record(plan)
        var change = ManifestChange(context, state)
        do {
            var manifest = view.manifest
            manifest.commit = state.nextCommit
            manifest.samples += plan.receipt.accepted
            manifest.take(reference)
            manifest.commitTimes = view.commitTimes
            manifest.commitTimes.note(state.nextCommit, at: record.writtenAt)
            try change.addSeries(to: &manifest)
            try record.isMessage
                ? change.addMessages([record.message], to: &manifest)
                : change.addReceipts([record], to: &manifest)
            let reader = SegmentReader(context.library, reference)
            // What was written can be read, or nothing is committed.
            _ = try reader.top()
            try change.commit(&manifest)
            view.manifest = manifest
            view.commitTimes = manifest.commitTimes
            view.segments.append(reader)
        } catch {
            change.discard()
            if state.failure == nil { segment.discard() }
            throw error
        }
        advance(record, plan)
        durable = (view, context.dictionary.count)
    }

    /// Flushing is housekeeping: if it fails the data is still in the WAL, and the next commit tries again;
    /// when too much has gathered, commits are refused with the reason.
    private mutating func flushIfLarge() {
        guard state.failure == nil, !state.isClosed,
            view.memtable.byteCount > context.options.memtableBytes || state.walFiles.count > Limits.walFiles
        else { return }
        do {
            try Flush(context, state).run(&view)
            state.flushFailure = nil
        } catch {
            state.flushFailure = error
        }
    }
}
