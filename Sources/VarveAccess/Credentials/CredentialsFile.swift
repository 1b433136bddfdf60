// CredentialsFile.swift — the credentials on disk: replaced as a whole, and read again when they were
// replaced.
//
// Invariants:
// - From its first byte on, only the file's owner can read it.
// - A reader never loses good credentials to a missing or damaged file.

public import VarveFile

/// Writes the credentials file.
public enum CredentialsFile {
    /// The most bytes that are read: enough for about a million devices.
    static let sizeLimit = 128 << 20

    /// Replaces the file atomically and durably (synced).
    ///
    /// Its mode is 0600.
    ///
    /// - Throws: `FileError` if it cannot be written; the old file then stays.
    public static func write(_ credentials: Credentials, to path: String) throws(FileError) {
        let bytes = credentials.encode()
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try POSIXFileSystem().replacePrivately(path, buffer) }
        }
        try result.get()
    }
}

/// The credentials as last read from their file.
public struct CredentialsReader {
    /// The result of a look at the file.
    public enum Outcome: Sendable {
        /// The file is as it was at the last look.
        case unchanged
        /// New credentials were read.
        case loaded
        /// The file cannot be used, and the credentials before stay. Reported once for each reason.
        case unusable(reason: String)
    }

    private let path: String
    private let files = POSIXFileSystem()
    private var stamp: FileStamp?
    private var complaint: String?
    /// The last good credentials, ready for look-ups; nil if there never were any.
    public private(set) var directory: LoginDirectory?

    /// Makes a reader, which reads nothing before `refresh`.
    public init(path: String) {
        self.path = path
    }

    /// Reads the file if it has changed since the last call.
    ///
    /// Cost: one `stat(2)` if it has not; otherwise a read of the whole file, 0.1 s for some 100,000 devices.
    public mutating func refresh() -> Outcome {
        do {
            guard let found = try files.stamp(path) else {
                stamp = nil
                return complain("\(path) is not there; the service writes it when it starts")
            }
            guard found != stamp else { return .unchanged }
            let bytes = try files.readAll(path, limit: CredentialsFile.sizeLimit)
            // Bad bytes stay bad, so they are not read again. A read that failed is tried again.
            stamp = found
            directory = LoginDirectory(try Credentials(parsing: bytes))
            complaint = nil
            return .loaded
        } catch {
            return complain("\(path): \(error)")
        }
    }

    private mutating func complain(_ reason: String) -> Outcome {
        guard reason != complaint else { return .unchanged }
        complaint = reason
        return .unusable(reason: reason)
    }
}
