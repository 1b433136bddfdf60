// GuardedFolder.swift — a folder of a data directory, held by its descriptor while its rights are checked and set.
//
// Invariants:
// - Names are looked up in the folder that was opened, and no link is followed.
// - The descriptor is closed with the object.

import Glibc

/// An open folder.
final class GuardedFolder {
    /// A name in a folder.
    struct Entry {
        var name: String
        var isLink: Bool
        var isFolder: Bool
    }

    let path: String
    let status: stat
    private let descriptor: Int32

    private static let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC

    convenience init(_ path: String, followsLink: Bool = true) throws {
        try self.init(
            Glibc.open(path, Self.flags | (followsLink ? 0 : O_NOFOLLOW)), path)
    }

    private init(_ opened: Int32, _ path: String) throws {
        guard opened >= 0 else {
            let error = FileError("open folder", path)
            try DirectoryGuard.refuseLink(path)
            throw error
        }
        var status = stat()
        guard fstat(opened, &status) == 0 else {
            let error = FileError("look at", path)
            _ = Glibc.close(opened)
            throw error
        }
        self.path = path
        self.status = status
        descriptor = opened
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Opens a folder in it; nil if the name is gone or is not a folder.
    ///
    /// - Throws: `DirectoryRefused` if it is a symbolic link, `FileError` if it cannot be opened.
    func enter(_ name: String) throws -> GuardedFolder? {
        let opened = openat(descriptor, name, Self.flags | O_NOFOLLOW)
        if opened < 0, errno == ENOENT || errno == ENOTDIR { return nil }
        return try GuardedFolder(opened, "\(path)/\(name)")
    }

    /// The names in it, without `.` and `..`, in no particular order.
    ///
    /// - Throws: `FileError` if the folder cannot be listed.
    func entries() throws -> [Entry] {
        let copy = openat(descriptor, ".", Self.flags)
        guard copy >= 0, let stream = fdopendir(copy) else { throw FileError("list", path) }
        defer { closedir(stream) }
        var entries: [Entry] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." {
                let kind = try kind(listed: Int(entry.pointee.d_type), name)
                entries.append(
                    Entry(name: name, isLink: kind == Int(DT_LNK), isFolder: kind == Int(DT_DIR)))
            }
            errno = 0
        }
        guard errno == 0 else { throw FileError("list", path) }
        return entries
    }

    /// The kind of an entry; some file systems do not list it with the name.
    private func kind(listed: Int, _ name: String) throws -> Int {
        guard listed == Int(DT_UNKNOWN) else { return listed }
        guard let status = try status(of: name) else { return listed }
        switch status.st_mode & S_IFMT {
        case S_IFLNK: return Int(DT_LNK)
        case S_IFDIR: return Int(DT_DIR)
        default: return Int(DT_REG)
        }
    }

    private func status(of name: String) throws -> stat? {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw FileError("look at", "\(path)/\(name)")
        }
        return status
    }

    func refuseLink(_ entry: Entry) throws {
        guard entry.isLink else { return }
        throw DirectoryRefused(description: DirectoryGuard.linkReason("\(path)/\(entry.name)"))
    }

    /// Refuses a folder of another user.
    ///
    /// - Throws: `DirectoryRefused`.
    func demandOwner() throws { try Self.demandOwner(path, status) }

    private static func demandOwner(_ path: String, _ status: stat) throws {
        guard status.st_uid != geteuid() else { return }
        let (owner, caller) = (AccountName.user(status.st_uid), AccountName.user(geteuid()))
        let way = geteuid() == 0 ? " (runuser -u \(owner) -- varve …)" : ""
        throw DirectoryRefused(
            description: "\(path) belongs to \(owner), not to \(caller): run this as \(owner)\(way), "
                + "or hand it over with chown -R \(caller)")
    }

    /// Opens the data directory itself to a group, or closes it.
    ///
    /// - Returns: What was changed, in words; nil if no other user gains or loses a right.
    /// - Throws: `DirectoryRefused` if it is open to others with foreign files in it, or the group cannot be given;
    ///   `FileError`.
    func applyRights(_ rights: FolderRights, group: gid_t?) throws -> String? {
        let before = status.st_mode & 0o7777
        let others = before & 0o077 & ~rights.folder
        if before & S_ISVTX != 0 || others != 0, try !isOwn() {
            throw DirectoryRefused(
                description:
                    "\(path) is open to other users (\(Self.octal(before))) and has other things in it: "
                    + "name a directory for Varve alone, or close it with chmod 700")
        }
        guard try setBits(rights.folder, group: group) else { return nil }
        if let group { return "\(path): members of group \(AccountName.group(group)) may read it now" }
        if FolderRights.isShared(before) {
            return
                "\(path): group \(AccountName.group(status.st_gid)) may read it no longer, as data.group is not set"
        }
        return others == 0
            ? nil : "\(path) was open to others (\(Self.octal(before))): closed to them now"
    }

    private static func octal(_ mode: mode_t) -> String { "0" + String(mode, radix: 8) }

    /// Whether it is a data directory or may become one.
    ///
    /// A folder of manifests or a registry proves it. Otherwise every name in it must be one that Varve uses: a single
    /// name such as `lock` or `backup` proves nothing, because `/var` has one, too.
    private func isOwn() throws -> Bool {
        if status.st_mode & S_ISVTX != 0 { return false }
        let names = try entries().map(\.name)
        return names.contains(DirectoryNames.manifests) || names.contains(DirectoryNames.registry)
            || names.allSatisfy { name in
                Self.isOwnFile(name) || name == DirectoryNames.broker
                    || DirectoryGuard.storeFolders.contains(name)
            }
    }

    /// Whether Varve makes a file of that name in the data directory that only the owner may read.
    static func isOwnFile(_ name: String) -> Bool {
        name == DirectoryNames.lock
            || [DirectoryNames.registry, DirectoryNames.messageLog, DirectoryNames.backup].contains { end in
                name == end || name.hasPrefix(end + "-") || name.hasPrefix(end + ".")
            }
    }

    /// Gives the folder its bits and its group.
    ///
    /// - Returns: Whether they were different before.
    /// - Throws: `DirectoryRefused` if the caller may not give it to the group, `FileError`.
    func setBits(_ bits: mode_t, group: gid_t?) throws -> Bool {
        let hasGroup = group.map { $0 == status.st_gid } ?? true
        guard status.st_mode & 0o7777 != bits || !hasGroup else { return false }
        if !hasGroup, let group, fchown(descriptor, uid_t.max, group) != 0 {
            throw Self.refusal(of: group, path)
        }
        guard fchmod(descriptor, bits) == 0 else { throw FileError("set the rights of", path) }
        return true
    }

    /// Gives a file in it its bits and its group.
    ///
    /// - Returns: Whether they were different before; false if the file is gone.
    /// - Throws: `DirectoryRefused` if it is another user's or may not be given to the group, `FileError`.
    func setBits(of name: String, to bits: mode_t, group: gid_t?) throws -> Bool {
        guard let found = try status(of: name), found.st_mode & S_IFMT == S_IFREG else { return false }
        let file = "\(path)/\(name)"
        try Self.demandOwner(file, found)
        let hasGroup = group.map { $0 == found.st_gid } ?? true
        guard found.st_mode & 0o7777 != bits || !hasGroup else { return false }
        if !hasGroup, let group, fchownat(descriptor, name, uid_t.max, group, AT_SYMLINK_NOFOLLOW) != 0 {
            if errno == ENOENT { return false }
            throw Self.refusal(of: group, file)
        }
        guard fchmodat(descriptor, name, bits, 0) == 0 else {
            if errno == ENOENT { return false }
            throw FileError("set the rights of", file)
        }
        return true
    }

    private static func refusal(of group: gid_t, _ path: String) -> any Error {
        let code = errno
        let error = FileError("give to group \(AccountName.group(group))", path, code: code)
        guard error.isForbidden else { return error }
        return DirectoryRefused(
            description: "\(path) cannot be given to group \(AccountName.group(group)): "
                + "\(AccountName.user(geteuid())) is no member of it; make it one, or set another data.group")
    }
}
