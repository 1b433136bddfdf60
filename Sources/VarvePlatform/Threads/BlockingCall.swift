// BlockingCall.swift — work that blocks on a disk, a socket or a process, for a task that waits for it.
//
// Tasks share a pool of as many threads as cores. A task that blocks one of them holds up other tasks.

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
