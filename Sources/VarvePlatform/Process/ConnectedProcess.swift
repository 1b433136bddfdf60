// ConnectedProcess.swift — a child that has nothing of this process but one connection, as its standard input.
//
// Invariants:
// - The child inherits no other descriptor, no variable of the environment, no working folder, no blocked or ignored
//   signal, and not the terminal.
// - Its id is not used again before `end` has reaped it, so a signal reaches the child or no process.

import Glibc
import VarveFile

/// A child process with a connection to it.
public final class ConnectedProcess: Sendable {
    /// Its process id.
    public let id: Int32
    /// The connection to its standard input.
    public let connection: LocalSocketConnection

    /// Starts a program.
    ///
    /// Its standard output and standard error lead nowhere.
    ///
    /// - Parameters:
    ///   - executable: The path of the program.
    ///   - environment: Its whole environment, as `NAME=value`.
    /// - Throws: `LaunchFailure` if the program cannot be started.
    public init(_ executable: String, environment: [String]) throws(LaunchFailure) {
        let (own, other): (LocalSocketConnection, Int32)
        do throws(FileError) {
            (own, other) = try LocalSocketConnection.pair(path: "the process of \(executable)")
        } catch {
            throw LaunchFailure("\(executable) cannot be started: \(error)")
        }
        defer { _ = Glibc.close(other) }
        var none = sigset_t()
        sigemptyset(&none)
        id = try ProcessLaunch.start(
            executable, [], environment: environment, blocked: none, isDetached: true
        ) { actions in
            posix_spawn_file_actions_adddup2(&actions, other, 0)
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
            ProcessHandle.addPlace("/", to: &actions)
        }
        connection = own
    }

    /// Kills it if it runs, and waits until it has ended; called once, by the owner.
    ///
    /// - Returns: How it ended, as half a sentence.
    @discardableResult
    public func end() -> String {
        kill(id, SIGKILL)
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1, errno == EINTR {}
        let number = status & 0x7F
        return number == 0 ? "ended with exit code \(status >> 8 & 0xFF)" : "was ended by signal \(number)"
    }
}
