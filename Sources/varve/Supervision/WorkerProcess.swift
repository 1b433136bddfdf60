// WorkerProcess.swift — the service as a child of this process.
//
// Invariants:
// - The child's number is not reaped before its end is told, so a signal to it never reaches another process.
// - This process's end of the pair of sockets is closed when a program is started, and when the object goes away.

import Glibc
import VarveControl

/// A running service.
final class WorkerProcess {
    /// How it ended.
    enum End: CustomStringConvertible {
        case exited(Int32)
        case killed(Int32)

        /// What happened, as it stands behind "the service".
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
    private let line: Int32

    /// Starts the service with this process's streams and environment.
    ///
    /// - Parameter signals: The signals that are blocked in it: none of those that this process waits for.
    init(_ executable: String, _ arguments: [String], signals: sigset_t) throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ServeFailure("a line to the service cannot be made: \(String(cString: strerror(errno)))")
        }
        line = ends[0]
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Onto itself: that keeps it open in the child.
        posix_spawn_file_actions_adddup2(&actions, ends[1], ends[1])
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = signals
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words = [executable, ServiceArguments.supervisor, String(ends[1])] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, executable, &actions, &attributes, &pointers, environ)
        guard code == 0 else {
            close(line)
            throw ServeFailure("\(executable) cannot be started: \(String(cString: strerror(code)))")
        }
        id = child
    }

    deinit { close(line) }

    /// How it ended; nil while it runs.
    func end() -> End? {
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        let number = status & 0x7F
        return number == 0 ? .exited(status >> 8 & 0xFF) : .killed(number)
    }

    /// Whether it has said that it is ready; asked once, after its end.
    func hasBeenReady() -> Bool {
        var byte: UInt8 = 0
        return recv(line, &byte, 1, Int32(MSG_DONTWAIT)) == 1
    }
}
