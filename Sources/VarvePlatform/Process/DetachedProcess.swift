// DetachedProcess.swift — starts a program that outlives this process and does not get its terminal's signals.

import Glibc

/// Starts programs in sessions of their own.
public enum DetachedProcess {
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
        // The service blocks or ignores signals that its child must receive.
        var none = sigset_t()
        sigemptyset(&none)
        return try withAllFiles { () throws(LaunchFailure) in
            try ProcessLaunch.start(
                executable, arguments, environment: environment(), blocked: none, isDetached: true
            ) { actions in
                posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
                posix_spawn_file_actions_addopen(
                    &actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
                posix_spawn_file_actions_adddup2(&actions, 1, 2)
                ProcessHandle.addPlace(folder, to: &actions)
            }
        }
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
    private static func withAllFiles(
        _ body: () throws(LaunchFailure) -> Int32
    ) throws(LaunchFailure) -> Int32 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return try body() }
        var raised = limit
        raised.rlim_cur = raised.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
        defer { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        return try body()
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
