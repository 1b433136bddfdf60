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
    public init(_ name: String = "varve") throws(FileError) {
        let variable = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        let parent = variable.isEmpty ? "/tmp" : variable
        // mkdtemp(3) puts a name that is free in place of six X at the end.
        var template = Array("\(parent)/\(name).\(String(repeating: "X", count: 6))".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError("make a folder in", parent) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // A umask may take bits away from the owner too.
        guard chmod(path, 0o700) == 0 else { throw FileError("set the rights of", path) }
    }

    deinit { Self.remove(path) }

    /// A path in the folder, with nothing there: what was is removed.
    public func fresh(_ name: String) -> String {
        let place = "\(path)/\(name)"
        Self.remove(place)
        return place
    }

    /// Removes what it can: what stays is the system's to clean, as everything in TMPDIR.
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
