// ChildProcess.swift — runs a command to its end and reports what it cost.
//
// The kernel counts the peak memory of a child from that of the process that started it. So the harness stays
// small until the last child has run, and work that needs much memory in this process comes after.

import Glibc
import VarvePlatform

/// A finished command.
struct ChildProcess {
    /// The seconds from start to end.
    let seconds: Double
    /// The seconds of processor time, of all threads.
    let processorSeconds: Double
    /// The peak memory in MiB.
    let peakMemory: Double
    /// The bytes written to disk, by the kernel's count.
    let bytesWritten: Double

    /// Runs a command.
    ///
    /// Its output goes to a file, or nowhere.
    ///
    /// - Throws: `HarnessError` if it cannot be started, or ends with another code than 0 or 3 (some rows
    ///   rejected).
    static func run(_ words: [String], output: String = "/dev/null") throws -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        let started = SystemClock.monotonicNanoseconds()
        var child: pid_t = 0
        let code = posix_spawnp(&child, words[0], &actions, nil, arguments, environ)
        guard code == 0 else {
            throw HarnessError("cannot run \(words[0]): \(String(cString: strerror(code)))")
        }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, 0, &usage) < 0 && errno == EINTR {}
        let ended = SystemClock.monotonicNanoseconds()
        let exit = (status >> 8) & 0xFF
        guard status & 0x7F == 0, exit == 0 || exit == 3 else {
            throw HarnessError("\(words.joined(separator: " ")) failed with status \(status)")
        }
        return ChildProcess(
            seconds: Double(ended - started) / 1e9,
            processorSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakMemory: Double(usage.ru_maxrss) / 1024, bytesWritten: Double(usage.ru_oublock) * 512)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
