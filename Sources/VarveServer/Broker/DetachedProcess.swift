// DetachedProcess.swift — starts a program that outlives this process and does not get its terminal's signals.

import Glibc

/// Starts programs in sessions of their own.
enum DetachedProcess {
    /// `POSIX_SPAWN_SETSID` of glibc's spawn.h, which Swift's Glibc does not have.
    private static let newSession: Int16 = 0x80

    /// Starts a program; its output goes to a file, which is emptied first.
    ///
    /// - Returns: The process id. It is a child: `reap` must be called until it says that the child is gone.
    static func start(
        _ executable: String, _ arguments: [String], output: String
    ) throws(ServerError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A service blocks or ignores signals that its child must have.
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
        var id: pid_t = 0
        let code = posix_spawnp(&id, executable, &actions, &attributes, pointers, environ)
        guard code == 0 else {
            throw ServerError("\(executable) cannot be started: \(String(cString: strerror(code)))")
        }
        return id
    }

    /// Takes note of a child's end, so that it does not stay as a dead entry.
    ///
    /// - Returns: Whether it was a child of ours that has ended.
    @discardableResult
    static func reap(_ id: Int32) -> Bool {
        var status: Int32 = 0
        return waitpid(id, &status, WNOHANG) == id
    }
}
