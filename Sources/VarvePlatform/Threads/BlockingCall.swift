// BlockingCall.swift — work that blocks on a disk, a socket or a process, for a task that waits for it.
//
// Tasks share a pool of as many threads as cores. A task that blocks one of them holds up other tasks. The last function
// is for callers that may block.

/// Runs blocking work on a thread of its own; the task waits without holding a thread of the pool.
///
/// The work is not cancelled with the task. Cost: the start of a thread, about 50 µs.
///
/// - Throws: What the work throws; `FileError` if no thread can be started.
public func onOwnThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { done in
        do {
            try WorkerThread { done.resume(with: Result { try work() }) }.detach()
        } catch {
            done.resume(throwing: error)
        }
    }
}

/// Runs work on a thread of a priority of its own and waits for it; work of usual priority runs on the calling thread.
///
/// If no thread can be started, the work runs on the calling thread too. Cost: the start of a thread, about 50 µs.
///
/// - Throws: What the work throws.
public func withPriority<Value>(_ priority: ThreadPriority, _ work: () throws -> Value) throws -> Value {
    guard priority != .usual else { return try work() }
    return try withoutActuallyEscaping(work) { work in
        // The caller does nothing until the thread has ended, so each is used by one thread at a time.
        nonisolated(unsafe) let work = work
        nonisolated(unsafe) var result: Result<Value, any Error>?
        guard
            let thread = try? WorkerThread(priority: priority, { result = Result { try work() } })
        else { return try work() }
        thread.join()
        guard let result else { return try work() }
        return try result.get()
    }
}
