// SmallDisk.swift — a real disk that can be filled: a tmpfs of a given size.

import Foundation
import Glibc

/// A tmpfs that is mounted during a closure.
enum SmallDisk {
    struct MountFailure: Error {}

    /// Whether this user may mount.
    static let canMount: Bool = {
        guard geteuid() == 0, let sandbox = try? Sandbox() else { return false }
        return (try? use(at: "\(sandbox.path)/trial") { _ in }) != nil
    }()

    /// Mounts a tmpfs at a path, which must not exist, and unmounts it after the body.
    static func use(at path: String, size: String = "1m", _ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(size)") == 0 else { throw MountFailure() }
        defer { umount(path) }
        try body(path)
    }
}
