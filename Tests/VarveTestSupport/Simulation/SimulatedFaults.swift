// SimulatedFaults.swift — the faults of a simulated disk while it runs.

/// Failures of the calls of a simulated disk.
package struct SimulatedFaults: Sendable {
    /// The change, counted from 1, at which the machine stops: it and all later calls fail.
    ///
    /// An append may be carried out in part; any other change is not carried out.
    package var stopAt: Int?
    /// The bytes of all files at which the disk is full; nil for a disk without a limit.
    package var capacity: Int?
    /// The changes, counted from 1, that fail, and the `errno` of each.
    ///
    /// A failing write has part of its effect. A failing sync loses the bytes that it should have made durable. Any
    /// other failing change has no effect.
    package var failing: [Int: Int32] = [:]
    /// How many of a thousand changes fail with EIO in the same way.
    package var failuresPerMille = 0
    /// How many of a thousand reads fail with EIO.
    package var readFailuresPerMille = 0

    /// Nothing goes wrong.
    package init() {}
}
