// CredentialsFile.swift — the credentials on disk: replaced as a whole, read by the plugin when they changed.

package import VarveFile

/// The file of the credentials.
package enum CredentialsFile {
    /// The largest file that is read: half a million devices.
    private static let limit = 128 << 20

    /// Replaces the file; nobody but its owner can ever read it.
    package static func write(
        _ credentials: Credentials, to path: String, files: POSIXFileSystem = POSIXFileSystem()
    ) throws {
        try files.replacePrivate(path, credentials.encode())
    }

    /// Reads the file.
    package static func read(_ path: String, files: any FileSystem = POSIXFileSystem()) throws -> Credentials
    {
        try Credentials(parsing: try files.readAll(path, limit: limit))
    }
}
