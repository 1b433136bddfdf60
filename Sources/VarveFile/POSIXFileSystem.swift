// POSIXFileSystem.swift — the real disk.
//
// Each call of FileSteps is one system call here; FileSteps combines several of them.

import Glibc
import Synchronization

/// The local file system, by POSIX calls.
public final class POSIXFileSystem: FileSystem {
    /// Counts the temporary names of the whole process, so that two instances never choose the same name.
    private static let counter = Atomic<UInt64>(0)
    private let newFiles: NewFiles

    /// The ending of files that are being written.
    public static let partialSuffix = ".partial"

    /// Makes an instance; all instances of a process count temporary names together.
    ///
    /// - Parameter newFiles: Who may read the files and folders that it makes.
    public init(_ newFiles: NewFiles = .guarded) {
        self.newFiles = newFiles
    }

    /// Opens a file (`open(2)`, close-on-exec).
    ///
    /// - Throws: `FileError` if the file cannot be opened as `mode` says.
    public func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        try openFile(path, mode)
    }

    /// Creates a file if absent: temporary file, `fdatasync(2)`, `link(2)`, `fsync(2)` of the folder.
    ///
    /// - Throws: `FileError` if a step fails.
    public func createIfAbsent(
        _ path: String, _ bytes: UnsafeRawBufferPointer
    ) throws(FileError) -> Bool {
        try createInSteps(path, bytes)
    }

    /// Replaces a file: temporary file, `fdatasync(2)`, `rename(2)`, `fsync(2)` of the folder.
    ///
    /// - Throws: `FileError` if a step fails.
    public func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try replaceInSteps(path, bytes)
    }

    /// Replaces a file like `replace`; only its owner may read and write the new file, from its first byte on.
    ///
    /// - Throws: `FileError` if a step fails.
    public func replacePrivately(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try replaceInSteps(path, bytes, isPrivate: true)
    }

    /// Creates an empty file that only its owner may read and write; an existing file keeps its content.
    ///
    /// - Throws: `FileError` if the file cannot be made or is a symbolic link.
    public func createPrivate(_ path: String) throws(FileError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError("create", path) }
        defer { _ = Glibc.close(descriptor) }
        try FolderRights.setBits(descriptor, path, 0o600)
    }

    /// Renames a file (`rename(2)`).
    ///
    /// - Throws: `FileError` if the file cannot be renamed.
    public func rename(_ path: String, to newPath: String) throws(FileError) {
        guard Glibc.rename(path, newPath) == 0 else { throw FileError("rename to", newPath) }
    }

    /// Removes a file (`unlink(2)`).
    ///
    /// - Throws: `FileError` if the file cannot be removed; a missing file is no error.
    public func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }

    /// The names in a folder (`readdir(3)`).
    ///
    /// - Throws: `FileError` if the folder cannot be listed.
    public func list(_ path: String) throws(FileError) -> [String] {
        guard let stream = opendir(path) else { throw FileError("list", path) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw FileError("list", path) }
        return names.sorted()
    }

    /// Takes the lock of a data directory (`flock(2)`).
    ///
    /// - Throws: What `DirectoryLock.init` throws.
    public func lock(_ file: String, directory: String) throws -> any HeldLock {
        try DirectoryLock(file: file, directory: directory)
    }

    /// The local file system, where the umask decides the rights of new files.
    public var forNamedFiles: any FileSystem { POSIXFileSystem(.usual) }

    /// For writing, takes away other users' rights to a data directory; for reading, only refuses links in it.
    ///
    /// - Throws: `DirectoryRefused`, `FileError`.
    public func checkDirectory(_ directory: String, forWriting: Bool) throws -> [String] {
        if forWriting { return try DirectoryGuard.prepare(directory) }
        try DirectoryGuard.refuseLinks(in: directory)
        return []
    }

    /// Creates a folder and its parents (`mkdir(2)`) and makes each new name durable.
    ///
    /// - Throws: `FileError` if a folder cannot be made.
    public func createDirectory(_ path: String) throws(FileError) {
        try createDirectoryInSteps(path)
    }

    /// Makes the names in a folder durable (`fsync(2)` on the folder).
    ///
    /// - Throws: `FileError` if the folder cannot be opened or synced.
    public func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open folder", path) }
        defer { _ = Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("sync folder", path) }
    }

    /// The path that symbolic links lead to (`realpath(3)`).
    public func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// What is at a path (`stat(2)`).
    ///
    /// - Throws: `FileError` if the path cannot be examined.
    public func kind(_ path: String) throws(FileError) -> FileKind? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let error = FileError("look at", path)
            if error.isNotFound { return nil }
            throw error
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(size: Int(status.st_size))
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// Which file or folder a path names (`stat(2)`), or nil if nothing is there.
    ///
    /// - Throws: `FileError` if the path cannot be examined.
    public func identity(_ path: String) throws(FileError) -> FileIdentity? {
        try stamp(path).map { FileIdentity(device: $0.device, node: $0.node) }
    }

    /// Whether the disk of a file, which need not exist, has less than 128 KiB left (`statvfs(3)`).
    ///
    /// It explains an error of SQLite, which says of some files that they cannot be opened when they cannot grow.
    public func isFull(at path: String) -> Bool {
        var status = statvfs()
        guard statvfs(parentFolder(of: path), &status) == 0 else { return false }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize) < 128 << 10
    }

    /// The identity and state of a file (`stat(2)`), or nil if nothing is there.
    ///
    /// - Throws: `FileError` if the path cannot be examined.
    public func stamp(_ path: String) throws(FileError) -> FileStamp? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let error = FileError("look at", path)
            if error.isNotFound { return nil }
            throw error
        }
        return FileStamp(
            device: UInt64(status.st_dev), node: UInt64(status.st_ino), size: Int64(status.st_size),
            changeSeconds: Int64(status.st_mtim.tv_sec), changeNanoseconds: Int64(status.st_mtim.tv_nsec))
    }

    private func openFile(
        _ path: String, _ mode: OpenMode, isPrivate: Bool = false
    ) throws(FileError) -> POSIXFile {
        var flags: Int32 =
            switch mode {
            case .read: O_RDONLY
            case .append: O_RDWR | O_CREAT | O_APPEND
            // Without O_APPEND, an append begins where the last one ended, not at the end of reserved room.
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            case .replace: O_RDWR | O_CREAT | O_TRUNC | O_APPEND
            case .update: O_RDWR | O_CREAT
            }
        let isGuarded = mode != .read && (newFiles == .guarded || isPrivate)
        if isGuarded { flags |= O_NOFOLLOW }
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, isGuarded ? 0o600 : 0o666)
        guard descriptor >= 0 else { throw FileError("open", path) }
        let file = POSIXFile(path: path, descriptor: descriptor)
        if isGuarded {
            let rights = FolderRights(isShared: false)
            try FolderRights.setBits(
                descriptor, path, isPrivate ? rights.file : FolderRights(of: parentFolder(of: path)).file)
        }
        // A folder opens for reading and fails only at the first read; say so at once.
        if mode == .read, case .folder? = try kind(path) { throw FileError("open", path, code: EISDIR) }
        return file
    }
}

extension POSIXFileSystem: FileSteps {
    /// The path with the process id, a count and `.partial` added.
    package func partialPath(for path: String) -> String {
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        return "\(path).\(getpid())-\(number)\(Self.partialSuffix)"
    }

    /// Opens an empty file with the bits 0600.
    ///
    /// - Throws: `FileError` if the file cannot be opened or is a symbolic link.
    package func openPrivate(_ path: String) throws(FileError) -> any File {
        try openFile(path, .replace, isPrivate: true)
    }

    /// Gives a file a second name (`link(2)`).
    ///
    /// - Throws: `FileError`: EEXIST if the name is taken.
    package func link(_ path: String, to newPath: String) throws(FileError) {
        guard Glibc.link(path, newPath) == 0 else { throw FileError("create", newPath) }
    }

    /// Makes a folder (`mkdir(2)`) with the rights that the folder above it asks for.
    ///
    /// - Throws: `FileError`: EEXIST if the name is taken.
    package func makeDirectory(_ path: String) throws(FileError) {
        let bits = newFiles == .guarded ? FolderRights(of: parentFolder(of: path)).folder : 0o777
        guard mkdir(path, bits) == 0 else { throw FileError("create folder", path) }
        // The umask may have taken bits away, and mkdir(2) does not set the bit that passes on the group.
        if newFiles == .guarded, chmod(path, bits) != 0 { throw FileError("set the rights of", path) }
    }

    /// Makes a parent folder (`mkdir(2)`) with the rights that the umask allows.
    ///
    /// - Throws: `FileError`: EEXIST if the name is taken.
    package func makeParent(_ path: String) throws(FileError) {
        guard mkdir(path, 0o777) == 0 else { throw FileError("create folder", path) }
    }
}
