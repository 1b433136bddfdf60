// ImportPermit.swift — one import at a time; it belongs to a connection and goes with it.

import Synchronization

/// Says which connection imports.
final class ImportPermit: Sendable {
    private let holder = Mutex<(connection: UInt64, processID: Int)?>(nil)

    /// Takes the permit; taking it again is no error.
    ///
    /// - Returns: Whether the connection did not have it before.
    @discardableResult
    func take(connection: UInt64, processID: Int) throws -> Bool {
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

    /// Gives the permit back, if the connection has it.
    ///
    /// - Returns: Whether it had it.
    @discardableResult
    func free(connection: UInt64) -> Bool {
        holder.withLock { holder in
            guard holder?.connection == connection else { return false }
            holder = nil
            return true
        }
    }
}
