// What Swift cannot reach of processes: their handles (pidfd), as `syscall` has variable arguments, and the working folder
// of a program that is started, which glibc declares only on demand.
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);

// A descriptor that stands for one process, also when its number is given to another; -1 and errno if there is none.
static inline int process_handle_open(int id) { return (int)syscall(SYS_pidfd_open, id, 0); }

// Sends a signal to the process of a handle; -1 and errno if it has ended.
static inline int process_handle_signal(int handle, int number) {
    return (int)syscall(SYS_pidfd_send_signal, handle, number, NULL, 0);
}
