// ProcessHandle.swift — one process, and never another that got its id later (pidfd).
//
// Invariants:
// - A signal goes to the process that had the id when the handle was opened, or to no process.

import CProcess
import Glibc

/// A handle of a running process.
public final class ProcessHandle {
    private let descriptor: Int32

    /// Opens a handle; nil if no process has that id, or the system gives no handle.
    ///
    /// Check that it is the right process after this call, not before: signals through the handle then reach the
    /// process that was checked, or none.
    public init?(_ id: Int32) {
        let descriptor = process_handle_open(id)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Makes a program start in a folder, with only the three standard streams open.
    ///
    /// It is here because this file alone uses these calls.
    static func addPlace(_ path: String, to actions: inout posix_spawn_file_actions_t) {
        _ = posix_spawn_file_actions_addchdir_np(&actions, path)
        _ = posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    }

    /// Sends a signal; does nothing if the process has ended.
    public func signal(_ number: Int32) { _ = process_handle_signal(descriptor, number) }

    /// Waits until the process has ended, at most `milliseconds`.
    ///
    /// - Returns: Whether it has ended. A child must still be reaped.
    public func awaitEnd(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0 && entry.revents & Int16(POLLIN) != 0
    }
}
