// CredentialsFile.swift — the credentials on disk: replaced as a whole, read again when replaced.
//
// Invariants:
// - Only the file's owner can read it, from its first byte on.
// - A reader never loses good credentials to a missing or damaged file.

package import VarveFile

/// Writes credentials.
package enum CredentialsFile {
    /// The most bytes that are read; about a million devices.
    static let sizeLimit = 128 << 20

    /// Replaces the file atomically and durably; its mode is 0600.
    package static func write(_ credentials: Credentials, to path: String) throws(FileError) {
        let bytes = credentials.encode()
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
            Result { () throws(FileError) in try POSIXFileSystem().replacePrivately(path, buffer) }
        }
        try result.get()
    }
}

/// The credentials as last read from their file.
package struct CredentialsReader {
    /// What a look at the file brought.
    package enum Outcome: Sendable {
        /// The file is as it was at the last look.
        case unchanged
        /// There are new credentials.
        case loaded
        /// The file cannot be used; the credentials before stay. Told once for each state of the file.
        case unusable(reason: String)
    }

    private let path: String
    private let files = POSIXFileSystem()
    private var stamp: FileStamp?
    private var complaint: String?
    /// The last good credentials, made ready for look-ups; nil if there never were any.
    package private(set) var directory: LoginDirectory?

    /// Makes a reader; nothing is read before `refresh`.
    package init(path: String) {
        self.path = path
    }

    /// Reads the file if it is another than at the last call.
    ///
    /// Cost: a `stat(2)` if it is not, else reading it all: 0.1 s for some 100,000 devices.
    package mutating func refresh() -> Outcome {
        do {
            guard let found = try files.stamp(path) else {
                stamp = nil
                return complain("\(path) is not there; the service writes it when it starts")
            }
            guard found != stamp else { return .unchanged }
            let bytes = try files.readAll(path, limit: CredentialsFile.sizeLimit)
            // Bytes that were read and are bad stay bad; a read that failed is tried again.
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
