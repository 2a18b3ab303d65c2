/* Makes opening, reading and listing files below a folder as slow as a round trip to a file server:
   cc -shared -fPIC -O2 -o slow-files.so slow-files.c; SLOW_BELOW=/folder SLOW_MICROSECONDS=3000 LD_PRELOAD=... */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS 65536
static char slow[DESCRIPTORS];
static const char *below;
static size_t length;
static struct timespec trip;

__attribute__((constructor)) static void begin(void) {
  const char *microseconds = getenv("SLOW_MICROSECONDS");
  below = getenv("SLOW_BELOW");
  length = below ? strlen(below) : 0;
  trip.tv_nsec = microseconds ? atol(microseconds) * 1000 : 0;
}

static void wait_for_server(void) {
  if (trip.tv_nsec) nanosleep(&trip, NULL);
}

/* rsync goes to the folder and names the files in it. */
static int is_below(const char *path) {
  char here[4096];
  if (!length || !path) return 0;
  if (path[0] != '/') path = getcwd(here, sizeof here);
  return path && strncmp(path, below, length) == 0;
}

static int opened(const char *path, int fd) {
  int is_slow = is_below(path);
  if (fd >= 0 && fd < DESCRIPTORS) slow[fd] = is_slow;
  if (is_slow) wait_for_server();
  return fd;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define OPEN(name)                                         \
  int name(const char *path, int flags, ...) {             \
    va_list rest;                                          \
    va_start(rest, flags);                                 \
    mode_t mode = va_arg(rest, mode_t);                    \
    va_end(rest);                                          \
    return opened(path, REAL(name)(path, flags, mode));    \
  }
OPEN(open)
OPEN(open64)

int openat(int folder, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return opened(path, REAL(openat)(folder, path, flags, mode));
}

FILE *fopen(const char *path, const char *mode) {
  if (is_below(path)) wait_for_server();
  FILE *file = REAL(fopen)(path, mode);
  if (file && fileno(file) < DESCRIPTORS) slow[fileno(file)] = is_below(path);
  return file;
}

/* The client knows the end of a file from its size: only a read that returns bytes asks the server. */
ssize_t read(int fd, void *buffer, size_t count) {
  ssize_t got = REAL(read)(fd, buffer, count);
  if (got > 0 && fd < DESCRIPTORS && slow[fd]) wait_for_server();
  return got;
}

ssize_t pread64(int fd, void *buffer, size_t count, off64_t offset) {
  ssize_t got = REAL(pread64)(fd, buffer, count, offset);
  if (got > 0 && fd < DESCRIPTORS && slow[fd]) wait_for_server();
  return got;
}

/* How cp copies, without read. */
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t count, unsigned flags) {
  ssize_t got = REAL(copy_file_range)(from, from_at, to, to_at, count, flags);
  if (got > 0 && from >= 0 && from < DESCRIPTORS && slow[from]) wait_for_server();
  return got;
}

DIR *opendir(const char *path) {
  if (is_below(path)) wait_for_server();
  return REAL(opendir)(path);
}

/* Node reads attributes by path. Those of an open file came when it was opened. */
long syscall(long number, ...) {
  long argument[6];
  va_list rest;
  va_start(rest, number);
  for (int at = 0; at < 6; at++) argument[at] = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_statx && is_below((const char *)argument[1])) wait_for_server();
  return REAL(syscall)(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
