// ImportPermit.swift — the permit for one import at a time. It belongs to a connection and ends with it.

import Synchronization

/// Holds the connection that imports, if any.
final class ImportPermit: Sendable {
    private let holder = Mutex<(connection: UInt64, processID: Int)?>(nil)

    /// Acquires the permit, which its holder may acquire again.
    ///
    /// - Returns: Whether the connection did not have it before.
    /// - Throws: `ControlError` of kind `importRunning` if another connection has it.
    @discardableResult
    func acquire(connection: UInt64, processID: Int) throws -> Bool {
        try holder.withLock { holder in
            if let holder {
                guard holder.connection == connection else {
                    throw ControlError(
                        .importRunning,
                        "process \(holder.processID) is importing or changes a type; wait for it to end, and run this again"
                    )
                }
                return false
            }
            holder = (connection, processID)
            return true
        }
    }

    /// Releases the permit if the connection has it.
    ///
    /// - Returns: Whether the connection had it.
    @discardableResult
    func release(connection: UInt64) -> Bool {
        holder.withLock { holder in
            guard holder?.connection == connection else { return false }
            holder = nil
            return true
        }
    }
}
