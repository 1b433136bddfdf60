// DirectoryGuard.swift — a data directory is its owner's: what is open to others is closed, what is another's refused.
//
// A writer looks before it opens anything: `broker/`, the registry and the log are their owner's alone; the directory,
// `manifests/`, `segments/` and `wal/` are so too, or open to one group (see FolderRights). A reader only looks for
// links. What has a name that Varve does not use is left alone.
//
// Invariants:
// - Nothing is changed in a directory of another user, nor in one that has other things in it and none of Varve's.
// - No symbolic link in the directory is followed; the directory's own path may be one.
// - Files that another process removes meanwhile are no error.

import Glibc

/// A data directory that cannot be used as it is.
public struct DirectoryRefused: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what is wrong, where, and what to do.
    public var description: String
}

/// Looks at the rights in a data directory.
public enum DirectoryGuard {
    /// Who is to read a data directory beside its owner.
    public enum Readers: Hashable, Sendable {
        /// The group that the directory is open to, if it is.
        case asFound
        /// Nobody.
        case nobody
        /// The members of this group.
        case group(String)
    }

    /// Makes a directory if it is missing, and closes to others what is open to them, before it is written.
    ///
    /// Cost: a look at each file in it.
    ///
    /// - Returns: What was changed, one line each.
    /// - Throws: `DirectoryRefused` if it or something in it is another user's or a link; `FileError`.
    public static func prepare(_ path: String, for readers: Readers = .asFound) throws -> [String] {
        let isNew = try POSIXFileSystem().kind(path) == nil
        if isNew { try POSIXFileSystem().createDirectory(path) }
        let folder = try GuardedFolder(path)
        try folder.demandOwner()
        let group: gid_t? =
            if case .group(let name) = readers { try number(of: name) } else { nil }
        let rights =
            switch readers {
            // A new one may have got the bits of a folder that others share.
            case .asFound: FolderRights(isShared: !isNew && FolderRights.isShared(folder.status.st_mode))
            case .nobody: FolderRights(isShared: false)
            case .group: FolderRights(isShared: true)
            }
        var notes: [String] = []
        if let note = try folder.open(to: rights, group: group), !isNew { notes.append(note) }
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
    /// - Throws: `DirectoryRefused`; `FileError` if it is no folder or cannot be listed.
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

    /// Makes a folder that only its owner may enter, in whatever folder; one that exists becomes so.
    ///
    /// - Throws: `DirectoryRefused` if it is another user's or a link; `FileError`.
    public static func makePrivate(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError("create folder", path) }
        let folder = try GuardedFolder(path, followsLink: false)
        try folder.demandOwner()
        _ = try folder.set(0o700, group: nil)
        try POSIXFileSystem().syncDirectory(parentFolder(of: path))
    }

    /// Closes a socket in a private folder to all but its owner: mosquitto opens its own to the group, whatever the umask.
    public static func closeSocket(_ path: String) throws {
        try refuseLink(path)
        guard chmod(path, 0o600) == 0 else { throw FileError("set the rights of", path) }
    }

    /// Refuses a file that is a symbolic link, or that the caller may not read; one that is not there is no error.
    public static func checkFile(_ path: String) throws {
        try refuseLink(path)
        var status = stat()
        guard lstat(path, &status) == 0, faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0, errno == EACCES
        else { return }
        let owner = AccountName.user(status.st_uid)
        throw DirectoryRefused(description: "\(path) may be read by \(owner) alone: run this as \(owner)")
    }

    /// Refuses a path at which a symbolic link is; one at which nothing is is no error.
    static func refuseLink(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return }
        throw DirectoryRefused(description: linkReason(path))
    }

    /// The folders that whoever reads the store reads.
    static let storeFolders = [
        DirectoryNames.manifests, DirectoryNames.segments, DirectoryNames.wal,
    ]
    /// The file beside them that they read too: the last commit that was acknowledged.
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
                if try folder.mend(entry.name, to: rights.file, group: group) { mended += 1 }
            } else if GuardedFolder.isOwnFile(entry.name) {
                if try folder.mend(entry.name, to: 0o600, group: nil) { mended += 1 }
            }
        }
    }

    private mutating func inner(
        _ folder: GuardedFolder, _ name: String, _ rights: FolderRights, _ group: gid_t?
    ) throws {
        guard let inner = try folder.enter(name) else { return }
        try inner.demandOwner()
        if try inner.set(rights.folder, group: group) { mended += 1 }
        for entry in try inner.entries() {
            try inner.refuseLink(entry)
            if entry.isFolder {
                try self.inner(inner, entry.name, rights, group)
            } else if try inner.mend(entry.name, to: rights.file, group: group) {
                mended += 1
            }
        }
    }
}
