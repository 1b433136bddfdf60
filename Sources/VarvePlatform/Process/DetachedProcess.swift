// DetachedProcess.swift — starts a program that outlives this process and does not get its terminal's signals.

import Glibc

/// Starts programs in sessions of their own.
public enum DetachedProcess {
    /// `POSIX_SPAWN_SETSID` of glibc's spawn.h, which Swift's Glibc does not have.
    private static let newSession: Int16 = 0x80

    /// The beginnings of variables of the service that are not meant for the programs it starts.
    private static let ownVariables = ["VARVE_", "NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_", "MAINPID="]

    /// Starts a program; its output goes to a file, which is emptied first.
    ///
    /// The program gets the service's environment without the service's own settings. It may open as many files as the
    /// hard limit allows.
    ///
    /// - Parameters:
    ///   - executable: The path of the program.
    ///   - arguments: Its arguments, without the executable.
    ///   - folder: Its working folder.
    ///   - output: The file for its standard output and standard error.
    /// - Returns: The process id of a child; call `reap` until it returns true.
    /// - Throws: `LaunchFailure` if the program cannot be started.
    public static func start(
        _ executable: String, _ arguments: [String], folder: String, output: String
    ) throws(LaunchFailure) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        ProcessHandle.addPlace(folder, to: &actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The service blocks or ignores signals that its child must receive.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | newSession)
        var pointers: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var variables = environment().map { strdup($0) } + [nil]
        defer { for variable in variables { free(variable) } }
        var id: pid_t = 0
        let code = withAllFiles { posix_spawn(&id, executable, &actions, &attributes, pointers, &variables) }
        guard code == 0 else {
            throw LaunchFailure("\(executable) cannot be started: \(String(cString: strerror(code)))")
        }
        return id
    }

    private static func environment() -> [String] {
        var variables: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let variable = String(cString: text)
            if !ownVariables.contains(where: variable.hasPrefix) { variables.append(variable) }
            entry += 1
        }
        return variables
    }

    /// Runs `body` while this process may open as many files as its hard limit allows; a child inherits that.
    private static func withAllFiles(_ body: () -> Int32) -> Int32 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return body() }
        var raised = limit
        raised.rlim_cur = raised.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
        defer { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        return body()
    }

    /// Takes note of a child's end, so that it does not stay in the process table as a zombie.
    ///
    /// - Returns: Whether it has ended, now or before.
    @discardableResult
    public static func reap(_ id: Int32) -> Bool {
        var status: Int32 = 0
        // 0 means that it runs. The only possible failure means that it was reaped before.
        return waitpid(id, &status, WNOHANG) != 0
    }
}

/// A program could not be started.
public struct LaunchFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what and why.
    public let description: String

    /// Makes an error from a message of one line.
    public init(_ description: String) { self.description = description }
}
