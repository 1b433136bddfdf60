// Signal.swift — an event that happens once, and threads that wait for it with a time limit.

import Glibc
import VarveFile

/// An event that is set once, and can be waited for with a time limit.
final class Signal: @unchecked Sendable {
    // Unchecked: `isSet` is used only while `mutex` is locked.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isSet = false

    init() {
        pthread_mutex_init(mutex, nil)
        // The monotonic clock: the wall clock may be set back while somebody waits.
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

    /// Sets the event and wakes all threads that wait for it.
    func set() {
        pthread_mutex_lock(mutex)
        isSet = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until the event is set, at most for some seconds.
    ///
    /// - Returns: Whether it is set.
    func wait(seconds: Double) -> Bool {
        let end = FrameChannel.deadline(in: seconds)
        var time = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isSet {
            if pthread_cond_timedwait(changed, mutex, &time) == ETIMEDOUT { break }
        }
        return isSet
    }
}
