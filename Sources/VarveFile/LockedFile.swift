// LockedFile.swift — a file that one process at a time appends to.
//
// Invariants:
// - Only the owner can open the file, because any process that can open it can lock it.
// - The lock is the kernel's (`flock(2)`) on the file itself, so it ends with the process, however that ends.
// - `close` unlocks first. A forked child has a copy of the descriptor until it runs its program, and a lock ends by
//   itself only with the last copy.
// - The locked file is the one that the path names: a file that was replaced before it was locked is closed again.

import Glibc

extension POSIXFileSystem {
    /// Opens a file for appending, created if absent, and locks it until it is closed.
    ///
    /// - Throws: `DirectoryInUse` if another process has the lock, `FileError` if the file cannot be opened.
    package func openLocked(_ path: String) throws -> any File {
        while true {
            let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw FileError("open", path) }
            let file = POSIXFile(path: path, descriptor: descriptor, isLocked: true)
            try FolderRights.setBits(descriptor, path, 0o600)
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                guard code == EWOULDBLOCK else { throw FileError("lock", path, code: code) }
                throw DirectoryInUse(path: path, processID: LockHolder.process(of: descriptor))
            }
            var (opened, named) = (stat(), stat())
            guard fstat(descriptor, &opened) == 0 else { throw FileError("look at", path) }
            if stat(path, &named) == 0, opened.st_ino == named.st_ino, opened.st_dev == named.st_dev {
                return file
            }
            file.close()
        }
    }
}
