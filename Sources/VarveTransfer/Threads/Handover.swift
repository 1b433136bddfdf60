// Handover.swift — a bounded queue between two threads: the one that is ahead waits.
//
// Invariants:
// - At most `capacity` elements wait; `put` blocks until there is room, `take` until there is an element.
// - After `close` nothing more is accepted, what waits can still be taken; after `abandon` nothing waits either.

import Glibc

/// Hands elements from one thread to another, in order.
final class Handover<Element>: @unchecked Sendable {
    // Unchecked: every access to `elements` and `isClosed` is between lock and unlock of `mutex`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private let capacity: Int
    private var elements: [Element] = []
    private var isClosed = false

    /// Makes a queue in which at most `capacity` elements wait.
    init(capacity: Int) {
        self.capacity = capacity
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// The number of elements that wait at this moment.
    var waiting: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return elements.count
    }

    /// Adds an element, waiting for room.
    ///
    /// - Returns: False if the queue is closed; the element is dropped then.
    @discardableResult
    func put(_ element: sending Element) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.count >= capacity, !isClosed { pthread_cond_wait(changed, mutex) }
        if isClosed { return false }
        elements.append(element)
        pthread_cond_broadcast(changed)
        return true
    }

    /// Takes the oldest element, waiting for one; nil once the queue is closed and empty.
    func take() -> sending Element? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.isEmpty, !isClosed { pthread_cond_wait(changed, mutex) }
        guard !elements.isEmpty else { return nil }
        nonisolated(unsafe) let element = elements.removeFirst()
        pthread_cond_broadcast(changed)
        return element
    }

    /// Ends the queue after what waits in it.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Ends the queue at once and drops what waits in it.
    func abandon() {
        pthread_mutex_lock(mutex)
        isClosed = true
        elements.removeAll()
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }
}
