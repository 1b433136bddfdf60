// GroupCommit.swift — commits a group of batches: decides about their rows and makes them durable.
//
// Small batches of a group become WAL records that are written with one sync, or with several if they exceed one write.
// A batch with many rows is sealed as a segment and committed by a manifest of its own. Waiting WAL records are synced
// before it, so that commits become durable in their order.
//
// Invariants:
// - `view` is ahead of the disk only inside `run`; failed commits are taken back before it returns.
// - A large batch is made durable in this order: segment, dictionary and receipts or messages file, manifest.

import VarveCodec
import VarveFile
import VarveModel
import VarveSegment

struct GroupCommit {
    private let context: StoreContext
    private let state: WriterState
    private(set) var view: StoreView
    /// The limits of retention at this moment, or the error if the rules cannot be read.
    private let limits: Result<RetentionLimits, any Error>
    /// Encoded records that are in `view` but not yet written, and the indexes of their results.
    private var pending: [(payload: [UInt8], record: BatchRecord, resultIndex: Int)] = []
    private var pendingBytes = 0
    /// The first result that a failed sync takes back; later results may be replays of a record that was not written.
    private var failedFrom: (index: Int, error: any Error)?
    /// The state to return to when records cannot be written.
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

    /// The answer that a commit of the batch would give; nothing is stored.
    ///
    /// - Throws: `StorageError.invalidBatch`; `StorageError.typeConflict`; errors of reading blocks or retention rules.
    mutating func assess(_ batch: SampleBatch) throws -> BatchOutcome {
        let known = context.dictionary.find(batch.series)
        try BatchRules.check(batch, known: known)
        let hash = ContentHash.of(batch)
        let expired = ExpiredRows(batch.series, try limits.get())
        if !batch.reapply, let replay = try search.find(hash, batch, in: state.session, expired) {
            return replay
        }
        var receipt = Receipt()
        receipt.expired = expired.count
        let series = expired.isEmpty ? batch.series : expired.remaining(of: batch.series)
        for (rows, known) in zip(series, known) {
            let resolver = try RowResolver(rows) { samples in
                if let known { try view.collectSamples(of: known.id, type: known.type, into: &samples) }
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
        let hash = ContentHash.of(batch)
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
    ///
    /// A record counts times, so it counts an occurrence that joins others at its time as corrected.
    private func record(_ plan: CommitPlan) -> BatchRecord {
        let session = plan.part == nil ? nil : state.session
        var receipt = plan.receipt
        receipt.accepted -= plan.joined
        receipt.corrected += plan.joined
        return BatchRecord(
            contentHash: plan.hash, importHash: session?.importHash ?? Hash128(low: 0, high: 0),
            generation: session?.generation ?? 0, part: plan.part, commit: state.nextCommit,
            writtenAt: context.options.now(), receipt: receipt)
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

    /// Notes a commit in the view and in the writer's state.
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

    /// Marks a resumed import as finished if its last batch is a replay of another import.
    private mutating func finishImport(
        _ batch: SampleBatch, _ replayed: Receipt, _ hash: Hash128, _ resultIndex: Int
    ) throws {
        guard let part = batch.part, part.isLast, let session = state.session, state.replay.isOpen(session)
        else {
            return
        }
        var plan = CommitPlan(hash: hash, part: part, firstNew: context.dictionary.count)
        // A record has no count of replayed rows; they are counted as identical, as they were there already.
        plan.receipt.identical = replayed.stored + replayed.replayed
        (plan.receipt.from, plan.receipt.to) = (replayed.from, replayed.to)
        addPending(plan, resultIndex)
    }

    /// Makes the waiting records durable if they fill one write, so that the memory of a group is bounded.
    ///
    /// Called while the dictionary has no series of an undecided batch.
    private mutating func writeFullPending() throws {
        let records = min(context.options.walWriteRecords, Limits.walWriteRecords)
        guard pending.count >= records || pendingBytes >= Limits.walWriteBytes else { return }
        try syncPending()
        flushIfLarge()
        durable = (view, context.dictionary.count)
    }

    /// Makes the waiting records durable; if that fails, their commits are taken back.
    private mutating func syncPending() throws {
        guard !pending.isEmpty else { return }
        do {
            let check = DirectoryCheck(context, state)
            let wal = try state.openWAL(context)
            // Recovery would not find records behind a missing file.
            if wal.isThere() { try wal.append(pending.map(\.payload)) }
            try check.rescueWAL(&view)
            (pending, pendingBytes) = ([], 0)
            durable = (view, context.dictionary.count)
        } catch {
            // It is unknown whether the records reached the disk: nothing is acknowledged, and recovery decides.
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
            manifest.samples += plan.receipt.accepted - plan.joined
            manifest.addNew(reference)
            manifest.commitTimes = view.commitTimes
            manifest.commitTimes.note(state.nextCommit, at: record.writtenAt)
            try change.addSeries(to: &manifest)
            try record.isMessage
                ? change.addMessages([record.message], to: &manifest)
                : change.addReceipts([record], to: &manifest)
            let reader = SegmentReader(context.library, reference)
            // The written segment must be readable before it is committed.
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

    /// Flushes the memtable if it is large.
    ///
    /// If that fails, the data is still in the WAL, and the next commit tries again. Once the memtable has twice its
    /// limit, commits are refused with the reason.
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
