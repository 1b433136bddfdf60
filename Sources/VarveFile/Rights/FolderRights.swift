// FolderRights.swift — who may read new files in a folder: only the owner, or a group as well.
//
// The folder's own bits decide, so the service and every command do the same without a setting of their own. If the
// folder's group may enter and new files get its group (02750), members may read the files (0640). In any other folder
// only the owner may (0600).
//
// Invariants:
// - The umask neither adds rights nor takes rights away.
// - A file that an earlier version or another program made gets the right bits when it is opened for writing.

import Glibc

/// The rights of new files in a folder.
package struct FolderRights: Hashable, Sendable {
    /// Whether members of the folder's group may read what is made in it.
    package let isShared: Bool

    /// Makes the rights of a folder that is, or is not, shared with a group.
    package init(isShared: Bool) { self.isShared = isShared }

    /// The rights that a folder's bits ask for; if they cannot be read, only the owner's.
    package init(of folder: String) {
        var status = stat()
        isShared = stat(folder, &status) == 0 && Self.isShared(status.st_mode)
    }

    /// Whether the bits of a folder open it to its group.
    static func isShared(_ mode: mode_t) -> Bool { mode & 0o7777 == 0o2750 }

    /// The bits of a file.
    var file: mode_t { isShared ? 0o640 : 0o600 }
    /// The bits of a folder.
    var folder: mode_t { isShared ? 0o2750 : 0o700 }
    /// The bits of a socket to which members of the group may connect if the folder is shared.
    package var socket: UInt32 { isShared ? 0o660 : 0o600 }
}

/// Who may read the files that a file system makes.
public enum NewFiles: Sendable {
    /// The owner, and the group that the folder is open to. A symbolic link is not written through.
    case guarded
    /// Those whom the umask allows; for files that a user names.
    case usual
}

extension FolderRights {
    /// Gives a file that was opened for writing exactly these bits, if it is the caller's own.
    ///
    /// - Throws: `FileError` if the file system cannot store them.
    static func setBits(_ descriptor: Int32, _ path: String, _ bits: mode_t) throws(FileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("look at", path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o7777 != bits
        else { return }
        guard fchmod(descriptor, bits) == 0 else { throw FileError("set the rights of", path) }
    }
}
