// FileSystem.swift — the interface to the disk: everything Varve does to files goes through these two protocols.
//
// POSIXFileSystem is the real disk. Tests have a disk in memory that loses everything that a crash may lose. The
// interface is narrow on purpose: the engine needs only what an object store offers too (immutable files,
// create-if-absent, list, delete).
//
// Invariants:
// - After any crash a file of `createIfAbsent` is complete and durable, or absent.
// - After any crash a file of `replace` has its old content or its new content.
// - Nothing outside this module opens, writes, syncs, renames or removes a file.

import Glibc

/// An open file.
///
/// Positions are explicit, so reads of one file from several threads do not disturb each other.
public protocol File: AnyObject, Sendable {
    /// The path it was opened with.
    var path: String { get }

    /// The size in bytes at this moment.
    ///
    /// - Throws: `FileError` if the system does not answer.
    func size() throws(FileError) -> Int

    /// Reads up to `buffer.count` bytes at `offset`.
    ///
    /// - Returns: The number of bytes read; less than asked for only at the end of the file.
    /// - Throws: `FileError` if reading fails.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int

    /// Reads up to `buffer.count` bytes from where the last sequential read ended; for pipes and streams.
    ///
    /// - Returns: The number of bytes read; 0 at the end.
    /// - Throws: `FileError` if reading fails.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int

    /// Writes all bytes after the last append, over reserved room.
    ///
    /// Durability: none before `sync`.
    /// - Throws: `FileError` if writing fails; part of the bytes may be written then.
    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError)

    /// Fills the file with zeros up to `size` bytes, for later appends; for files opened with `createNew`.
    ///
    /// A sync after an append into reserved room need not record a new size or a new place on the disk: it is one write
    /// instead of two.
    /// - Throws: `FileError` if there is less room or none; appends go on without it.
    func reserve(to size: Int) throws(FileError)

    /// Writes all bytes at `offset`, over what is there; for files opened with `update`.
    ///
    /// Only bytes beyond the end need new room on the disk. Durability: none before `sync`.
    /// - Throws: `FileError` if writing fails; part of the bytes may be written then.
    func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError)

    /// Which file it is, even if its name was removed or given to another file.
    ///
    /// - Throws: `FileError` if the system does not answer.
    func identity() throws(FileError) -> FileIdentity

    /// Makes everything written so far durable (`fdatasync(2)`).
    ///
    /// - Throws: `FileError`. The file is suspect then: close it and read it again, but never sync it again.
    func sync() throws(FileError)

    /// Cuts the file at `size` bytes; the next append begins there.
    ///
    /// Durability: none before `sync`.
    /// - Throws: `FileError` if the file cannot be cut.
    func truncate(to size: Int) throws(FileError)

    /// Closes the file; later calls fail.
    func close()
}

/// How a file is opened.
public enum OpenMode: Sendable {
    /// For reading; it must exist.
    case read
    /// For appending; created if absent.
    case append
    /// For writing a new file; it must not exist.
    case createNew
    /// For writing from the beginning; created if absent, emptied if it exists.
    case replace
    /// For writing in place; created if absent, and an existing file keeps its content.
    case update
}

/// The file-system calls that Varve makes.
public protocol FileSystem: AnyObject, Sendable {
    /// Opens a file.
    ///
    /// Durability: a new name is durable only after `syncDirectory` of the folder.
    /// - Throws: `FileError` if the file cannot be opened as `mode` says.
    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File

    /// Creates a file with these bytes if no file of that name exists: complete and durable, or not at all.
    ///
    /// Durability: when it returns true, content and name survive a power failure. Cost: a write, a sync, a link and a
    /// sync of the folder.
    ///
    /// - Returns: False if the name was taken; nothing is changed then.
    /// - Throws: `FileError` if a step fails.
    func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool

    /// Replaces a file's content atomically and durably, or creates the file.
    ///
    /// Cost: a write, a sync, a rename and a sync of the folder.
    /// - Throws: `FileError` if a step fails.
    func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError)

    /// Renames a file; durable only after `syncDirectory` of the folder.
    ///
    /// - Throws: `FileError` if the file cannot be renamed.
    func rename(_ path: String, to newPath: String) throws(FileError)

    /// Removes a file; durable only after `syncDirectory` of the folder.
    ///
    /// - Throws: `FileError` if the file cannot be removed; a missing file is no error.
    func remove(_ path: String) throws(FileError)

    /// The names in a folder, sorted; without `.` and `..`.
    ///
    /// - Throws: `FileError` if the folder cannot be listed.
    func list(_ path: String) throws(FileError) -> [String]

    /// Creates a folder and its parents, durably.
    ///
    /// - Throws: `FileError` if a folder cannot be made; an existing folder is no error.
    func createDirectory(_ path: String) throws(FileError)

    /// Makes the names in a folder durable (`fsync(2)` of the folder).
    ///
    /// - Throws: `FileError` if the folder cannot be opened or synced.
    func syncDirectory(_ path: String) throws(FileError)

    /// The path without symbolic links, or the path itself if nothing is there.
    func resolved(_ path: String) -> String

    /// What is at a path, or nil if nothing is.
    ///
    /// - Throws: `FileError` if the path cannot be examined.
    func kind(_ path: String) throws(FileError) -> FileKind?

    /// Which file or folder a path names, or nil if nothing is there.
    ///
    /// - Throws: `FileError` if the path cannot be examined.
    func identity(_ path: String) throws(FileError) -> FileIdentity?

    /// Takes the lock of a data directory for one writing process.
    ///
    /// - Parameters:
    ///   - file: The path of the lock file; created if absent.
    ///   - directory: The data directory that the lock protects; the error names it.
    /// - Throws: `DirectoryInUse` if another process has the lock, `DirectoryRefused` if the file is a symbolic link,
    ///   `FileError` if the file cannot be made.
    func lock(_ file: String, directory: String) throws -> any HeldLock

    /// Checks that a data directory may be opened; before writing, also takes away other users' rights to it.
    ///
    /// - Returns: The changes that were made, one line each.
    /// - Throws: `DirectoryRefused` if the directory cannot be used as it is, `FileError` if it cannot be examined.
    func checkDirectory(_ directory: String, forWriting: Bool) throws -> [String]

    /// The same disk for files that a user names: the user's umask decides who may read them.
    var forNamedFiles: any FileSystem { get }
}

/// What a path names.
public enum FileKind: Sendable {
    /// A regular file of that many bytes.
    case file(size: Int)
    /// A folder.
    case folder
    /// A pipe, socket or device.
    case other
}

extension FileSystem {
    /// The path itself, for a file system without symbolic links.
    public func resolved(_ path: String) -> String { path }

    /// The file system itself, for one without users.
    public var forNamedFiles: any FileSystem { self }

    /// Accepts every directory, for a file system without users.
    public func checkDirectory(_: String, forWriting _: Bool) throws -> [String] { [] }

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: The most bytes to take.
    /// - Throws: `FileError`: EFBIG if the file is larger than `limit`, or why it cannot be read.
    public func readAll(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
        let file = try open(path, .read)
        defer { file.close() }
        let size = try file.size()
        guard size <= limit else { throw FileError("read", path, code: EFBIG) }
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            do throws(FileError) {
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Creates a file if absent, durably; see `createIfAbsent(_:_:)`.
    ///
    /// - Throws: `FileError` if a step fails.
    public func createIfAbsent(_ path: String, _ bytes: [UInt8]) throws(FileError) -> Bool {
        let result = bytes.withUnsafeBytes { buffer -> Result<Bool, FileError> in
            Result { () throws(FileError) in try createIfAbsent(path, buffer) }
        }
        return try result.get()
    }

    /// Replaces a file's content, durably; see `replace(_:_:)`.
    ///
    /// - Throws: `FileError` if a step fails.
    public func replace(_ path: String, _ bytes: [UInt8]) throws(FileError) {
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try replace(path, buffer) }
        }
        try result.get()
    }
}

extension File {
    /// Reads `count` bytes at `offset`, or fewer at the end of the file.
    ///
    /// - Throws: `FileError` if reading fails.
    public func readBytes(count: Int, at offset: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBytes { buffer -> Result<Int, FileError> in
            Result { () throws(FileError) in try read(into: buffer, at: offset) }
        }
        bytes.removeLast(count - (try result.get()))
        return bytes
    }

    /// Writes all bytes at the end; see `append(_:)`.
    ///
    /// - Throws: `FileError` if writing fails.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try append(buffer) }
        }
        try result.get()
    }

    /// Writes all bytes at `offset`; see `overwrite(_:at:)`.
    ///
    /// - Throws: `FileError` if writing fails.
    public func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try overwrite(buffer, at: offset) }
        }
        try result.get()
    }

    /// Reads the rest of a stream: a file from its beginning, a pipe until its writer closes it.
    ///
    /// - Parameter limit: The most bytes to take.
    /// - Throws: `FileError`: EFBIG if there are more bytes than `limit`, or why reading fails.
    public func readToEnd(limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let result = piece.withUnsafeMutableBytes { buffer -> Result<Int, FileError> in
                Result { () throws(FileError) in try read(into: buffer) }
            }
            let count = try result.get()
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= limit else { throw FileError("read", path, code: EFBIG) }
        }
    }
}
