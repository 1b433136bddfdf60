// FileSystem.swift — the disk seam: everything Varve does to files goes through these two protocols.
//
// POSIXFileSystem is the real disk; tests have one in memory that loses what it may. The seam is narrow on
// purpose: what the engine needs of a disk is also what it can get from an object store (immutable files,
// create-if-absent, list, delete).
//
// Invariants:
// - A file made by `createIfAbsent` is complete and synced, or absent, whatever crashes; one that `replace` writes has
//   its old content or the new one.
// - Nothing outside this module opens, writes, syncs, renames or removes a file.

import Glibc

/// An open file.
///
/// Positions are explicit, so reads of one file from several threads do not disturb each other.
public protocol File: AnyObject, Sendable {
    /// The path it was opened with.
    var path: String { get }

    /// The size in bytes at this moment.
    func size() throws(FileError) -> Int

    /// Reads up to `buffer.count` bytes at `offset`.
    ///
    /// - Returns: The number of bytes read; less than asked for only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int

    /// Reads up to `buffer.count` bytes from where the last sequential read ended; for pipes and streams.
    ///
    /// - Returns: The number of bytes read; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int

    /// Writes all bytes at the end: after what was appended before, over reserved room.
    ///
    /// Durability: none before `sync`.
    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError)

    /// Makes the file `size` bytes large with zeros, which the appends after it fill; for files opened with `createNew`.
    ///
    /// A sync after an append into reserved room has no new size and no new place on the disk to record: it is one
    /// write instead of two. An error means that less room, or none, is there; appends go on without it.
    func reserve(to size: Int) throws(FileError)

    /// Writes all bytes at `offset`, over what is there; for files opened with `update`.
    ///
    /// Room on the disk is needed only for what lies behind the end. Durability: none before `sync`.
    func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError)

    /// Which file it is, whatever became of its name.
    func identity() throws(FileError) -> FileIdentity

    /// Makes everything written so far durable (`fdatasync(2)`).
    ///
    /// After an error the file is suspect: it must be closed and read anew, never synced again.
    func sync() throws(FileError)

    /// Cuts the file at `size` bytes; the next append begins there.
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
    /// For writing anew; it must not exist.
    case createNew
    /// For writing anew; an existing file is emptied.
    case replace
    /// For writing in place; created if absent, and what is there stays.
    case update
}

/// The file-system calls that Varve makes.
public protocol FileSystem: AnyObject, Sendable {
    /// Opens a file.
    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File

    /// Creates a file with these bytes if no file of that name exists: complete and durable, or not at all.
    ///
    /// Durability: when it returns true, content and name survive a power failure. Cost: a write, a sync, a
    /// link and a sync of the folder.
    ///
    /// - Returns: False if the name was taken; nothing is changed then.
    func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool

    /// Replaces a file's content atomically and durably, or creates it.
    func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError)

    /// Renames a file; durable only after `syncDirectory` of the folder.
    func rename(_ path: String, to newPath: String) throws(FileError)

    /// Removes a file; one that is not there is no error.
    func remove(_ path: String) throws(FileError)

    /// The names in a folder, sorted; without `.` and `..`.
    func list(_ path: String) throws(FileError) -> [String]

    /// Creates a folder and its parents; one that exists is no error.
    func createDirectory(_ path: String) throws(FileError)

    /// Makes the names in a folder durable (`fsync(2)` of the folder).
    func syncDirectory(_ path: String) throws(FileError)

    /// The path that symbolic links lead to, or the path itself where nothing is.
    func resolved(_ path: String) -> String

    /// What is at a path, or nil if nothing is.
    func kind(_ path: String) throws(FileError) -> FileKind?

    /// Which file or folder a path names, or nil if nothing is there.
    func identity(_ path: String) throws(FileError) -> FileIdentity?

    /// Takes the lock of a data directory for one writing process.
    ///
    /// - Parameters:
    ///   - file: The path of the lock file; created if absent.
    ///   - directory: The data directory it stands for, named in the error.
    /// - Throws: `DirectoryInUse` if another process has it, `FileError` if the file cannot be made.
    func lock(_ file: String, directory: String) throws -> any HeldLock

    /// Looks whether a data directory may be opened, and closes to others what is open to them before it is written.
    ///
    /// - Returns: What was changed, one line each.
    /// - Throws: `DirectoryRefused`, `FileError`.
    func admit(_ directory: String, forWriting: Bool) throws -> [String]

    /// The same disk for files that a user asks for by name: who may read them is the user's to say.
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
    /// The path itself: a file system without symbolic links.
    public func resolved(_ path: String) -> String { path }

    /// The file system itself: one without users.
    public var forNamedFiles: any FileSystem { self }

    /// Nothing to look at: a file system without users.
    public func admit(_: String, forWriting _: Bool) throws -> [String] { [] }

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: The most bytes to take; a larger file is refused with EFBIG.
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

    /// Creates a file if absent; see `createIfAbsent(_:_:)`.
    public func createIfAbsent(_ path: String, _ bytes: [UInt8]) throws(FileError) -> Bool {
        let result = bytes.withUnsafeBytes { buffer -> Result<Bool, FileError> in
            Result { () throws(FileError) in try createIfAbsent(path, buffer) }
        }
        return try result.get()
    }

    /// Replaces a file's content; see `replace(_:_:)`.
    public func replace(_ path: String, _ bytes: [UInt8]) throws(FileError) {
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try replace(path, buffer) }
        }
        try result.get()
    }
}

extension File {
    /// Reads exactly `count` bytes at `offset`, or fewer at the end of the file.
    public func readBytes(count: Int, at offset: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBytes { buffer -> Result<Int, FileError> in
            Result { () throws(FileError) in try read(into: buffer, at: offset) }
        }
        bytes.removeLast(count - (try result.get()))
        return bytes
    }

    /// Writes all bytes at the end.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try append(buffer) }
        }
        try result.get()
    }

    /// Writes all bytes at `offset`; see `overwrite(_:at:)`.
    public func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try overwrite(buffer, at: offset) }
        }
        try result.get()
    }

    /// Reads the rest of a stream: a file from its beginning, a pipe until its writer closes it.
    ///
    /// - Parameter limit: The most bytes to take; more are refused with EFBIG.
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
