// TemporaryFolder.swift — a private folder for work that leaves nothing behind.
//
// Invariants:
// - Only the owner may enter the folder.
// - It is removed with the last reference to it; a process that is killed leaves it in TMPDIR.

import Glibc

/// A folder under TMPDIR, or /tmp, that is removed with everything in it.
public final class TemporaryFolder: Sendable {
    /// The path of the folder.
    public let path: String

    /// Makes a folder whose name begins with `name`.
    ///
    /// - Throws: `FileError` if no folder can be made in TMPDIR.
    public init(_ name: String = "varve") throws(FileError) {
        let variable = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        let parent = variable.isEmpty ? "/tmp" : variable
        // mkdtemp(3) replaces the six X at the end, so that the name is free.
        var template = Array("\(parent)/\(name).\(String(repeating: "X", count: 6))".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError("make a folder in", parent) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The umask may have taken bits away from the owner, too.
        guard chmod(path, 0o700) == 0 else { throw FileError("set the rights of", path) }
    }

    deinit { Self.remove(path) }

    /// A path in the folder at which nothing is; what was there is removed.
    public func fresh(_ name: String) -> String {
        let place = "\(path)/\(name)"
        Self.remove(place)
        return place
    }

    /// Removes as much as possible; the system cleans up the rest, like everything in TMPDIR.
    private static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            _ = unlink(path)
            return
        }
        for name in (try? POSIXFileSystem().list(path)) ?? [] { remove("\(path)/\(name)") }
        _ = rmdir(path)
    }
}
