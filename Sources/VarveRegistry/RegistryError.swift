// RegistryError.swift — why the registry refused a request or cannot be used, in one line with its remedy.
//
// Invariants:
// - `message` has no line break, because names from outside go through `RegistryNames.shown`.

import GRDB
import VarveFile

/// Thrown when the registry refuses a request or cannot be used.
public struct RegistryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure, for programs.
    public enum Code: Hashable, Sendable {
        /// A name or setting breaks the rules for names and settings.
        case invalid
        /// The thing already exists, or a name that it needs is taken.
        case exists
        /// The thing does not exist.
        case notFound
        /// The thing cannot be deleted, because others refer to it.
        case inUse
        /// There are as many points, events or attributes as there may be.
        case full
        /// The device was activated before.
        case activated
        /// Several products have the bare device key.
        case ambiguous
        /// The point has another type, which only a change of its values can change.
        case typeFixed
        /// The file to import is malformed.
        case malformedInput
        /// The file's content is not what Varve wrote.
        case damaged
        /// Another process is changing the registry.
        case busy
        /// The registry was opened for reading only.
        case readOnly
        /// The file cannot be opened, read or written.
        case unavailable
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong, where, and what to do, in one line.
    public let message: String

    /// Makes an error from a message of one line.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message, without the code.
    public var description: String { message }

    /// The same failure, with a place in a file in front of the message.
    func at(_ place: String) -> RegistryError {
        RegistryError(code, "\(place): \(message)")
    }
}

extension RegistryError {
    /// Translates a failure of SQLite for the user of the registry at `path`.
    init(_ error: DatabaseError, path: String) {
        let detail = RegistryNames.shown(error.message ?? "SQLite error \(error.resultCode.rawValue)")
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "\(path) is being changed by another process: try again in a moment")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.damaged, "\(path) is damaged (\(detail)): restore it from a backup")
        case .SQLITE_FULL: self = Self.full(path)
        case .SQLITE_CANTOPEN,
            .SQLITE_IOERR where POSIXFileSystem().isFull(at: path):
            self = Self.full(path)
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_IOERR:
            self.init(
                .unavailable,
                "\(path) cannot be used (\(detail)): check that its directory exists and may be written")
        default:
            self.init(
                .damaged,
                "\(path) gave SQLite error \(error.extendedResultCode.rawValue) (\(detail)): "
                    + "check it with varve verify")
        }
    }

    private static func full(_ path: String) -> RegistryError {
        RegistryError(.unavailable, "\(path) cannot grow, the disk is full: free some space and try again")
    }
}
