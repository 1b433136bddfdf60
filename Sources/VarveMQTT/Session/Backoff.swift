// Backoff.swift — how long to wait before the next attempt.

/// Waits that double from attempt to attempt, within a range.
package struct Backoff: Hashable, Sendable {
    private let range: ClosedRange<Int64>
    private var wait: Int64

    /// Makes waits that begin with the lower bound.
    ///
    /// - Parameter milliseconds: The shortest and the longest wait.
    package init(milliseconds: ClosedRange<Int32>) {
        range = Int64(milliseconds.lowerBound) * 1_000_000...Int64(milliseconds.upperBound) * 1_000_000
        wait = range.lowerBound
    }

    /// The wait before the next attempt, in nanoseconds; the one after it is twice as long.
    package mutating func next() -> Int64 {
        defer { wait = min(wait * 2, range.upperBound) }
        return wait
    }

    /// Begins with the shortest wait again, after a success.
    package mutating func reset() { wait = range.lowerBound }
}
