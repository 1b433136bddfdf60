// CommitPipeline.swift — commits one batch while the next is being parsed.
//
// Invariants:
// - Batches are committed one at a time, in order, on one thread.
// - Two `RowBatch`es exist: one is filled, one waits or is being sorted; a third is with the sink, sorted.
// - After a failed commit no further batch is committed.

import Synchronization
import VarveFile
import VarveModel

/// Sorts batches by series and gives them to a sink, on a thread of its own.
final class CommitPipeline {
    private let waiting = Handover<RowBatch>(capacity: 1)
    private let free = Handover<RowBatch>(capacity: 2)
    private let failure = FailureBox()
    private let total = ReceiptBox()
    private let thread: WorkerThread
    private var isJoined = false

    /// Starts the thread.
    init(sink: any SampleSink, reapply: Bool, isDryRun: Bool, capacity: Int) throws {
        for _ in 0..<2 { free.put(RowBatch(capacity: capacity)) }
        let (waiting, free, failure, total) = (waiting, free, failure, total)
        thread = try WorkerThread {
            do {
                while let batch = waiting.take() {
                    let part = batch.part
                    let series = batch.grouped()
                    batch.removeAll()
                    free.put(batch)
                    let rows = SampleBatch(series: series, part: part, reapply: reapply)
                    let outcome = isDryRun ? try sink.assess(rows) : try sink.commit(rows)
                    total.add(outcome.receipt)
                }
            } catch {
                failure.set(error)
                waiting.abandon()
                free.abandon()
            }
        }
    }

    deinit {
        stop()
    }

    /// An empty batch to fill; waits until one is free.
    func emptyBatch() throws -> RowBatch {
        if let batch = free.take() { return batch }
        try failure.rethrow()
        throw CancellationError()
    }

    /// Gives a filled batch to be committed; waits while another one waits.
    func commit(_ batch: sending RowBatch) throws {
        if !waiting.put(batch) { try failure.rethrow() }
    }

    /// Waits until everything is committed.
    ///
    /// - Returns: The counts of all batches.
    func finish() throws -> Receipt {
        waiting.close()
        join()
        try failure.rethrow()
        return total.receipt
    }

    /// Commits nothing more than the batch that is being committed.
    private func stop() {
        waiting.abandon()
        free.abandon()
        join()
    }

    private func join() {
        if !isJoined { thread.join() }
        isJoined = true
    }
}

/// Adds up the receipts of batches; written by the committing thread, read after it ended.
private final class ReceiptBox: Sendable {
    private let sum = Mutex(Receipt())

    /// The sum so far.
    var receipt: Receipt { sum.withLock { $0 } }

    /// Adds one.
    func add(_ receipt: Receipt) {
        sum.withLock { $0.add(receipt) }
    }
}
