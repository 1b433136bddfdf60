// DirectoryLock.swift — one writing process per data directory.
//
// Invariants:
// - The lock is the kernel's (`flock(2)`), so it ends with the process, however that ends.
// - The text in the file is for people only; the kernel is asked which process holds the lock.
// - Only the owner can open the file, because any process that can open it can lock it.
// - `release` unlocks before it closes. A forked child has a copy of the descriptor until it runs its program, and a
//   lock ends by itself only with the last copy.
// - The lock file is never removed: otherwise two processes could lock two files of the same name.

import Glibc
import Synchronization

/// Another process holds the data directory.
public struct DirectoryInUse: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path of the data directory.
    public var path: String
    /// The holder's process id; nil if it is not known.
    public var processID: Int?

    /// Makes the error; `processID` is nil if the holder is not known.
    package init(path: String, processID: Int?) {
        self.path = path
        self.processID = processID
    }

    /// One line: which process holds it, and what to do.
    public var description: String {
        if processID == Int(getpid()) { return "\(path) is in use by process \(getpid()), which is this one" }
        let holder = processID.map { "process \($0)" } ?? "another process"
        return "\(path) is in use by \(holder); wait for it to end, or stop it, and run this again"
    }
}

/// A data directory that is held until `release`, the end of the last reference or the end of the process.
public protocol HeldLock: AnyObject, Sendable {
    /// Gives the directory free; a second call does nothing.
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
    ///   - directory: The data directory that the lock protects; the error names it.
    /// - Throws: `DirectoryInUse` if another process has the lock, `DirectoryRefused` if the file is a symbolic link,
    ///   `FileError` if the file cannot be made.
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
        // From here on `deinit` closes the file.
        descriptor = opened
        try FolderRights.setBits(opened, file, 0o600)
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        guard pwrite(descriptor, text, text.count, 0) == text.count else { throw FileError("write to", file) }
    }

    deinit { release() }

    /// Gives the directory free; a second call does nothing.
    public func release() {
        guard !isReleased.exchange(true, ordering: .acquiringAndReleasing) else { return }
        _ = flock(descriptor, LOCK_UN)
        _ = Glibc.close(descriptor)
    }
}
