// DirectoryLock.swift — one writing process per data directory.
//
// Invariants:
// - The lock is the kernel's (`flock(2)`), so it ends with the process, however that ends; the file's text
//   is for people, and who holds the lock is asked of the kernel.
// - Only the owner can open the file: whoever can open it can lock it.
// - Releasing unlocks before it closes: a child that was forked has a copy of the descriptor until it runs its program,
//   and a lock ends by itself only with the last copy.
// - The lock file is never removed: removing it would let two processes lock two files of the same name.

import Glibc
import Synchronization

/// Another process holds the data directory.
public struct DirectoryInUse: Error, Hashable, Sendable, CustomStringConvertible {
    /// The data directory.
    public var path: String
    /// The holder's process id, if the kernel tells it.
    public var processID: Int?

    /// Makes the error; `processID` is nil where the holder is not known.
    package init(path: String, processID: Int?) {
        self.path = path
        self.processID = processID
    }

    /// One line: who holds it and what to do.
    public var description: String {
        if processID == Int(getpid()) { return "\(path) is in use by process \(getpid()), which is this one" }
        let holder = processID.map { "process \($0)" } ?? "another process"
        return "\(path) is in use by \(holder); wait for it to end, or stop it, and run this again"
    }
}

/// A data directory that is held until this is released, or nobody has it any more, or the process ends.
public protocol HeldLock: AnyObject, Sendable {
    /// Lets the directory go; a second call does nothing.
    func release()
}

/// Holds a data directory for one writing process until it is released or the process ends.
public final class DirectoryLock: HeldLock {
    private let descriptor: Int32
    private let isReleased = Atomic<Bool>(false)

    /// Takes the lock.
    ///
    /// - Parameters:
    ///   - file: The path of the lock file; created if absent.
    ///   - directory: The data directory it stands for, named in the error.
    /// - Throws: `DirectoryInUse` if another process has it, `FileError` if the file cannot be made.
    public init(file: String, directory: String) throws {
        try DirectoryGuard.refuseLink(file)
        let opened = Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { throw FileError("open", file) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            defer { _ = Glibc.close(opened) }
            guard code == EWOULDBLOCK else { throw FileError("lock", file, code: code) }
            throw DirectoryInUse(path: directory, processID: LockHolder.process(of: opened))
        }
        // From here on the end of this object closes the file.
        descriptor = opened
        try FolderRights.settle(opened, file, 0o600)
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        guard pwrite(descriptor, text, text.count, 0) == text.count else { throw FileError("write to", file) }
    }

    deinit { release() }

    /// Lets the directory go; a second call does nothing.
    public func release() {
        guard !isReleased.exchange(true, ordering: .acquiringAndReleasing) else { return }
        _ = flock(descriptor, LOCK_UN)
        _ = Glibc.close(descriptor)
    }
}
