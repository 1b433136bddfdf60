// QueueGauge.swift — how many bytes wait for the service, and when that is too many.
//
// Invariants:
// - High from three quarters of the limit on, until less than half of it waits: no flutter at the edge.

/// Counts what came in and what was consumed.
struct QueueGauge {
    private let limit: Int?
    private(set) var waiting = 0
    private(set) var isHigh = false

    init(limit: Int?) { self.limit = limit }

    /// Counts a message; true if with it the queue became too long.
    mutating func accept(_ bytes: Int) -> Bool {
        waiting += bytes
        guard let limit, !isHigh, waiting > limit / 4 * 3 else { return false }
        isHigh = true
        return true
    }

    /// Counts what the service took; true if with it the queue became short again.
    mutating func consume(_ bytes: Int) -> Bool {
        waiting = max(waiting - bytes, 0)
        guard let limit, isHigh, waiting < limit / 2 else { return false }
        isHigh = false
        return true
    }
}
