// CredentialsFile.swift — the credentials on disk: a file that is replaced as a whole, with changes behind it.
//
// Invariants:
// - From its first byte on, only the file's owner can read it.
// - A reader never loses good credentials to a missing or damaged file.
// - Once a change was written, every later look of a reader sees it.

import Glibc
public import VarveFile

/// Writes the credentials file.
public enum CredentialsFile {
    /// The most bytes that are read: enough for about a million devices.
    static let sizeLimit = 128 << 20

    /// The end of a file that was written.
    public struct End: Sendable {
        /// The last line.
        fileprivate var line: [UInt8]
        /// The size without changes, in bytes.
        fileprivate var base: Int
        /// The size with changes.
        fileprivate var size: Int

        /// Whether there are so many changes that the file should be replaced: more than a quarter of the rest, and more
        /// than 64 KiB.
        public var isLong: Bool { size - base > max(64 << 10, base / 4) }
    }

    /// Replaces the file atomically and durably (synced).
    ///
    /// Its mode is 0600.
    ///
    /// - Returns: The end of the new file.
    /// - Throws: `FileError` if it cannot be written; the old file then stays.
    @discardableResult
    public static func write(_ credentials: Credentials, to path: String) throws(FileError) -> End {
        let bytes = credentials.encode()
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try POSIXFileSystem().replacePrivately(path, buffer) }
        }
        try result.get()
        let line = bytes.dropLast().lastIndex(of: TabText.lineFeed).map { bytes[($0 + 1)...] } ?? bytes[...]
        return End(line: Array(line), base: bytes.count, size: bytes.count)
    }

    /// Writes a change behind the file, durably (synced).
    ///
    /// Cost: the size of the change.
    ///
    /// - Parameter end: The end of the file as it was written last; replaced by the new one.
    /// - Throws: `FileError` if the file was changed by others or cannot be written. It must then be replaced, because
    ///   nothing can be read behind a part of a change.
    public static func append(
        _ change: CredentialsChange, to path: String, after end: inout End
    ) throws(FileError) {
        let bytes = change.encode(after: end.line)
        let file = try POSIXFileSystem().open(path, .append)
        defer { file.close() }
        guard try file.size() == end.size else {
            throw FileError("append to", path, code: ESTALE)
        }
        try file.append(bytes)
        try file.sync()
        let line = bytes.dropLast().lastIndex(of: TabText.lineFeed).map { bytes[($0 + 1)...] } ?? bytes[...]
        end = End(line: Array(line), base: end.base, size: end.size + bytes.count)
    }
}

/// The credentials as last read from their file.
public struct CredentialsReader {
    /// The result of a look at the file.
    public enum Outcome: Sendable {
        /// No login has changed since the last look.
        case unchanged
        /// Another file was read.
        case loaded
        /// Changes behind the file were read, of these logins.
        case changed(LoginNames)
        /// The file cannot be used, and the credentials before stay. Reported once for each reason.
        case unusable(reason: String)
    }

    /// How far the file was read.
    private struct Position {
        var offset: Int
        /// The last line before.
        var end: [UInt8]
    }

    private let path: String
    private let files = POSIXFileSystem()
    private var stamp: FileStamp?
    private var position: Position?
    private var complaint: String?
    /// The last good credentials, ready for look-ups; nil if there never were any.
    public private(set) var directory: LoginDirectory?

    /// Makes a reader, which reads nothing before `refresh`.
    public init(path: String) {
        self.path = path
    }

    /// Reads what has changed since the last call.
    ///
    /// Cost: one `stat(2)` if nothing has; a read of the changes behind the file; a read of all of it, 0.1 s for some
    /// 100,000 devices, if it was replaced.
    public mutating func refresh() -> Outcome {
        do {
            guard let found = try files.stamp(path) else {
                (stamp, position) = (nil, nil)
                return complain("\(path) is not there; the service writes it when it starts")
            }
            guard found != stamp else { return .unchanged }
            if let stamp, stamp.device == found.device, stamp.node == found.node, let position,
                found.size >= position.offset, let names = try? readChanges(from: position)
            {
                self.stamp = found
                return names.isEmpty ? .unchanged : .changed(names)
            }
            let bytes = try files.readAll(path, limit: CredentialsFile.sizeLimit)
            // Bad bytes stay bad, so they are not read again. A read that failed is tried again.
            (stamp, position) = (found, nil)
            (directory, position) = try Self.read(bytes)
            complaint = nil
            return .loaded
        } catch {
            return complain("\(path): \(error)")
        }
    }

    /// Reads a whole file with the complete changes behind it.
    private static func read(_ bytes: [UInt8]) throws(AccessError) -> (LoginDirectory, Position) {
        guard let last = CredentialsEntry.endLine(in: bytes[...]) else {
            throw AccessError("the credentials file has no end line: it is not complete")
        }
        var directory = LoginDirectory(try Credentials(parsing: bytes[..<last.upperBound]))
        var rest = bytes[last.upperBound...]
        var end = Array(bytes[last])
        while let change = try CredentialsChange.next(in: &rest, after: &end) { directory.apply(change) }
        return (directory, Position(offset: rest.startIndex, end: end))
    }

    /// Reads the complete changes behind what was read.
    ///
    /// - Throws: If they are not good, which has no effect: the whole file is to be read.
    private mutating func readChanges(from position: Position) throws -> LoginNames {
        let file = try files.open(path, .read)
        defer { file.close() }
        let size = try file.size()
        guard size >= position.offset, size <= CredentialsFile.sizeLimit else {
            throw AccessError("the credentials file has another size")
        }
        var bytes = [UInt8](repeating: 0, count: size - position.offset)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: position.offset) }
        var rest = bytes[..<count]
        var end = position.end
        var changes: [CredentialsChange] = []
        while let change = try CredentialsChange.next(in: &rest, after: &end) { changes.append(change) }
        var names = LoginNames()
        for change in changes {
            directory?.apply(change)
            names.formUnion(LoginNames(change))
        }
        self.position = Position(offset: position.offset + rest.startIndex, end: end)
        return names
    }

    private mutating func complain(_ reason: String) -> Outcome {
        guard reason != complaint else { return .unchanged }
        complaint = reason
        return .unusable(reason: reason)
    }
}
