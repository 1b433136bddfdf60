// ProcessTable.swift — which processes run, with what arguments: Linux's /proc.
//
// Invariants:
// - A process that ends while it is looked at is taken as not there.

import Glibc
import VarveFile

/// A running process.
struct RunningProcess: Sendable, Equatable {
    let id: Int32
    let arguments: [String]
}

/// Looks at processes.
enum ProcessTable {
    /// Most bytes of a process's arguments that are looked at.
    private static let argumentBytes = 64 << 10

    /// The processes whose arguments fit, of all users that may be seen.
    static func find(_ files: any FileSystem, where fits: ([String]) -> Bool) throws -> [RunningProcess] {
        try files.list("/proc").compactMap { name in
            guard let id = Int32(name), let process = process(files, id), fits(process.arguments) else {
                return nil
            }
            return process
        }
    }

    /// The process of that id, unless it is gone or dead and only not yet reaped (that has no arguments).
    static func process(_ files: any FileSystem, _ id: Int32) -> RunningProcess? {
        guard let file = try? files.open("/proc/\(id)/cmdline", .read) else { return nil }
        defer { file.close() }
        guard let bytes = try? file.readToEnd(limit: argumentBytes), !bytes.isEmpty else { return nil }
        let arguments = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return RunningProcess(id: id, arguments: arguments)
    }
}
