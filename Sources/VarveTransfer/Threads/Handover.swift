// Handover.swift — a bounded queue between two threads; the faster thread waits for the slower one.
//
// Invariants:
// - At most `capacity` elements wait: `put` blocks until there is room, `take` until there is an element.
// - After `close` no element is accepted, and waiting elements can still be taken.
// - After `abandon` no element is accepted, and no element waits.

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

    /// The number of elements that wait now.
    var waiting: Int { queue.withLock { $0.elements.count } }

    /// Adds an element; waits until there is room.
    ///
    /// - Returns: False if the queue is closed; the element is then dropped.
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

    /// Closes the queue; waiting elements can still be taken.
    func close() { queue.change { $0.isClosed = true } }

    /// Closes the queue and drops the waiting elements.
    func abandon() {
        queue.change { queue in
            queue.isClosed = true
            queue.elements.removeAll()
        }
    }
}
