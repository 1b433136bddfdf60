// RepeatingThread.swift — work that is repeated on a thread of its own, with pauses in between.
//
// Invariants:
// - The work never runs twice at the same time, and never after `stop` has returned.

public import VarveFile

/// A thread that repeats one piece of work.
public final class RepeatingThread: Sendable {
    private let isStopping = Monitor(false)
    private let hasEnded = Monitor(false)

    /// Starts the thread.
    ///
    /// - Parameter work: The work, which may block. It returns the milliseconds from its start to its next run.
    /// - Throws: `FileError` if no thread can be started.
    public init(_ work: @escaping @Sendable () -> Int64) throws(FileError) {
        try WorkerThread { [isStopping, hasEnded] in
            var isLast = false
            while !isLast {
                let next = SystemClock.monotonicNanoseconds() + work() * 1_000_000
                isLast = isStopping.wait(until: next) { $0 ? true : nil } ?? false
            }
            hasEnded.change { $0 = true }
        }.detach()
    }

    /// Ends the thread after the current run of the work; a second call only waits for the end, too.
    ///
    /// The calling task waits without holding a thread of the pool.
    /// - Throws: `FileError` if the thread that waits cannot be started.
    public func stop() async throws {
        isStopping.change { $0 = true }
        try await onOwnThread { [hasEnded] in hasEnded.wait { $0 ? () : nil } }
    }
}
