// WorkerThread.swift — a thread of its own for work that blocks on a disk, a socket or a commit.
//
// It is not a task: tasks share a pool of as many threads as cores, and blocking these would stall the process.
//
// Invariants:
// - A thread keeps its priority as long as it runs: without special rights nothing could raise it again.
// - The owner calls exactly one of `join` and `detach`, once.

import Glibc
public import VarveFile

/// How much of a busy processor a thread gets.
public enum ThreadPriority: Int32, Sendable {
    /// As much as any other thread.
    case usual = 0
    /// What others leave, and about a tenth of a core if they leave nothing.
    ///
    /// A thread with it must not hold a lock that others wait for. The value is the thread's nice value.
    case background = 10
}

/// A thread that runs one closure.
public final class WorkerThread: Sendable {
    private let handle: pthread_t

    private final class Body: Sendable {
        private let priority: ThreadPriority
        private let work: @Sendable () -> Void

        init(_ priority: ThreadPriority, _ work: @escaping @Sendable () -> Void) {
            self.priority = priority
            self.work = work
        }

        func run() {
            // Linux has a nice value for each thread; 0 means the calling one. A failure costs speed only.
            if priority != .usual {
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, priority.rawValue)
            }
            work()
        }
    }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - priority: How much of a busy processor the thread gets.
    ///   - run: What the thread does.
    /// - Throws: `FileError` if the system has no room for another thread.
    public init(
        priority: ThreadPriority = .usual, _ run: @escaping @Sendable () -> Void
    ) throws(FileError) {
        let body = Unmanaged.passRetained(Body(priority, run))
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
