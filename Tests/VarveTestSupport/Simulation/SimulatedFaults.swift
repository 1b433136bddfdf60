// SimulatedFaults.swift — what goes wrong on a simulated disk while it runs.

/// Failures of the calls of a simulated disk.
package struct SimulatedFaults: Sendable {
    /// The change, counted from 1, at which the machine stops: it and all later calls fail.
    ///
    /// An append may be carried out in part; any other change is not carried out.
    package var stopAt: Int?
    /// Bytes of files at which the disk is full.
    package var capacity: Int?
    /// Changes, counted from 1, that fail without effect with an `errno`; an append with part of its effect, a
    /// sync with the loss of what it should have made durable.
    package var failing: [Int: Int32] = [:]
    /// Of a thousand changes, how many fail with EIO in the same way.
    package var failuresPerMille = 0
    /// Of a thousand reads, how many fail with EIO.
    package var readFailuresPerMille = 0

    /// Nothing goes wrong.
    package init() {}
}
