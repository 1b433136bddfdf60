// WorkerThread.swift — a thread of its own for work that blocks on a disk, a socket or a commit.
//
// It is not a task: tasks share a pool of as many threads as cores, and blocking these would stall the process.
//
// Invariants:
// - The owner calls exactly one of `join` and `detach`, once.

import Glibc
public import VarveFile

/// A thread that runs one closure.
public final class WorkerThread: Sendable {
    private let handle: pthread_t

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Starts the thread.
    ///
    /// - Throws: `FileError` if the system has no room for another thread.
    public init(_ run: @escaping @Sendable () -> Void) throws(FileError) {
        let body = Unmanaged.passRetained(Body(run))
        var handle = pthread_t()
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw FileError("start", "a thread", code: code)
        }
        self.handle = handle
    }

    /// Waits until the closure has returned.
    public func join() {
        pthread_join(handle, nil)
    }

    /// Lets the thread end by itself; nothing waits for it.
    public func detach() {
        pthread_detach(handle)
    }
}
