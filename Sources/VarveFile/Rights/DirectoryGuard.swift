// DirectoryGuard.swift — only its owner may use a data directory: other users' rights are removed, their files refused.
//
// A writer checks the rights before it opens anything. `broker/`, the registry and the log are open to their owner
// only. The directory, `manifests/`, `segments/` and `wal/` are so too, or are open to one group (see FolderRights). A
// reader only checks for links. Names that Varve does not use are left alone.
//
// Invariants:
// - Nothing is changed in a directory of another user, nor in one that is open to others and not a data directory.
// - No symbolic link in the directory is followed; the directory's own path may be one.
// - A file that another process removes meanwhile is no error.

import Glibc

/// A data directory that cannot be used as it is.
public struct DirectoryRefused: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what is wrong, where, and what to do.
    public var description: String
}

/// Checks and sets the rights in a data directory.
public enum DirectoryGuard {
    /// Who may read a data directory besides its owner.
    public enum Readers: Hashable, Sendable {
        /// The group that the directory is open to already, if there is one.
        case asFound
        /// No other user.
        case nobody
        /// The members of this group.
        case group(String)
    }

    /// Makes a data directory if it is missing, and sets the rights in it, before it is written.
    ///
    /// Cost: a `stat(2)` of each file in it.
    ///
    /// - Returns: The changes that were made, one line each.
    /// - Throws: `DirectoryRefused` if the directory or something in it is another user's, if a link is in it, if it is
    ///   open to others with foreign files in it, or if the group is unknown or not the caller's; `FileError`.
    public static func prepare(_ path: String, for readers: Readers = .asFound) throws -> [String] {
        let isNew = try POSIXFileSystem().kind(path) == nil
        if isNew { try POSIXFileSystem().createDirectory(path) }
        let folder = try GuardedFolder(path)
        try folder.demandOwner()
        let group: gid_t? =
            if case .group(let name) = readers { try number(of: name) } else { nil }
        let rights =
            switch readers {
            // A new directory may have inherited the bits of a folder that a group shares.
            case .asFound: FolderRights(isShared: !isNew && FolderRights.isShared(folder.status.st_mode))
            case .nobody: FolderRights(isShared: false)
            case .group: FolderRights(isShared: true)
            }
        var notes: [String] = []
        if let note = try folder.applyRights(rights, group: group), !isNew { notes.append(note) }
        var pass = RightsPass(rights: rights, group: group)
        try pass.top(folder)
        if pass.mended > 0 {
            let what = pass.mended == 1 ? "1 file or folder" : "\(pass.mended) files and folders"
            notes.append("\(path): the rights of \(what) in it were set right")
        }
        return notes
    }

    /// Refuses a data directory with a symbolic link in it, before it is read.
    ///
    /// Cost: the names in its folders.
    ///
    /// - Throws: `DirectoryRefused` if there is a link; `FileError` if it is not a folder or cannot be listed.
    public static func refuseLinks(in path: String) throws {
        guard try POSIXFileSystem().kind(path) != nil else { return }
        let folder = try GuardedFolder(path)
        for entry in try folder.entries() {
            try folder.refuseLink(entry)
            guard storeFolders.contains(entry.name), let inner = try folder.enter(entry.name) else {
                continue
            }
            for entry in try inner.entries() { try inner.refuseLink(entry) }
        }
    }

    /// Makes a folder that only its owner may enter, whatever the rights of the folder around it.
    ///
    /// An existing folder gets the same rights. Durability: the name is durable when this returns.
    /// - Throws: `DirectoryRefused` if it is another user's or a link; `FileError`.
    public static func makePrivate(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError("create folder", path) }
        let folder = try GuardedFolder(path, followsLink: false)
        try folder.demandOwner()
        _ = try folder.setBits(0o700, group: nil)
        try POSIXFileSystem().syncDirectory(parentFolder(of: path))
    }

    /// Closes a socket in a private folder to all but its owner.
    ///
    /// mosquitto opens its socket to the group, whatever the umask is.
    /// - Throws: `DirectoryRefused` if the path is a symbolic link, `FileError` if the rights cannot be set.
    public static func closeSocket(_ path: String) throws {
        try refuseLink(path)
        guard chmod(path, 0o600) == 0 else { throw FileError("set the rights of", path) }
    }

    /// Refuses a file that is a symbolic link, or that the caller may not read; a missing file is no error.
    ///
    /// - Throws: `DirectoryRefused`.
    public static func checkFile(_ path: String) throws {
        try refuseLink(path)
        var status = stat()
        guard lstat(path, &status) == 0, faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0, errno == EACCES
        else { return }
        let owner = AccountName.user(status.st_uid)
        throw DirectoryRefused(description: "\(path) may be read by \(owner) alone: run this as \(owner)")
    }

    /// Refuses a path that is a symbolic link; a missing file is no error.
    ///
    /// - Throws: `DirectoryRefused`.
    static func refuseLink(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return }
        throw DirectoryRefused(description: linkReason(path))
    }

    /// The folders that a reader of the store needs.
    static let storeFolders = [
        DirectoryNames.manifests, DirectoryNames.segments, DirectoryNames.wal,
    ]
    /// The file that a reader needs besides them: the number of the last acknowledged commit.
    static let storeFile = DirectoryNames.acknowledged

    static func linkReason(_ path: String) -> String {
        "\(path) is a symbolic link, and a data directory has none in it: move there what it leads to, "
            + "or make the whole directory a link"
    }

    private static func number(of name: String) throws -> gid_t {
        guard let number = AccountName.group(named: name) else {
            throw DirectoryRefused(
                description: "there is no group \(name): make it, or set another data.group")
        }
        return number
    }
}

/// A walk through a data directory that sets rights.
private struct RightsPass {
    let rights: FolderRights
    let group: gid_t?
    var mended = 0

    mutating func top(_ folder: GuardedFolder) throws {
        for entry in try folder.entries() {
            try folder.refuseLink(entry)
            if DirectoryGuard.storeFolders.contains(entry.name) {
                try inner(folder, entry.name, rights, group)
            } else if entry.name == DirectoryNames.broker {
                try inner(folder, entry.name, FolderRights(isShared: false), nil)
            } else if entry.name == DirectoryGuard.storeFile {
                if try folder.setBits(of: entry.name, to: rights.file, group: group) { mended += 1 }
            } else if GuardedFolder.isOwnFile(entry.name) {
                if try folder.setBits(of: entry.name, to: 0o600, group: nil) { mended += 1 }
            }
        }
    }

    private mutating func inner(
        _ folder: GuardedFolder, _ name: String, _ rights: FolderRights, _ group: gid_t?
    ) throws {
        guard let inner = try folder.enter(name) else { return }
        try inner.demandOwner()
        if try inner.setBits(rights.folder, group: group) { mended += 1 }
        for entry in try inner.entries() {
            try inner.refuseLink(entry)
            if entry.isFolder {
                try self.inner(inner, entry.name, rights, group)
            } else if try inner.setBits(of: entry.name, to: rights.file, group: group) {
                mended += 1
            }
        }
    }
}
