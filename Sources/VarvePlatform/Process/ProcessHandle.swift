// ProcessHandle.swift — one process, and never another that got its number later (pidfd).
//
// Invariants:
// - A signal goes to the process that had the number when the handle was opened, or to none.

import CProcess
import Glibc

/// A handle of a running process.
package final class ProcessHandle {
    private let descriptor: Int32

    /// Opens a handle; nil if no process has that number.
    ///
    /// Whoever wants to know that it is the right process looks at it after this: the number cannot change hands then.
    package init?(_ id: Int32) {
        let descriptor = process_handle_open(id)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Lets a program that is started begin in a folder and with the three standard streams alone.
    ///
    /// Here, as this file alone knows these calls.
    static func addPlace(_ path: String, to actions: inout posix_spawn_file_actions_t) {
        _ = posix_spawn_file_actions_addchdir_np(&actions, path)
        _ = posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    }

    /// Sends a signal; does nothing if the process has ended.
    package func signal(_ number: Int32) { _ = process_handle_signal(descriptor, number) }

    /// Waits until the process has ended, or for so many milliseconds.
    ///
    /// - Returns: Whether it has ended. A child is to be reaped still.
    package func awaitEnd(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0 && entry.revents & Int16(POLLIN) != 0
    }
}
