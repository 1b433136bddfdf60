// Monitor.swift — state that several threads share, and threads that wait for it to change.
//
// It is the only condition variable of Varve. To guard a value that no thread waits for, use the standard library's
// `Mutex`.
//
// Invariants:
// - The state is touched only inside the closures given to the monitor, by one thread at a time.
// - A deadline is a time of the monotonic clock: setting the wall clock neither shortens nor lengthens a wait.

public import Glibc

/// A value behind a lock, with a queue of threads that wait for it to change.
///
/// Calls are inlined in other modules, so the closures are specialised there. Taking the lock costs about 20 ns if no
/// other thread holds it.
public final class Monitor<State>: @unchecked Sendable {
    // Unchecked: `state` is only touched between lock and unlock of `mutex`.
    /// The lock of `state`; package-visible only because inlined calls use it.
    @usableFromInline package let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// The condition of the waiting threads; package-visible only because inlined calls use it.
    @usableFromInline package let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// The guarded value; package-visible only because inlined calls use it.
    @usableFromInline package var state: State

    /// Guards a value.
    public init(_ state: sending State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Reads or changes the state without waking waiting threads.
    ///
    /// - Throws: What `body` throws.
    @inlinable
    public func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Changes the state and wakes all waiting threads, also if `body` throws.
    ///
    /// - Throws: What `body` throws.
    @inlinable
    public func change<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// Wakes all waiting threads, which then look at the state again.
    @inlinable
    public func wakeAll() { pthread_cond_broadcast(changed) }

    /// Waits until `body` gives a value.
    ///
    /// `body` runs under the lock, at once and again each time the thread is woken. Between its calls the lock is free.
    /// `body` may change the state, but that wakes no other thread.
    @inlinable
    public func wait<Result>(_ body: (inout State) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            pthread_cond_wait(changed, mutex)
        }
    }

    /// Waits until `body` gives a value, or until a time.
    ///
    /// - Parameter deadline: Nanoseconds of `SystemClock.monotonicNanoseconds`.
    /// - Returns: Nil if `body` gave no value by the deadline.
    @inlinable
    public func wait<Result>(until deadline: Int64, _ body: (inout State) -> Result?) -> Result? {
        var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            if pthread_cond_timedwait(changed, mutex, &time) == ETIMEDOUT { return body(&state) }
        }
    }
}
