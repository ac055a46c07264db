/* fault.c: the wrapped calls. __wrap_X is what our code's calls of X reach, __real_X is X itself.
 *
 * F1  A call that fails has not happened, but for close() and fclose(), which release their descriptor all the same, as
 *     the system's do.
 * F2  The counters are atomic: exactly one call is the nth, whatever thread makes it.
 */
#include "support/fault.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int armed_kinds, armed_errno;
static atomic_long armed_nth, seen;
static atomic_bool fired;
static atomic_size_t short_most;

void fault_arm(int kinds, long nth, int errnum)
{
    atomic_store(&armed_kinds, 0);
    atomic_store(&armed_errno, errnum);
    atomic_store(&armed_nth, nth);
    atomic_store(&seen, 0);
    atomic_store(&fired, false);
    atomic_store(&armed_kinds, kinds);
}

long fault_disarm(void)
{
    atomic_store(&armed_kinds, 0);
    return atomic_load(&seen);
}

bool fault_fired(void)
{
    return atomic_load(&fired);
}

void fault_short(size_t most)
{
    atomic_store(&short_most, most);
}

struct fault fault_start(int kinds, int errnum)
{
    return (struct fault){.kinds = kinds, .errnum = errnum};
}

bool fault_off(struct fault *f)
{
    if (f->nth > 0) {
        fault_disarm();
        f->fired = fault_fired();
    }
    return f->fired;
}

bool fault_next(struct fault *f)
{
    if (f->nth > 0 && !fault_off(f))
        return false;
    if (++f->nth > 1000000) {
        fputs("FAULT_LOOP: a million runs, and each reached its fault: the code retries for ever\n", stderr);
        abort();
    }
    f->fired = false;
    fault_arm(f->kinds, f->nth, f->errnum);
    return true;
}

/* Does this call fail? Sets errno when it does. */
static bool fails(int kind)
{
    int kinds = atomic_load(&armed_kinds);
    if (!(kinds & kind))
        return false;
    long n = atomic_fetch_add(&seen, 1) + 1, nth = atomic_load(&armed_nth);
    if (nth <= 0 || n < nth || (n > nth && !(kinds & FAULT_STICKY)))
        return false;
    atomic_store(&fired, true);
    errno = atomic_load(&armed_errno);
    return true;
}

static size_t cut(size_t n)
{
    size_t most = atomic_load(&short_most);
    return most && n > most ? most : n;
}

/* WRAP(kind, what a failure returns, result type, name, (parameters), (arguments)) */
#define WRAP(kind, failure, type, name, parameters, arguments)                                                         \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters                                                                                      \
    {                                                                                                                  \
        if (fails(kind))                                                                                               \
            return failure;                                                                                            \
        return __real_##name arguments;                                                                                \
    }

/* ── memory ── */
WRAP(FAULT_ALLOC, NULL, void *, malloc, (size_t n), (n))
WRAP(FAULT_ALLOC, NULL, void *, calloc, (size_t k, size_t n), (k, n))
WRAP(FAULT_ALLOC, NULL, void *, realloc, (void *p, size_t n), (p, n))
WRAP(FAULT_ALLOC, NULL, void *, reallocarray, (void *p, size_t k, size_t n), (p, k, n))
WRAP(FAULT_ALLOC, NULL, void *, aligned_alloc, (size_t a, size_t n), (a, n))
WRAP(FAULT_ALLOC, ENOMEM, int, posix_memalign, (void **p, size_t a, size_t n), (p, a, n))
WRAP(FAULT_ALLOC, NULL, char *, strdup, (const char *s), (s))
WRAP(FAULT_ALLOC, NULL, char *, strndup, (const char *s, size_t n), (s, n))
WRAP(FAULT_ALLOC, -1, int, vasprintf, (char **out, const char *fmt, va_list args), (out, fmt, args))

int __wrap_asprintf(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **out, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = __wrap_vasprintf(out, fmt, args);
    va_end(args);
    return n;
}

/* ── files and folders ── */
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails(FAULT_IO) ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails(FAULT_IO) ? -1 : __real_openat(dir, path, flags, mode);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    bool fail = fails(FAULT_IO);
    int errnum = errno, rc = __real_close(fd);
    if (!fail)
        return rc;
    errno = errnum;
    return -1;
}

int __real_fclose(FILE *f);
int __wrap_fclose(FILE *f);
int __wrap_fclose(FILE *f)
{
    bool fail = fails(FAULT_IO);
    int errnum = errno, rc = __real_fclose(f);
    if (!fail)
        return rc;
    errno = errnum;
    return EOF;
}

WRAP(FAULT_IO, -1, int, creat, (const char *path, mode_t mode), (path, mode))
WRAP(FAULT_IO, -1, int, mkostemp, (char *path, int flags), (path, flags))
WRAP(FAULT_IO, -1, ssize_t, read, (int fd, void *p, size_t n), (fd, p, cut(n)))
WRAP(FAULT_IO, -1, ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, cut(n), at))
WRAP(FAULT_IO, -1, ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n))
WRAP(FAULT_IO, -1, ssize_t, preadv, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
WRAP(FAULT_IO, -1, ssize_t, write, (int fd, const void *p, size_t n), (fd, p, cut(n)))
WRAP(FAULT_IO, -1, ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, cut(n), at))
WRAP(FAULT_IO, -1, ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
WRAP(FAULT_IO, -1, ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
WRAP(FAULT_IO, -1, int, fsync, (int fd), (fd))
WRAP(FAULT_IO, -1, int, fdatasync, (int fd), (fd))
WRAP(FAULT_IO, -1, int, ftruncate, (int fd, off_t n), (fd, n))
WRAP(FAULT_IO, -1, int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n))
WRAP(FAULT_IO, -1, int, rename, (const char *a, const char *b), (a, b))
WRAP(FAULT_IO, -1, int, renameat, (int da, const char *a, int db, const char *b), (da, a, db, b))
WRAP(FAULT_IO, -1, int, renameat2, (int da, const char *a, int db, const char *b, unsigned how), (da, a, db, b, how))
WRAP(FAULT_IO, -1, int, link, (const char *a, const char *b), (a, b))
WRAP(FAULT_IO, -1, int, linkat, (int da, const char *a, int db, const char *b, int how), (da, a, db, b, how))
WRAP(FAULT_IO, -1, int, symlink, (const char *a, const char *b), (a, b))
WRAP(FAULT_IO, -1, int, unlink, (const char *path), (path))
WRAP(FAULT_IO, -1, int, unlinkat, (int dir, const char *path, int how), (dir, path, how))
WRAP(FAULT_IO, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(FAULT_IO, -1, int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
WRAP(FAULT_IO, -1, int, rmdir, (const char *path), (path))
WRAP(FAULT_IO, -1, int, fstat, (int fd, struct stat *st), (fd, st))
WRAP(FAULT_IO, -1, off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence))
WRAP(FAULT_IO, MAP_FAILED, void *, mmap, (void *p, size_t n, int prot, int how, int fd, off_t at),
     (p, n, prot, how, fd, at))
WRAP(FAULT_IO, -1, int, flock, (int fd, int how), (fd, how))
WRAP(FAULT_IO, NULL, FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP(FAULT_IO, NULL, FILE *, fdopen, (int fd, const char *mode), (fd, mode))
WRAP(FAULT_IO, 0, size_t, fread, (void *p, size_t size, size_t n, FILE *f), (p, size, n, f))
WRAP(FAULT_IO, 0, size_t, fwrite, (const void *p, size_t size, size_t n, FILE *f), (p, size, n, f))
WRAP(FAULT_IO, EOF, int, fflush, (FILE * f), (f))
WRAP(FAULT_IO, NULL, DIR *, opendir, (const char *path), (path))
WRAP(FAULT_IO, NULL, DIR *, fdopendir, (int fd), (fd))
WRAP(FAULT_IO, -1, ssize_t, copy_file_range, (int in, off_t *a, int out, off_t *b, size_t n, unsigned how),
     (in, a, out, b, n, how))
WRAP(FAULT_IO, -1, ssize_t, sendfile, (int out, int in, off_t *at, size_t n), (out, in, at, n))
WRAP(FAULT_IO, -1, int, fsetxattr, (int fd, const char *k, const void *v, size_t n, int how), (fd, k, v, n, how))
WRAP(FAULT_IO, -1, ssize_t, fgetxattr, (int fd, const char *k, void *v, size_t n), (fd, k, v, n))
WRAP(FAULT_IO, -1, ssize_t, getrandom, (void *p, size_t n, unsigned how), (p, n, how))

/* ── network ── */
WRAP(FAULT_NET, -1, int, socket, (int family, int type, int protocol), (family, type, protocol))
WRAP(FAULT_NET, -1, int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(FAULT_NET, -1, int, listen, (int fd, int n), (fd, n))
WRAP(FAULT_NET, -1, int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int how), (fd, a, n, how))
WRAP(FAULT_NET, -1, int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(FAULT_NET, -1, ssize_t, send, (int fd, const void *p, size_t n, int how), (fd, p, cut(n), how))
WRAP(FAULT_NET, -1, ssize_t, recv, (int fd, void *p, size_t n, int how), (fd, p, cut(n), how))
WRAP(FAULT_NET, -1, int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms))
WRAP(FAULT_NET, -1, int, pipe2, (int fd[2], int how), (fd, how))
