// ChildProcess.swift — a program that a test starts, and waits for or kills.
//
// Invariants:
// - Standard output and standard error go to files, so that no amount of output can block the program.
// - The program receives all signals, although the threads that run tests block them, which a child would inherit.
// - A program that the test left running is killed when its object goes away.

package import Foundation
import Glibc

/// How a program ended and what it printed.
package struct Ending {
    /// The exit code, or nil if a signal ended it.
    package var code: Int32?
    /// The file with standard output.
    package let outputPath: String
    private let errorPath: String

    fileprivate init(status: Int32, outputPath: String, errorPath: String) {
        code = status & 0x7F == 0 ? status >> 8 & 0xFF : nil
        self.outputPath = outputPath
        self.errorPath = errorPath
    }

    /// Standard output as text.
    package var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    /// Standard error as text.
    package var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }
    /// The lines on standard error.
    package var errorLines: [Substring] { errors.split(separator: "\n") }

    /// The JSON object that standard output consists of, or ends with.
    package func object() throws -> [String: Any] {
        let line = output.split(separator: "\n").last ?? ""
        return try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }

    /// The JSON array that standard output consists of.
    package func array() throws -> [[String: Any]] {
        try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]] ?? []
    }
}

/// A running program.
package final class ChildProcess {
    /// The program cannot be started.
    package struct StartFailure: Error { package var code: Int32 }

    /// Its process id.
    package let identifier: pid_t
    private let outputPath: String
    private let errorPath: String
    private var ended = false
    /// The status of a program whose end `isRunning` noticed before `wait`.
    private var early: Int32?

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: The path of the program and its arguments.
    ///   - environment: Its variables; by default those of the tests.
    ///   - folder: The working directory.
    ///   - input: The file that is its standard input.
    ///   - stem: The path of its output files, without their endings `.out` and `.err`.
    package init(
        _ command: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        folder: String = "/", input: String = "/dev/null", printsTo stem: String
    ) throws {
        outputPath = stem + ".out"
        errorPath = stem + ".err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        // `env` becomes the program itself and keeps the process id.
        let placed = ["/usr/bin/env", "--chdir=\(folder)"] + command
        var arguments: [UnsafeMutablePointer<CChar>?] = placed.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, placed[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw StartFailure(code: code) }
        self.identifier = identifier
    }

    /// Its standard output so far.
    package var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    /// Its standard error so far.
    package var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// Whether it still runs.
    package var isRunning: Bool {
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

    /// Waits for the program's end.
    package func wait() -> Ending {
        var status: Int32 = early ?? 0
        if early == nil { while waitpid(identifier, &status, 0) < 0, errno == EINTR {} }
        ended = true
        return Ending(status: status, outputPath: outputPath, errorPath: errorPath)
    }

    /// Lets the program run for some time, then kills it with `SIGKILL`; it may have ended by itself before.
    package func kill(after seconds: Double) -> Ending {
        usleep(UInt32(max(seconds, 0) * 1e6))
        Glibc.kill(identifier, SIGKILL)
        return wait()
    }
}
