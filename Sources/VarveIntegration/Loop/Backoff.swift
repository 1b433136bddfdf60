// Backoff.swift — how long to wait before the next attempt.

/// Waits that double from attempt to attempt.
struct Backoff {
    private let range: ClosedRange<Int32>
    private var wait: Int32

    init(_ range: ClosedRange<Int32>) {
        self.range = range
        wait = range.lowerBound
    }

    /// The wait before the next attempt, in milliseconds.
    mutating func next() -> Int32 {
        defer { wait = min(wait.multipliedReportingOverflow(by: 2).partialValue, range.upperBound) }
        return wait
    }

    /// Begins anew, after a success.
    mutating func reset() { wait = range.lowerBound }
}
