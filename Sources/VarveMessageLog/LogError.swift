// LogError.swift — why the message log could not be read or written, in one line with its remedy.

import GRDB
import VarveFile

/// Thrown when the message log cannot be read or written.
public struct LogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, for programs.
    public enum Code: Hashable, Sendable {
        /// There is no log yet.
        case missing
        /// The file's content is not what Varve wrote.
        case damaged
        /// Another process holds the file.
        case busy
        /// The file cannot be opened, read or written.
        case unavailable
    }

    /// What a program can act on.
    public let code: Code
    /// What is wrong, where, and what to do, in one line.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// Translates a failure of SQLite, of GRDB or of the file system.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as LogError: self = error
        case let error as FileError: self.init(.unavailable, error.description)
        case let error as DirectoryRefused: self.init(.unavailable, error.description)
        case let error as DatabaseError: self.init(error, path: path)
        default: self.init(.damaged, "\(path) is damaged")
        }
    }

    private init(_ error: DatabaseError, path: String) {
        let detail = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "\(path) is held by another process: try again in a moment")
        case .SQLITE_FULL,
            .SQLITE_CANTOPEN where POSIXFileSystem().isFull(at: path),
            .SQLITE_IOERR where POSIXFileSystem().isFull(at: path):
            self.init(.unavailable, "\(path) cannot grow, the disk is full: free some space")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR:
            // The statements never change, so an SQL error means that the tables are wrong.
            self.init(.damaged, "\(path) is damaged (\(detail))")
        default:
            self.init(
                .unavailable, "\(path) cannot be used (\(detail)): check that its directory may be written")
        }
    }
}
