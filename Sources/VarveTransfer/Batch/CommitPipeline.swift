// CommitPipeline.swift — commits one batch while the next is being parsed.
//
// Invariants:
// - Batches are committed one at a time, in order, on one thread.
// - Two `RowBatch`es exist: one is filled, one waits or is being sorted; a third is with the sink, sorted.
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
    /// - Returns: What all batches did.
    func finish() throws -> CommitTotal {
        waiting.close()
        join()
        try failure.rethrow()
        return total.sum
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

/// What the batches of an import did together.
struct CommitTotal: Sendable {
    /// The counts and the span of times.
    var receipt = Receipt()
    /// The first and the last of the commits that the replayed samples are in; nil if there are none.
    var replayed: ClosedRange<UInt64>?
    /// The first and the last commit that applied something; nil where nothing was applied.
    var commits: ClosedRange<UInt64>?
    /// The retention rules by which samples are expired, each once.
    var rules: [String] = []

    /// Adds what one batch did.
    mutating func add(_ outcome: BatchOutcome) {
        receipt.add(outcome.receipt)
        if outcome.receipt.replayed > 0 {
            noteReplay(outcome.commit...outcome.commit)
        } else if outcome.receipt.samples > 0 {
            noteCommit(outcome.commit...outcome.commit)
        }
        noteRules(outcome.rules)
    }

    /// Adds what another import did.
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

/// Adds up what batches did; written by the committing thread, read after it ended.
private final class TotalBox: Sendable {
    private let total = Mutex(CommitTotal())

    /// The sum so far.
    var sum: CommitTotal { total.withLock { $0 } }

    /// Adds one.
    func add(_ outcome: BatchOutcome) {
        total.withLock { $0.add(outcome) }
    }
}
