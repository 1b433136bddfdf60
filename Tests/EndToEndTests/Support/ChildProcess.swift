// ChildProcess.swift — a program that a test started: wait for it, or kill it.
//
// Invariants:
// - Standard output and standard error go to files, so that no amount of output can block the program.
// - A program that the test left running is killed when its object goes away.

import Foundation
import Glibc

/// How a program ended and what it printed.
struct Ending {
    /// The exit code, or nil if a signal ended it.
    var code: Int32?
    var outputPath: String
    var errorPath: String

    /// Standard output as text.
    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    /// Standard error as text.
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }
    /// The lines on standard error.
    var errorLines: [Substring] { errors.split(separator: "\n") }

    /// The object that standard output is, or ends with.
    func object() throws -> [String: Any] {
        let line = output.split(separator: "\n").last ?? ""
        return try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }

    /// The array that standard output is.
    func array() throws -> [[String: Any]] {
        try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]] ?? []
    }
}

/// A running program.
final class ChildProcess {
    /// The program cannot be started.
    struct StartFailure: Error { var code: Int32 }

    let identifier: pid_t
    private let outputPath: String
    private let errorPath: String
    private var ended = false
    /// The status of a program whose end was noticed before it was waited for.
    private var early: Int32?

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: The path of the program and its arguments.
    ///   - folder: The working directory.
    ///   - printsTo: The path to which `.out` and `.err` are added for what it prints.
    init(
        _ command: [String], environment: [String: String], folder: String, input: String = "/dev/null",
        printsTo stem: String
    ) throws {
        outputPath = stem + ".out"
        errorPath = stem + ".err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        // `env` becomes the program itself, with the same process id.
        let placed = ["/usr/bin/env", "--chdir=\(folder)"] + command
        var arguments: [UnsafeMutablePointer<CChar>?] = placed.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, placed[0], &actions, nil, &arguments, &variables)
        guard code == 0 else { throw StartFailure(code: code) }
        self.identifier = identifier
    }

    /// What it has printed so far.
    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    /// What it has printed on standard error so far.
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// Whether it still runs.
    var isRunning: Bool {
        var status: Int32 = 0
        if ended { return false }
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return true }
        early = status
        ended = true
        return false
    }

    deinit {
        if !ended {
            Glibc.kill(identifier, SIGKILL)
            _ = wait()
        }
    }

    /// Waits for the end.
    func wait() -> Ending {
        var status: Int32 = early ?? 0
        if early == nil { while waitpid(identifier, &status, 0) < 0, errno == EINTR {} }
        ended = true
        let code = status & 0x7F == 0 ? status >> 8 & 0xFF : nil
        return Ending(code: code, outputPath: outputPath, errorPath: errorPath)
    }

    /// Lets the program run for some time, then kills it with `SIGKILL`; it may have ended by itself before.
    func kill(after seconds: Double) -> Ending {
        usleep(UInt32(max(seconds, 0) * 1e6))
        Glibc.kill(identifier, SIGKILL)
        return wait()
    }
}
