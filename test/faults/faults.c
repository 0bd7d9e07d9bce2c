/*
 * Counts the file calls of a process below one folder, and at one of them does something to it. Loaded with LD_PRELOAD;
 * test/support/faults.ts builds and drives it.
 *
 *   FENCE_FAULT_FOLDER   count calls on paths below it, and on files opened there
 *   FENCE_FAULT_COUNTER  a file of four bytes: the count, which processes that inherit the environment share
 *   FENCE_FAULT_LOG      one line a call: number, name, path
 *   FENCE_FAULT_READS    1: opens for reading and listings are counted too
 *   FENCE_FAULT_AT       the number of the call that is hit; 0: every one
 *   FENCE_FAULT_DO       kill, stop, signal:N (then the call), errno:N (instead of the call), short (half of a write),
 *                        clock:SECONDS (from now on the wall clock is so much ahead)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static const char *folder;
static size_t folder_length;
static atomic_int *counter;
static int log_fd = -1;
static int counts_reads;
static int hit_at;
static char act[16];
static long act_value;
static atomic_long clock_ahead;

__attribute__((constructor)) static void start(void) {
  const char *at = getenv("FENCE_FAULT_AT"), *what = getenv("FENCE_FAULT_DO");
  const char *counter_path = getenv("FENCE_FAULT_COUNTER"), *log_path = getenv("FENCE_FAULT_LOG");
  folder = getenv("FENCE_FAULT_FOLDER");
  if (folder == NULL || counter_path == NULL || log_path == NULL) return;
  counts_reads = getenv("FENCE_FAULT_READS") != NULL;
  hit_at = at == NULL ? -1 : atoi(at);
  if (what != NULL) sscanf(what, "%15[a-z]:%ld", act, &act_value);
  log_fd = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  int fd = syscall(SYS_openat, AT_FDCWD, counter_path, O_RDWR | O_CLOEXEC, 0);
  void *shared = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (shared == MAP_FAILED) return;
  counter = shared;
  folder_length = strlen(folder);
}

/* What becomes of a call: 0 as usual, 1 it fails with errno, 2 half of it. */
static int judge(const char *name, const char *path) {
  if (folder_length == 0 || strncmp(path, folder, folder_length) != 0) return 0;
  if (path[folder_length] != '/' && path[folder_length] != '\0') return 0;
  int saved = errno;
  int number = atomic_fetch_add(counter, 1) + 1;
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%d %s %s\n", number, name, path);
  syscall(SYS_write, log_fd, line, length);
  errno = saved;
  if (hit_at != 0 && number != hit_at) return 0;
  if (strcmp(act, "kill") == 0) kill(getpid(), SIGKILL);
  if (strcmp(act, "stop") == 0) kill(getpid(), SIGSTOP);
  if (strcmp(act, "signal") == 0) kill(getpid(), (int)act_value);
  if (strcmp(act, "clock") == 0) atomic_store(&clock_ahead, act_value);
  if (strcmp(act, "short") == 0) return 2;
  if (strcmp(act, "errno") != 0) return 0;
  errno = (int)act_value;
  return 1;
}

static int judge_path(const char *name, int at, const char *path) {
  char base[PATH_MAX], link[64], whole[PATH_MAX * 2];
  if (folder_length == 0) return 0;
  if (path[0] == '/') return judge(name, path);
  if (at == AT_FDCWD) strcpy(link, "/proc/self/cwd");
  else snprintf(link, sizeof link, "/proc/self/fd/%d", at);
  ssize_t length = readlink(link, base, sizeof base - 1);
  if (length < 0) return 0;
  base[length] = '\0';
  snprintf(whole, sizeof whole, "%s/%s", base, path);
  return judge(name, whole);
}

static int judge_fd(const char *name, int fd) {
  char link[64], path[PATH_MAX];
  if (folder_length == 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int saved = errno;
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length < 0) return 0;
  path[length] = '\0';
  return judge(name, path);
}

static int judge_open(int at, const char *path, int flags) {
  int changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
  return changes || counts_reads ? judge_path(changes ? "create" : "open", at, path) : 0;
}

#define OPEN(name)                                        \
  int name(const char *path, int flags, ...) {            \
    va_list rest;                                         \
    va_start(rest, flags);                                \
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;                   \
    va_end(rest);                                         \
    if (judge_open(AT_FDCWD, path, flags) == 1) return -1; \
    return REAL(name)(path, flags, mode);                 \
  }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *data, size_t size) {
  int fate = judge_fd("write", fd);
  return fate == 1 ? -1 : REAL(write)(fd, data, fate == 2 && size > 1 ? size / 2 : size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  int fate = judge_fd("write", fd);
  return fate == 1 ? -1 : REAL(pwrite64)(fd, data, fate == 2 && size > 1 ? size / 2 : size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  int fate = judge_fd("write", fd);
  return fate == 1 ? -1 : REAL(writev)(fd, parts, fate == 2 && count > 1 ? count / 2 : count);
}

/* What is left: one path or descriptor, and nothing but done or not. */
#define BY_FD(name, declaration, ...) \
  int name declaration { return judge_fd(#name, fd) == 1 ? -1 : REAL(name)(__VA_ARGS__); }
#define BY_PATH(name, declaration, ...) \
  int name declaration { return judge_path(#name, AT_FDCWD, path) == 1 ? -1 : REAL(name)(__VA_ARGS__); }
#define BY_AT(name, declaration, ...) \
  int name declaration { return judge_path(#name, at, path) == 1 ? -1 : REAL(name)(__VA_ARGS__); }

BY_FD(fsync, (int fd), fd)
BY_FD(fdatasync, (int fd), fd)
BY_FD(fchmod, (int fd, mode_t mode), fd, mode)
BY_FD(fchown, (int fd, uid_t user, gid_t group), fd, user, group)
BY_FD(futimens, (int fd, const struct timespec times[2]), fd, times)
BY_FD(ftruncate64, (int fd, off64_t size), fd, size)
BY_PATH(mkdir, (const char *path, mode_t mode), path, mode)
BY_PATH(rmdir, (const char *path), path)
BY_PATH(unlink, (const char *path), path)
BY_PATH(chmod, (const char *path, mode_t mode), path, mode)
BY_PATH(chown, (const char *path, uid_t user, gid_t group), path, user, group)
BY_AT(utimensat, (int at, const char *path, const struct timespec times[2], int flags), at, path, times, flags)

/* Two paths: the second one is where something comes to be. */
#define BY_TARGET(name) \
  int name(const char *from, const char *path) { \
    return judge_path(#name, AT_FDCWD, path) == 1 ? -1 : REAL(name)(from, path); \
  }
BY_TARGET(rename)
BY_TARGET(link)
BY_TARGET(symlink)

/* libuv lists folders with it. */
int scandir64(const char *path, struct dirent64 ***found, int (*filter)(const struct dirent64 *),
              int (*compare)(const struct dirent64 **, const struct dirent64 **)) {
  if (counts_reads && judge_path("list", AT_FDCWD, path) == 1) return -1;
  return REAL(scandir64)(path, found, filter, compare);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = REAL(clock_gettime)(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    time->tv_sec += atomic_load(&clock_ahead);
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  int result = REAL(gettimeofday)(time, zone);
  if (result == 0) time->tv_sec += atomic_load(&clock_ahead);
  return result;
}
