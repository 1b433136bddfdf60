// WorkerProcess.swift — the service as a child of this process.
//
// Invariants:
// - The child is reaped only in `end`, so until then a signal to its id cannot reach another process.
// - This process's end of the pair of sockets is not inherited by children, and it is closed with this object.

import Glibc
import VarveControl
import VarvePlatform

/// The service as a child process.
final class WorkerProcess {
    /// How it ended.
    enum End: CustomStringConvertible {
        case exited(Int32)
        case killed(Int32)

        /// What happened, worded to follow "the service".
        var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .killed(let number): "was killed by \(Self.names[number] ?? "signal \(number)")"
            }
        }

        private static let names: [Int32: String] = [
            SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
            SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV",
            SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU",
            SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2",
        ]
    }

    let id: pid_t
    private let socket: Int32

    /// Starts the service with this process's streams and environment.
    ///
    /// - Parameter signals: The signals that are blocked in the child: the mask from before this process blocked some.
    /// - Throws: `ServeFailure` if the sockets cannot be made, `LaunchFailure` if the program cannot be started.
    init(_ executable: String, _ arguments: [String], signals: sigset_t) throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ServeFailure("a socket to the service cannot be made: \(String(cString: strerror(errno)))")
        }
        socket = ends[0]
        defer { close(ends[1]) }
        do throws(LaunchFailure) {
            id = try ProcessLaunch.start(
                executable, [ServiceArguments.supervisor, String(ends[1])] + arguments, blocked: signals
            ) { actions in
                // Duplicated onto itself, which keeps the descriptor open in the child.
                posix_spawn_file_actions_adddup2(&actions, ends[1], ends[1])
            }
        } catch {
            close(socket)
            throw error
        }
    }

    deinit { close(socket) }

    /// How the process ended; nil while it runs.
    ///
    /// Does not wait.
    func end() -> End? {
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        let number = status & 0x7F
        return number == 0 ? .exited(status >> 8 & 0xFF) : .killed(number)
    }

    /// Whether the service reported that it was ready.
    ///
    /// Called once, after its end.
    func hasBeenReady() -> Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, Int32(MSG_DONTWAIT)) == 1
    }
}
