// Backoff.swift — how long to wait before the next attempt.

/// Waits that double from attempt to attempt, within a range.
public struct Backoff: Hashable, Sendable {
    private let range: ClosedRange<Int64>
    private var wait: Int64

    /// Makes waits that begin with the lower bound.
    ///
    /// - Parameter milliseconds: The shortest and the longest wait.
    public init(milliseconds: ClosedRange<Int32>) {
        range = Int64(milliseconds.lowerBound) * 1_000_000...Int64(milliseconds.upperBound) * 1_000_000
        wait = range.lowerBound
    }

    /// The wait before the next attempt, in nanoseconds; the one after it is twice as long.
    public mutating func next() -> Int64 {
        defer { wait = min(wait * 2, range.upperBound) }
        return wait
    }

    /// Begins with the shortest wait again, after a success.
    public mutating func reset() { wait = range.lowerBound }
}
