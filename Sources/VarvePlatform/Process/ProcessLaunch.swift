// ProcessLaunch.swift — starts a program as a child. No other file of the sources calls posix_spawn.
//
// Invariants:
// - All that posix_spawn needs is freed again, whether the program starts or not.

package import Glibc

/// Starts programs.
package enum ProcessLaunch {
    /// `POSIX_SPAWN_SETSID` of glibc's spawn.h, which Swift's Glibc does not have.
    private static let newSession: Int16 = 0x80

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: The path of the program.
    ///   - arguments: Its arguments, without the executable.
    ///   - environment: Its variables as `NAME=value`; nil for those of this process, byte for byte.
    ///   - blocked: The signals that are blocked in the program.
    ///   - isDetached: Whether it gets a session of its own, and the default action of every signal.
    ///   - files: Says what its descriptors are; the others are those of this process that survive an exec.
    /// - Returns: The process id of the child, which the caller must reap.
    /// - Throws: `LaunchFailure` if the program cannot be started.
    package static func start(
        _ executable: String, _ arguments: [String], environment: [String]? = nil, blocked: sigset_t,
        isDetached: Bool = false, files: (inout posix_spawn_file_actions_t) -> Void
    ) throws(LaunchFailure) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        files(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = blocked
        posix_spawnattr_setsigmask(&attributes, &mask)
        var flags = Int16(POSIX_SPAWN_SETSIGMASK)
        if isDetached {
            var all = sigset_t()
            sigfillset(&all)
            posix_spawnattr_setsigdefault(&attributes, &all)
            flags |= Int16(POSIX_SPAWN_SETSIGDEF) | newSession
        }
        posix_spawnattr_setflags(&attributes, flags)
        let words = ([executable] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { $0.map { strdup($0) } + [nil] }
        defer { for text in words + (variables ?? []) { free(text) } }
        var id: pid_t = 0
        let code =
            if let variables {
                posix_spawn(&id, executable, &actions, &attributes, words, variables)
            } else {
                posix_spawn(&id, executable, &actions, &attributes, words, environ)
            }
        guard code == 0 else {
            throw LaunchFailure("\(executable) cannot be started: \(String(cString: strerror(code)))")
        }
        return id
    }
}

/// A program could not be started.
public struct LaunchFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what and why.
    public let description: String

    /// Makes an error from a message of one line.
    public init(_ description: String) { self.description = description }
}
