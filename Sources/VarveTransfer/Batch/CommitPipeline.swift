// CommitPipeline.swift — commits one batch while the next is being parsed.
//
// Invariants:
// - Batches are committed one at a time, in order, on one thread.
// - Two `RowBatch`es exist: one is being filled, the other waits or is being sorted. The sink holds a third batch as
//   sorted columns.
// - After a failed commit no further batch is committed.

import Synchronization
import VarveFile
import VarveModel
import VarvePlatform

/// Sorts batches by series and gives them to a sink, on a thread of its own.
final class CommitPipeline {
    private let waiting = Handover<RowBatch>(capacity: 1)
    private let free = Handover<RowBatch>(capacity: 2)
    private let failure = FailureBox()
    private let total = TotalBox()
    private let thread: WorkerThread
    private var isJoined = false

    /// Starts the committing thread; batches have room for `capacity` rows.
    ///
    /// - Throws: The error of a thread that cannot be started.
    init(sink: any ImportSink, reapply: Bool, isDryRun: Bool, capacity: Int) throws {
        for _ in 0..<2 { free.put(RowBatch(capacity: capacity)) }
        let (waiting, free, failure, total) = (waiting, free, failure, total)
        thread = try WorkerThread {
            do {
                while let batch = waiting.take() {
                    let (part, mark) = (batch.part, batch.policyMark)
                    let series = batch.grouped()
                    batch.removeAll()
                    free.put(batch)
                    let rows = SampleBatch(
                        series: series, part: part, reapply: reapply, policyMark: mark)
                    let outcome = isDryRun ? try sink.assess(rows) : try sink.commit(rows)
                    total.add(outcome)
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
    ///
    /// - Throws: The error of a failed commit, or `CancellationError` after `stop`.
    func emptyBatch() throws -> RowBatch {
        if let batch = free.take() { return batch }
        try failure.rethrow()
        throw CancellationError()
    }

    /// Queues a filled batch for the commit; waits while another batch is queued.
    ///
    /// - Throws: The error of a failed commit.
    func commit(_ batch: sending RowBatch) throws {
        if !waiting.put(batch) { try failure.rethrow() }
    }

    /// Waits until everything is committed.
    ///
    /// - Returns: The sum over all batches.
    /// - Throws: The error of a failed commit.
    func finish() throws -> CommitTotal {
        waiting.close()
        join()
        try failure.rethrow()
        return total.sum
    }

    /// Drops the queued batch and waits for the commit that is under way.
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

/// The sum of the outcomes of an import's batches.
struct CommitTotal: Sendable {
    /// The counts and the span of times.
    var receipt = Receipt()
    /// The first and the last of the commits that hold the replayed samples; nil without replayed samples.
    var replayed: ClosedRange<UInt64>?
    /// The first and the last commit that applied something; nil if nothing was applied.
    var commits: ClosedRange<UInt64>?
    /// The retention rules that samples expired by, each once; at most `BatchOutcome.namedRules` of them.
    var rules: [String] = []

    /// Adds the outcome of one batch.
    mutating func add(_ outcome: BatchOutcome) {
        receipt.add(outcome.receipt)
        if outcome.receipt.replayed > 0 {
            noteReplay(outcome.commit...outcome.commit)
        } else if outcome.receipt.samples > 0 {
            noteCommit(outcome.commit...outcome.commit)
        }
        noteRules(outcome.rules)
    }

    /// Adds the total of another import.
    mutating func add(_ other: CommitTotal) {
        receipt.add(other.receipt)
        if let commits = other.replayed { noteReplay(commits) }
        if let commits = other.commits { noteCommit(commits) }
        noteRules(other.rules)
    }

    private mutating func noteReplay(_ commits: ClosedRange<UInt64>) {
        replayed = Self.join(replayed, commits)
    }

    private mutating func noteCommit(_ new: ClosedRange<UInt64>) { commits = Self.join(commits, new) }

    private static func join(
        _ known: ClosedRange<UInt64>?, _ new: ClosedRange<UInt64>
    ) -> ClosedRange<UInt64> {
        guard let known else { return new }
        return min(known.lowerBound, new.lowerBound)...max(known.upperBound, new.upperBound)
    }

    private mutating func noteRules(_ more: [String]) {
        for rule in more where !rules.contains(rule) && rules.count < BatchOutcome.namedRules {
            rules.append(rule)
        }
    }
}

/// Adds up the outcomes of batches; the committing thread writes it, and it is read after that thread has ended.
private final class TotalBox: Sendable {
    private let total = Mutex(CommitTotal())

    /// The sum so far.
    var sum: CommitTotal { total.withLock { $0 } }

    func add(_ outcome: BatchOutcome) {
        total.withLock { $0.add(outcome) }
    }
}
