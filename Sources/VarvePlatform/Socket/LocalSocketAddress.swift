// LocalSocketAddress.swift — the address of a unix socket at a path of any length.
//
// `sun_path` holds 107 bytes. A longer path is reached through a descriptor of its folder, which has a short name
// below /proc.
//
// Invariants:
// - The descriptor lives as long as the address: the kernel looks the name up during `bind` and `connect`.

import Glibc
public import VarveFile

/// Where a unix socket is.
public final class LocalSocketAddress {
    /// The path as the user knows it.
    let path: String
    private let folder: Int32
    private let bytes: [UInt8]

    /// The longest path, in bytes, that fits with its closing zero.
    static let longestDirectPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// A path to the same socket that is short enough for the kernel; valid while the address lives.
    public var shortPath: String { String(decoding: bytes, as: UTF8.self) }

    /// Makes the address of a socket.
    ///
    /// The socket need not exist. If the path is long, its folder must exist.
    /// - Throws: `FileError` if the folder of a long path cannot be opened, or the socket's name is too long.
    public init(_ path: String) throws(FileError) {
        self.path = path
        if path.utf8.count <= Self.longestDirectPath {
            folder = -1
            bytes = Array(path.utf8)
            return
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        guard let name = parts.last, let cut = path.lastIndex(of: "/") else {
            throw FileError("reach", path, code: ENAMETOOLONG)
        }
        let parent = path[..<cut].isEmpty ? "/" : String(path[..<cut])
        folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw FileError("open folder", parent) }
        bytes = Array("/proc/self/fd/\(folder)/\(name)".utf8)
        guard bytes.count <= Self.longestDirectPath else {
            _ = Glibc.close(folder)
            throw FileError("reach", path, code: ENAMETOOLONG)
        }
    }

    deinit {
        if folder >= 0 { _ = Glibc.close(folder) }
    }

    /// Calls `body` with the address in the kernel's form.
    func withAddress<T>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// The descriptor of a new socket, which programs that are started do not inherit.
    ///
    /// - Throws: `FileError` if the process is out of descriptors.
    static func socket(for path: String) throws(FileError) -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw FileError("make a socket for", path) }
        return descriptor
    }
}
