// Handover.swift — a bounded queue between two threads: the one that is ahead waits.
//
// Invariants:
// - At most `capacity` elements wait; `put` blocks until there is room, `take` until there is an element.
// - After `close` nothing more is accepted, what waits can still be taken; after `abandon` nothing waits either.

import VarvePlatform

/// Hands elements from one thread to another, in order.
final class Handover<Element>: Sendable {
    private struct Queue {
        var elements: [Element] = []
        var isClosed = false
    }

    private let queue = Monitor(Queue())
    private let capacity: Int

    /// Makes a queue in which at most `capacity` elements wait.
    init(capacity: Int) { self.capacity = capacity }

    /// The number of elements that wait at this moment.
    var waiting: Int { queue.withLock { $0.elements.count } }

    /// Adds an element, waiting for room.
    ///
    /// - Returns: False if the queue is closed; the element is dropped then.
    @discardableResult
    func put(_ element: sending Element) -> Bool {
        // Handed over: the caller has given it up.
        nonisolated(unsafe) let element = element
        let isTaken = queue.wait { queue -> Bool? in
            if queue.isClosed { return false }
            guard queue.elements.count < capacity else { return nil }
            queue.elements.append(element)
            return true
        }
        if isTaken { queue.wakeAll() }
        return isTaken
    }

    /// Takes the oldest element, waiting for one; nil once the queue is closed and empty.
    func take() -> sending Element? {
        nonisolated(unsafe) let element = queue.wait { queue -> Element?? in
            if queue.elements.isEmpty { return queue.isClosed ? .some(nil) : nil }
            return .some(queue.elements.removeFirst())
        }
        if element != nil { queue.wakeAll() }
        return element
    }

    /// Ends the queue after what waits in it.
    func close() { queue.change { $0.isClosed = true } }

    /// Ends the queue at once and drops what waits in it.
    func abandon() {
        queue.change { queue in
            queue.isClosed = true
            queue.elements.removeAll()
        }
    }
}
