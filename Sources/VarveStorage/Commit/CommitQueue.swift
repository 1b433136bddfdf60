// CommitQueue.swift — group commit: callers that arrive while a sync runs share the next one.
//
// The first caller becomes the leader and commits all waiting batches, in order. The others sleep until they have their
// result.
//
// Invariants:
// - Batches are committed in the order in which `commit` was called.
// - Every caller gets exactly the result of its own batch.

import VarveModel
import VarvePlatform

final class CommitQueue: Sendable {
    private final class Waiter {
        var batch: SampleBatch?
        var result: Result<BatchOutcome, any Error>?
        init(_ batch: consuming SampleBatch) { self.batch = batch }
    }

    private struct Queue {
        var waiting: [Waiter] = []
        var hasLeader = false
    }

    /// The next step of a caller.
    private enum Turn {
        case done(Result<BatchOutcome, any Error>)
        /// The caller leads and commits the batches of these waiters.
        case lead([Waiter])
    }

    private let queue = Monitor(Queue())

    /// The most batches of a group; bounds its memory.
    private static let groupLimit = 1024

    func commit(
        _ batch: consuming SampleBatch, _ commitGroup: ([SampleBatch]) -> [Result<BatchOutcome, any Error>]
    ) -> Result<BatchOutcome, any Error> {
        // Shared with the leader; accessed only under the lock or by the leader of its group.
        nonisolated(unsafe) let waiter = Waiter(batch)
        queue.withLock { $0.waiting.append(waiter) }
        while true {
            let turn = queue.wait { queue -> Turn? in
                if let result = waiter.result { return .done(result) }
                guard !queue.hasLeader else { return nil }
                queue.hasLeader = true
                let group = Array(queue.waiting.prefix(Self.groupLimit))
                queue.waiting.removeFirst(group.count)
                return .lead(group)
            }
            switch turn {
            case .done(let result): return result
            case .lead(let group):
                let batches = group.compactMap { member in member.batch.take() }
                let results = commitGroup(batches)
                queue.change { queue in
                    for (member, result) in zip(group, results) { member.result = result }
                    queue.hasLeader = false
                }
            }
        }
    }
}
