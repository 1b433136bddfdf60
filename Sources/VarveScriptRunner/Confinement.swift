// Confinement.swift — takes away from this process, for good, what a script does not need.
//
// A script has no means to ask for files, sockets or processes: the engine offers it none. What is here holds if the
// engine has a fault that lets a script run code of its own. It needs no rights:
//
// - seccomp: every system call that is not on the list fails with EPERM. The list has no call that opens, connects,
//   starts a program or signals another process. Memory never becomes executable, and a new thread is a thread of this
//   process.
// - limits: no further descriptor, no file growth, no core file.
//
// Invariants:
// - If a step fails, `enter` throws, and no script is run.

import CConfinement
import Glibc
import VarveFile

/// Confines this process.
enum Confinement {
    /// A step failed.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ step: String) {
            description = "this system does not let it \(step) (\(String(cString: strerror(errno))))"
        }
    }

    /// What is done if it is not allowed.
    private static let denied = UInt32(SECCOMP_RET_ERRNO) | UInt32(bitPattern: EPERM)

    /// Confines all threads of this process.
    ///
    /// - Throws: `Failure` if the system does not offer what is needed.
    static func enter() throws(Failure) {
        // The first to end if the machine runs out of memory. Not needed for the rest.
        if let file = try? POSIXFileSystem().open("/proc/self/oom_score_adj", .update) {
            try? file.overwrite(Array("1000".utf8), at: 0)
            file.close()
        }
        _ = Glibc.close(STDOUT_FILENO)
        _ = Glibc.close(STDERR_FILENO)
        guard confinement_hide_memory() == 0 else { throw Failure("hide its memory") }
        // The connection has number 0, so no further descriptor is possible, and `poll` of one stays possible.
        for (resource, limit) in [
            (RLIMIT_NOFILE, 1), (RLIMIT_FSIZE, 0), (RLIMIT_CORE, 0),
        ] {
            let number = Int32(truncatingIfNeeded: resource.rawValue)
            guard confinement_limit(number, UInt(limit)) == 0 else { throw Failure("limit itself") }
        }
        guard confinement_forbid_new_rights() == 0 else { throw Failure("give up rights") }
        var program = filter()
        let result = program.withUnsafeMutableBufferPointer { code in
            var description = sock_fprog(len: UInt16(clamping: code.count), filter: code.baseAddress)
            return confinement_install(&description)
        }
        guard result == 0 else { throw Failure("filter its system calls") }
    }

    /// Calls that are allowed whatever their arguments, the frequent ones first.
    private static let allowed: [Int32] = [
        SYS_recvfrom, SYS_sendto, SYS_poll, SYS_futex, SYS_clock_gettime, SYS_pread64, SYS_clock_nanosleep,
        SYS_nanosleep, SYS_madvise, SYS_munmap, SYS_mremap, SYS_brk, SYS_sched_yield, SYS_rt_sigreturn,
        SYS_rt_sigsuspend, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack, SYS_gettid, SYS_getpid,
        SYS_getrandom, SYS_gettimeofday, SYS_getrusage, SYS_sysinfo, SYS_sched_getaffinity, SYS_membarrier,
        SYS_set_robust_list, SYS_rseq, SYS_restart_syscall, SYS_close, SYS_shutdown, SYS_exit, SYS_exit_group,
    ]

    /// A test of one argument of a call, of which the low half is looked at.
    private struct Test {
        var call: Int32
        /// Counted from 0.
        var argument: UInt32
        var mask: UInt32 = .max
        /// What the argument must be, of its bits in the mask.
        var values: [UInt32]
    }

    private static func tests() -> [Test] {
        let executable = UInt32(bitPattern: PROT_EXEC)
        return [
            Test(call: SYS_mmap, argument: 2, mask: executable, values: [0]),
            Test(call: SYS_mprotect, argument: 2, mask: executable, values: [0]),
            Test(call: SYS_clone, argument: 0, mask: confinement_thread, values: [confinement_thread]),
            Test(call: SYS_tgkill, argument: 0, values: [UInt32(bitPattern: getpid())]),
            Test(
                call: SYS_prctl, argument: 0, values: [confinement_name_thread, confinement_name_memory]),
        ]
    }
}

// The program of the filter.
extension Confinement {
    private static let load = UInt16(truncatingIfNeeded: BPF_LD | BPF_W | BPF_ABS)
    private static let and = UInt16(truncatingIfNeeded: BPF_ALU | BPF_AND | BPF_K)
    private static let isEqual = UInt16(truncatingIfNeeded: BPF_JMP | BPF_JEQ | BPF_K)
    private static let isAtLeast = UInt16(truncatingIfNeeded: BPF_JMP | BPF_JGE | BPF_K)
    private static let answer = UInt16(truncatingIfNeeded: BPF_RET | BPF_K)

    /// The offsets in `struct seccomp_data`.
    private enum Place {
        static let call: UInt32 = 0
        static let architecture: UInt32 = 4
        static let arguments: UInt32 = 16
    }

    private static func filter() -> [sock_filter] {
        let allow = UInt32(SECCOMP_RET_ALLOW)
        var code: [sock_filter] = []
        func add(_ operation: UInt16, _ value: UInt32, yes: UInt8 = 0, no: UInt8 = 0) {
            code.append(sock_filter(code: operation, jt: yes, jf: no, k: value))
        }
        add(load, Place.architecture)
        add(isEqual, confinement_architecture, yes: 1)
        add(answer, denied)
        add(load, Place.call)
        // Numbers from here on are those of another interface (x32).
        add(isAtLeast, 0x4000_0000, no: 1)
        add(answer, denied)
        for call in allowed {
            add(isEqual, UInt32(bitPattern: call), no: 1)
            add(answer, allow)
        }
        // The arguments of the newer call lie in memory, where a filter does not see them. The C library then takes the
        // older one.
        add(isEqual, UInt32(bitPattern: SYS_clone3), no: 1)
        add(answer, UInt32(SECCOMP_RET_ERRNO) | UInt32(bitPattern: ENOSYS))
        for test in tests() {
            let steps = UInt8(truncatingIfNeeded: 3 + 2 * test.values.count)
            add(isEqual, UInt32(bitPattern: test.call), no: steps)
            add(load, Place.arguments + 8 * test.argument)
            add(and, test.mask)
            for value in test.values {
                add(isEqual, value, no: 1)
                add(answer, allow)
            }
            add(answer, denied)
        }
        add(answer, denied)
        return code
    }
}
