// MergePace.swift — keeps the merges that the service starts by itself within an I/O budget.
//
// A merge reports the bytes it has read and written, block by block, and waits here while it is ahead of the budget. An
// unused budget is not saved up: after a pause a merge begins at its rate, not with a burst.
//
// Invariants:
// - While a merge is busy, it moves at most the budget, one block, and what the budget allows in `slack`.
// - A waiting merge ends within one nap after `stop`, and goes on within one nap after it has become urgent.

import Glibc
import Synchronization
import VarvePlatform

/// A budget of bytes a second.
final class MergePace: Sendable {
    /// The service is stopping: the merge is given up and is done another time.
    struct Stopped: Error {}

    private let nanosecondsPerByte: Double
    private let now: @Sendable () -> Int64
    private let sleep: @Sendable (Int64) -> Void
    private let isStopped = Atomic<Bool>(false)
    /// The time, by `now`, at which the bytes so far are within the budget.
    private let due = Mutex<Double>(0)

    /// How far ahead of its budget a merge may be, in nanoseconds; naps are at most twice as long.
    private static let slack = 50_000_000.0

    /// Makes a pace.
    ///
    /// - Parameters:
    ///   - bytesPerSecond: The budget, or 0 for none.
    ///   - now: The clock, in nanoseconds.
    ///   - sleep: Sleeps some nanoseconds.
    init(
        bytesPerSecond: Int, now: @escaping @Sendable () -> Int64 = { SystemClock.monotonicNanoseconds() },
        sleep: @escaping @Sendable (Int64) -> Void = { SystemClock.sleep(nanoseconds: $0) }
    ) {
        nanosecondsPerByte = bytesPerSecond == 0 ? 0 : 1e9 / Double(bytesPerSecond)
        self.now = now
        self.sleep = sleep
    }

    /// Waits until `bytes` more are within the budget.
    ///
    /// - Parameter isUrgent: Whether somebody waits for the merge: then the call does not wait, and bytes that are
    ///   reported in this state do not count.
    /// - Throws: `Stopped` once `stop` was called.
    func waitForBudget(_ bytes: Int, unless isUrgent: () -> Bool = { false }) throws {
        guard !isStopped.load(ordering: .relaxed) else { throw Stopped() }
        guard !isUrgent() else { return }
        let due = due.withLock { due in
            due = max(due, Double(now())) + Double(bytes) * nanosecondsPerByte
            return due
        }
        while true {
            guard !isStopped.load(ordering: .relaxed) else { throw Stopped() }
            let wait = due - Double(now())
            guard wait > Self.slack, !isUrgent() else { return }
            sleep(Int64(min(wait, 2 * Self.slack)))
        }
    }

    /// Makes the running merge give up, and any later one.
    func stop() { isStopped.store(true, ordering: .relaxed) }
}
