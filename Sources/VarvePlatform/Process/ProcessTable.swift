// ProcessTable.swift — the running processes with their users, executables and arguments, from Linux's /proc.
//
// Invariants:
// - A process that ends while it is read counts as gone; so does a process whose executable may not be read.

import Glibc
public import VarveFile

/// A running process.
public struct RunningProcess: Sendable, Equatable {
    /// Its process id.
    public let id: Int32
    /// Its real user.
    public let user: UInt32
    /// The path of the file it runs; if that file was removed or replaced, ` (deleted)` follows.
    public let executable: String
    /// Its arguments, with the name by which it was started as the first.
    public let arguments: [String]
}

/// Reads /proc.
public enum ProcessTable {
    /// The most bytes of a file of /proc that are read; a longer file counts as missing.
    private static let fileBytes = 64 << 10

    /// The processes that fit, of all users.
    ///
    /// Cost: reads two files and a link of each process.
    /// - Throws: `FileError` if /proc cannot be listed.
    public static func find(
        _ files: any FileSystem, where fits: (RunningProcess) -> Bool
    ) throws -> [RunningProcess] {
        try files.list("/proc").compactMap { name in
            guard let id = Int32(name), let process = process(files, id), fits(process) else { return nil }
            return process
        }
    }

    /// The process of that id; nil if it is gone or a zombie, which has no arguments.
    public static func process(_ files: any FileSystem, _ id: Int32) -> RunningProcess? {
        guard let bytes = content(files, "/proc/\(id)/cmdline"), !bytes.isEmpty,
            let executable = target("/proc/\(id)/exe"), let user = number(files, id, "status", "Uid:")
        else { return nil }
        // Each argument ends with a zero; an empty one counts too.
        let arguments = bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        return RunningProcess(
            id: id, user: UInt32(clamping: user), executable: executable, arguments: arguments)
    }

    /// The number of files that a process may have open at a time, or nil if it is gone.
    public static func openFiles(_ files: any FileSystem, _ id: Int32) -> Int? {
        number(files, id, "limits", "Max open files")
    }

    /// The parent of a process, or nil if it is gone.
    public static func parent(_ files: any FileSystem, _ id: Int32) -> Int32? {
        number(files, id, "status", "PPid:").map { Int32(clamping: $0) }
    }

    /// The first number after `name` in the line that begins with it, in a file of the process's folder.
    private static func number(_ files: any FileSystem, _ id: Int32, _ file: String, _ name: String) -> Int? {
        guard let bytes = content(files, "/proc/\(id)/\(file)") else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
            return line.dropFirst(name.count).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
        }
        return nil
    }

    private static func content(_ files: any FileSystem, _ path: String) -> [UInt8]? {
        guard let file = try? files.open(path, .read) else { return nil }
        defer { file.close() }
        return try? file.readToEnd(limit: fileBytes)
    }

    private static func target(_ link: String) -> String? {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(link, &path, path.count)
        guard count > 0 else { return nil }
        return String(decoding: path[..<count], as: UTF8.self)
    }
}
