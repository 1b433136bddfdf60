// GuardedFolder.swift — a folder of a data directory, held by its descriptor while its rights are looked at.
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

    /// Opens a folder in it; nil if it is gone, or is no folder.
    func enter(_ name: String) throws -> GuardedFolder? {
        let opened = openat(descriptor, name, Self.flags | O_NOFOLLOW)
        if opened < 0, errno == ENOENT || errno == ENOTDIR { return nil }
        return try GuardedFolder(opened, "\(path)/\(name)")
    }

    /// The names in it, without `.` and `..`, in no order.
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
                let kind = try kind(Int(entry.pointee.d_type), name)
                entries.append(
                    Entry(name: name, isLink: kind == Int(DT_LNK), isFolder: kind == Int(DT_DIR)))
            }
            errno = 0
        }
        guard errno == 0 else { throw FileError("list", path) }
        return entries
    }

    /// Some file systems do not tell the kind with the name.
    private func kind(_ told: Int, _ name: String) throws -> Int {
        guard told == Int(DT_UNKNOWN) else { return told }
        guard let status = try look(name) else { return told }
        switch status.st_mode & S_IFMT {
        case S_IFLNK: return Int(DT_LNK)
        case S_IFDIR: return Int(DT_DIR)
        default: return Int(DT_REG)
        }
    }

    private func look(_ name: String) throws -> stat? {
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
    func demandOwner() throws { try Self.demandOwner(path, status) }

    private static func demandOwner(_ path: String, _ status: stat) throws {
        guard status.st_uid != geteuid() else { return }
        let (owner, caller) = (AccountName.user(status.st_uid), AccountName.user(geteuid()))
        let way = geteuid() == 0 ? " (runuser -u \(owner) -- varve …)" : ""
        throw DirectoryRefused(
            description: "\(path) belongs to \(owner), not to \(caller): run this as \(owner)\(way), "
                + "or hand it over with chown -R \(caller)")
    }

    /// Opens or closes the data directory itself.
    ///
    /// - Returns: What was changed, unless it was only made.
    func open(to rights: FolderRights, group: gid_t?) throws -> String? {
        let before = status.st_mode & 0o7777
        let others = before & 0o077 & ~rights.folder
        if before & S_ISVTX != 0 || others != 0, try !isOwn() {
            throw DirectoryRefused(
                description:
                    "\(path) is open to other users (\(Self.octal(before))) and has other things in it: "
                    + "name a directory for Varve alone, or close it with chmod 700")
        }
        guard try set(rights.folder, group: group) else { return nil }
        if let group { return "\(path): members of group \(AccountName.group(group)) may read it now" }
        if FolderRights.isShared(before) {
            return
                "\(path): group \(AccountName.group(status.st_gid)) may read it no longer, as data.group is not set"
        }
        return others == 0
            ? nil : "\(path) was open to others (\(Self.octal(before))): closed to them now"
    }

    private static func octal(_ mode: mode_t) -> String { "0" + String(mode, radix: 8) }

    /// Whether it is a data directory, or may become one: what is in it can only be Varve's.
    ///
    /// A name such as `lock` or `backup` says nothing by itself: `/var` has one of them.
    private func isOwn() throws -> Bool {
        if status.st_mode & S_ISVTX != 0 { return false }
        let names = try entries().map(\.name)
        return names.contains(DirectoryNames.manifests) || names.contains(DirectoryNames.registry)
            || names.allSatisfy { name in
                Self.isOwnFile(name) || name == DirectoryNames.broker
                    || DirectoryGuard.storeFolders.contains(name)
            }
    }

    /// Whether Varve makes a file of that name in the data directory, which only the owner is to read.
    static func isOwnFile(_ name: String) -> Bool {
        name == DirectoryNames.lock
            || [DirectoryNames.registry, DirectoryNames.messageLog, DirectoryNames.backup].contains { end in
                name == end || name.hasPrefix(end + "-") || name.hasPrefix(end + ".")
            }
    }

    /// Gives the folder its bits and its group.
    ///
    /// - Returns: Whether they were others.
    func set(_ bits: mode_t, group: gid_t?) throws -> Bool {
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
    /// - Returns: Whether they were others; false too if it is gone.
    func mend(_ name: String, to bits: mode_t, group: gid_t?) throws -> Bool {
        guard let found = try look(name), found.st_mode & S_IFMT == S_IFREG else { return false }
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
