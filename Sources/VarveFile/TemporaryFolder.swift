// TemporaryFolder.swift — a folder of our own for work that leaves nothing behind.
//
// Invariants:
// - Only the owner may enter it. It goes with the last reference; a process that is killed leaves it in TMPDIR.

import Glibc

/// A folder under TMPDIR, or /tmp, that is removed with everything in it.
public final class TemporaryFolder: Sendable {
    /// The folder.
    public let path: String

    /// Makes a folder whose name begins with `name`.
    public init(_ name: String) throws(FileError) {
        let variable = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        let parent = variable.isEmpty ? "/tmp" : variable
        var template = Array("\(parent)/\(name).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError("make a folder in", parent) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// Removes what it can: what stays is the system's to clean, as everything in TMPDIR.
    private static func remove(_ folder: String) {
        let files = POSIXFileSystem()
        for name in (try? files.list(folder)) ?? [] {
            let path = "\(folder)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { remove(path) } else { _ = unlink(path) }
        }
        _ = rmdir(folder)
    }
}
