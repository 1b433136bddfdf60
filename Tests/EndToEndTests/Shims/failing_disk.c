/* failing_disk.c — a disk that fills up or stops syncing, for LD_PRELOAD.
 *
 * Looks only at files and folders whose path begins with FAILING_DISK_BELOW. FAILING_DISK_BYTES: the bytes that can be written before every
 * further write fails with ENOSPC, the one that crosses the limit in part, as a real disk does. FAILING_DISK_SYNC:
 * the number, from 1, of the one sync that fails with EIO. FAILING_DISK_DELAY: the milliseconds that each sync takes
 * longer. FAILING_DISK_REPORT: a file that gets "BYTES SYNCS" at the
 * end of the process, to learn what there is to fail.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_llong written;
static atomic_llong syncs;

static int is_below(int descriptor) {
    const char *below = getenv("FAILING_DISK_BELOW");
    char link[64], path[PATH_MAX];
    if (!below) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, below, strlen(below)) == 0;
}

/* How many of `count` bytes still fit; negative if none do. */
static ssize_t room(int descriptor, size_t count) {
    if (!is_below(descriptor)) return (ssize_t)count;
    const char *limit = getenv("FAILING_DISK_BYTES");
    long long before = atomic_fetch_add(&written, (long long)count);
    if (!limit) return (ssize_t)count;
    long long left = atoll(limit) - before;
    if (left >= (long long)count) return (ssize_t)count;
    return left > 0 ? (ssize_t)left : -1;
}

static int sync_fails(int descriptor) {
    if (!is_below(descriptor)) return 0;
    const char *delay = getenv("FAILING_DISK_DELAY");
    if (delay) usleep((useconds_t)atoi(delay) * 1000);
    const char *failing = getenv("FAILING_DISK_SYNC");
    long long number = atomic_fetch_add(&syncs, 1) + 1;
    return failing && number == atoll(failing);
}

static ssize_t full(void) {
    errno = ENOSPC;
    return -1;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    ssize_t fit = room(descriptor, count);
    return fit < 0 ? full() : real(descriptor, bytes, (size_t)fit);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    ssize_t fit = room(descriptor, count);
    return fit < 0 ? full() : real(descriptor, bytes, (size_t)fit, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return pwrite64(descriptor, bytes, count, offset);
}

static int io_error(void) {
    errno = EIO;
    return -1;
}

int fdatasync(int descriptor) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    return sync_fails(descriptor) ? io_error() : real(descriptor);
}

int fsync(int descriptor) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    return sync_fails(descriptor) ? io_error() : real(descriptor);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("FAILING_DISK_REPORT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%lld %lld\n", (long long)written, (long long)syncs);
    fclose(file);
}
