// PreloadedDisk.swift — runs `varve` on a disk that fills up, is slow or stops syncing: Shims/failing_disk.c, preloaded.

import Foundation
import VarveTestSupport

/// A preloaded library that makes writes below a data directory fail.
struct PreloadedDisk {
    private let library: String
    private let sandbox: Sandbox

    /// The C compiler that builds the library, if one is installed.
    static let compiler = Installation.find("gcc") ?? Installation.find("clang")

    /// The part of a data directory that is on the failing disk.
    enum Area: String, CaseIterable {
        case registry
        case wal
        case segments
        case manifests
    }

    /// The library cannot be built.
    struct BuildFailure: Error { var text: String }

    /// Compiles the library into the sandbox.
    init(in sandbox: Sandbox) throws {
        self.sandbox = sandbox
        library = "\(sandbox.path)/failing_disk.so"
        let source = Installation.resource("Shims/failing_disk.c")
        let command = [Self.compiler ?? "cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
        let ending = try sandbox.start(program: command).wait()
        guard ending.code == 0 else { throw BuildFailure(text: ending.errors) }
    }

    /// How many bytes a run writes, and how often it syncs.
    func extent(of command: [String], data: String, below: String) throws -> (bytes: Int, syncs: Int) {
        let report = "\(sandbox.path)/extent.txt"
        let ending = try run(command, data: data, below, ["FAILING_DISK_REPORT": report])
        guard ending.code == 0 else { throw BuildFailure(text: ending.errors) }
        let numbers = try String(contentsOfFile: report, encoding: .utf8).split { $0 == " " || $0 == "\n" }
        return (Int(numbers[0]) ?? 0, Int(numbers[1]) ?? 0)
    }

    /// Runs a command on a disk with room for `room` bytes.
    func run(_ command: [String], data: String, below: String, room: Int) throws -> Ending {
        try run(command, data: data, below, ["FAILING_DISK_BYTES": "\(room)"])
    }

    /// Runs a command on a disk on which one sync fails, counted from 1.
    func run(_ command: [String], data: String, below: String, failingSync: Int) throws -> Ending {
        try run(command, data: data, below, ["FAILING_DISK_SYNC": "\(failingSync)"])
    }

    /// The variables of a process whose disk takes longer for each sync of a file below a folder.
    func slow(below: String, milliseconds: Int) -> [String: String] {
        [
            "LD_PRELOAD": library, "FAILING_DISK_BELOW": below,
            "FAILING_DISK_DELAY": "\(milliseconds)",
        ]
    }

    private func run(
        _ command: [String], data: String, _ below: String, _ settings: [String: String]
    ) throws -> Ending {
        var environment = settings
        environment["LD_PRELOAD"] = library
        environment["FAILING_DISK_BELOW"] = below
        return try sandbox.varve(command, data: data, environment: environment)
    }
}
