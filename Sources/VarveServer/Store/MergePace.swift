// MergePace.swift — keeps the merges that the service does by itself within an I/O budget.
//
// A merge tells of the bytes it has read and written, block by block, and waits here while it is ahead of the budget. What
// it did not use in a quiet time is not saved up: after a pause it begins at its rate, not with a burst.
//
// Invariants:
// - Over any stretch in which a merge is busy it moves at most the budget, and one block, and `slack` more.
// - A waiting merge ends within one nap of `stop`, and goes on within one when it has become urgent.

import Glibc
import Synchronization
import VarvePlatform

/// A budget of bytes a second.
final class MergePace: Sendable {
    /// The service is stopping: the merge is given up and will be done another time.
    struct Stopped: Error {}

    private let nanosecondsPerByte: Double
    private let now: @Sendable () -> Int64
    private let sleep: @Sendable (Int64) -> Void
    private let isStopped = Atomic<Bool>(false)
    /// When the bytes so far may be done.
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

    /// Waits until some more bytes are within the budget.
    ///
    /// - Parameter isUrgent: Whether somebody waits for the merge: then it does not wait, and its bytes do not count.
    func take(_ bytes: Int, unless isUrgent: () -> Bool = { false }) throws {
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

    /// Has the merge that is running given up, and any later one.
    func stop() { isStopped.store(true, ordering: .relaxed) }
}
