// What Swift cannot reach of Linux's means to confine a process: `prctl` and `syscall` have variable arguments, and some
// constants are macros that Swift does not read.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
static const unsigned confinement_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const unsigned confinement_architecture = AUDIT_ARCH_AARCH64;
#endif

// The flag of `clone` for a thread of the same process.
static const unsigned confinement_thread = 0x00010000;
// The two requests to `prctl` that only name something: a thread, and a range of memory.
static const unsigned confinement_name_thread = PR_SET_NAME;
static const unsigned confinement_name_memory = 0x53564d41;

// No program that this process starts may gain rights; seccomp needs it. -1 and errno if that fails.
static inline int confinement_forbid_new_rights(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L); }

// No process of the same user may read this one's memory, and it leaves no core file. -1 and errno if that fails.
static inline int confinement_hide_memory(void) { return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L); }

// Installs a filter of system calls in all threads of this process, for good; 0 if it is in force, -1 with errno, or the
// id of a thread that could not take it.
static inline int confinement_install(const struct sock_fprog *program) {
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program);
}

// Limits a resource of this process for good; -1 and errno if that fails.
static inline int confinement_limit(int resource, unsigned long limit) {
    struct rlimit both = {limit, limit};
    return setrlimit(resource, &both);
}
