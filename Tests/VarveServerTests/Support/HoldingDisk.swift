// HoldingDisk.swift — a disk that can hold up the lock of a directory.

import VarveFile
import VarvePlatform
import VarveTestSupport

/// A disk that can fail, and that holds up threads that take a lock.
final class HoldingDisk: ForwardingFileSystem {
    private struct Gate {
        var isClosed = false
        var isAwaited = false
    }

    let disk = FailingDisk()
    private let gate = Monitor(Gate())

    /// Holds up the next thread that takes a lock.
    func hold() { gate.change { $0.isClosed = true } }

    /// Waits until a thread is held up.
    func awaitHeld() { gate.wait { $0.isAwaited ? () : nil } }

    /// Lets all threads go on.
    func release() { gate.change { $0.isClosed = false } }

    func lock(_ file: String, directory: String) throws -> any HeldLock {
        gate.change { $0.isAwaited = $0.isClosed }
        gate.wait { $0.isClosed ? nil : () }
        return try disk.lock(file, directory: directory)
    }
}
