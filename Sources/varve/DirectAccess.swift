// DirectAccess.swift — the two things the small tool asks of the disk beside the store: make the data directory,
// read a small file whole.

import Glibc

/// A file or directory that cannot be used.
struct AccessFailure: Error, CustomStringConvertible {
    let description: String
}

/// Small calls on files.
enum DirectAccess {
    /// Makes a directory and the missing ones above it; one that exists is fine.
    static func createDirectory(_ path: String) throws {
        var slashes = path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") && $0 != path.startIndex }
        slashes.append(path.endIndex)
        for end in slashes where mkdir(String(path[..<end]), 0o777) != 0 && errno != EEXIST {
            throw failure("make directory", path, remedy: "check the path and its permissions")
        }
    }

    /// Reads a file of at most `limit` bytes; `-` is stdin.
    static func readAll(_ path: String, limit: Int) throws -> [UInt8] {
        let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path, remedy: "check the name and its permissions") }
        defer { if file != STDIN_FILENO { close(file) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path, remedy: "name a readable file") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else {
                throw AccessFailure(description: "\(path) is larger than \(limit >> 20) MiB: split it")
            }
        }
    }

    private static func failure(_ action: String, _ path: String, remedy: String) -> AccessFailure {
        AccessFailure(description: "cannot \(action) \(path): \(String(cString: strerror(errno))): \(remedy)")
    }
}
