// ForwardingFileSystem.swift — a disk in front of another: it does a few calls its own way and forwards all others.
//
// So the code of a disk that counts, fails or leaves something out contains only what it does differently.
//
// Invariants:
// - A call that a disk does not implement itself is forwarded unchanged, and so is the error that it throws.

/// A file system that forwards to another file system every call that it does not implement itself.
public protocol ForwardingFileSystem: FileSystem {
    /// The type of the file system that gets the calls.
    associatedtype Disk: FileSystem

    /// The underlying file system, which gets the calls.
    var disk: Disk { get }
}

extension ForwardingFileSystem {
    /// Opens a file of the underlying disk.
    public func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        try disk.open(path, mode)
    }

    /// Creates a file on the underlying disk, if absent.
    public func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool {
        try disk.createIfAbsent(path, bytes)
    }

    /// Replaces a file of the underlying disk.
    public func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try disk.replace(path, bytes)
    }

    /// Renames a file of the underlying disk.
    public func rename(_ path: String, to newPath: String) throws(FileError) {
        try disk.rename(path, to: newPath)
    }

    /// Removes a file of the underlying disk.
    public func remove(_ path: String) throws(FileError) { try disk.remove(path) }

    /// The names in a folder of the underlying disk.
    public func list(_ path: String) throws(FileError) -> [String] { try disk.list(path) }

    /// Creates a folder on the underlying disk.
    public func createDirectory(_ path: String) throws(FileError) { try disk.createDirectory(path) }

    /// Makes the names in a folder of the underlying disk durable.
    public func syncDirectory(_ path: String) throws(FileError) { try disk.syncDirectory(path) }

    /// The path without symbolic links, as the underlying disk resolves it.
    public func resolved(_ path: String) -> String { disk.resolved(path) }

    /// What is at a path of the underlying disk.
    public func kind(_ path: String) throws(FileError) -> FileKind? { try disk.kind(path) }

    /// Which file a path of the underlying disk names.
    public func identity(_ path: String) throws(FileError) -> FileIdentity? { try disk.identity(path) }

    /// Takes a lock on the underlying disk.
    public func lock(_ file: String, directory: String) throws -> any HeldLock {
        try disk.lock(file, directory: directory)
    }

    /// Lets the underlying disk check a data directory.
    public func checkDirectory(_ directory: String, forWriting: Bool) throws -> [String] {
        try disk.checkDirectory(directory, forWriting: forWriting)
    }
}

/// An open file that forwards to another file every call that it does not implement itself.
public protocol ForwardingFile: File {
    /// The underlying file, which gets the calls.
    var file: any File { get }
}

extension ForwardingFile {
    /// The path of the underlying file.
    public var path: String { file.path }

    /// The size of the underlying file.
    public func size() throws(FileError) -> Int { try file.size() }

    /// Reads from the underlying file, at an offset.
    public func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    /// Reads from the underlying file, where the last sequential read ended.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        try file.read(into: buffer)
    }

    /// Appends to the underlying file.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try file.append(bytes) }

    /// Reserves room in the underlying file.
    public func reserve(to size: Int) throws(FileError) { try file.reserve(to: size) }

    /// Writes over bytes of the underlying file.
    public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        try file.overwrite(bytes, at: offset)
    }

    /// The identity of the underlying file.
    public func identity() throws(FileError) -> FileIdentity { try file.identity() }

    /// Syncs the underlying file.
    public func sync() throws(FileError) { try file.sync() }

    /// Cuts the underlying file.
    public func truncate(to size: Int) throws(FileError) { try file.truncate(to: size) }

    /// Closes the underlying file.
    public func close() { file.close() }
}
