// CommitQueue.swift — group commit: callers that arrive while a sync runs share the next one.
//
// The first caller becomes the leader and commits everything that is waiting, in order; the others sleep until
// their result is there.
//
// Invariants:
// - Batches are committed in the order in which `commit` was called.
// - Every caller gets exactly the result of its own batch.

import Glibc
import VarveModel

final class CommitQueue: @unchecked Sendable {
    private final class Waiter {
        var batch: SampleBatch?
        var result: Result<BatchOutcome, any Error>?
        init(_ batch: consuming SampleBatch) { self.batch = batch }
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [Waiter] = []
    private var hasLeader = false

    /// Most batches that one sync takes; bounds the memory of a group.
    private static let groupLimit = 1024

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    func commit(
        _ batch: consuming SampleBatch, _ commitGroup: ([SampleBatch]) -> [Result<BatchOutcome, any Error>]
    ) -> Result<BatchOutcome, any Error> {
        let waiter = Waiter(batch)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        waiting.append(waiter)
        while true {
            if let result = waiter.result { return result }
            if hasLeader {
                pthread_cond_wait(changed, mutex)
                continue
            }
            hasLeader = true
            let group = Array(waiting.prefix(Self.groupLimit))
            waiting.removeFirst(group.count)
            pthread_mutex_unlock(mutex)
            let batches = group.compactMap { member in member.batch.take() }
            let results = commitGroup(batches)
            pthread_mutex_lock(mutex)
            for (member, result) in zip(group, results) { member.result = result }
            hasLeader = false
            pthread_cond_broadcast(changed)
        }
    }
}
