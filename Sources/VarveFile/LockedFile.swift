// LockedFile.swift — a file that one process at a time appends to.
//
// Invariants:
// - Only the owner can open the file: whoever can open it can lock it.
// - The lock is the kernel's (`flock(2)`) on the file itself, so it ends with the process, however that ends.
// - Closing unlocks first: a child that was forked has a copy of the descriptor until it runs its program, and a lock
//   ends by itself only with the last copy.
// - The locked file is the one of that name: a file that was replaced between opening and locking is let go.

import Glibc

extension POSIXFileSystem {
    /// Opens a file for appending, made if it is missing, and locks it until it is closed.
    ///
    /// - Throws: `DirectoryInUse` if another process has it, `FileError` if it cannot be opened.
    package func openLocked(_ path: String) throws -> any File {
        while true {
            let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw FileError("open", path) }
            let file = POSIXFile(path: path, descriptor: descriptor, isLocked: true)
            try FolderRights.settle(descriptor, path, 0o600)
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
