/* file.c: small helpers around system calls. */
#include "server/s3/disk/file.h"
#include "server/s3/disk/seam.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEPEST    8
#define MOST_AGAIN 100

int s3_file_pwrite(int fd, const void *data, size_t len, uint64_t offset, nl_error *err)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = s3_seam_pwrite(fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return nl_fail_errno(err, n < 0 ? errno : ENOSPC, "cannot write");
        p += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return NL_OK;
}

/* Where copy_file_range() cannot: through memory. */
static int copy_by_hand(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t length, nl_error *err)
{
    char piece[32 * 1024];
    while (length > 0) {
        ssize_t n = pread(from, piece, length < sizeof(piece) ? (size_t)length : sizeof(piece), (off_t)from_offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return nl_fail_errno(err, errno, "cannot read");
        if (n == 0)
            return nl_fail(err, NL_CORRUPT, "the file became shorter");
        int rc = s3_file_pwrite(to, piece, (size_t)n, to_offset, err);
        if (rc)
            return rc;
        from_offset += (uint64_t)n;
        to_offset += (uint64_t)n;
        length -= (uint64_t)n;
    }
    return NL_OK;
}

int s3_file_copy(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t length, nl_error *err)
{
    off_t in = (off_t)from_offset, out = (off_t)to_offset;
    while (length > 0) {
        size_t piece = length > (1u << 30) ? 1u << 30 : (size_t)length;
        ssize_t n = s3_seam_copy(from, &in, to, &out, piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EXDEV || errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL || errno == EPERM))
            return copy_by_hand(from, (uint64_t)in, to, (uint64_t)out, length, err);
        if (n < 0)
            return nl_fail_errno(err, errno, "cannot copy");
        if (n == 0)
            return nl_fail(err, NL_CORRUPT, "the file became shorter");
        length -= (uint64_t)n;
    }
    return NL_OK;
}

int s3_file_digest(int fd, uint64_t offset, uint64_t size, const enum s3_digest_kind *kinds, size_t n,
                   s3_digest_value *out, nl_error *err)
{
    char piece[32 * 1024];
    s3_digest digests[S3_DIGEST_KINDS];
    for (size_t i = 0; i < n; i++)
        s3_digest_open(&digests[i], kinds[i]);
    for (uint64_t at = 0; at < size;) {
        size_t want = size - at < sizeof(piece) ? (size_t)(size - at) : sizeof(piece);
        ssize_t got = pread(fd, piece, want, (off_t)(offset + at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return nl_fail_errno(err, got < 0 ? errno : EIO, "cannot read");
        for (size_t i = 0; i < n; i++)
            s3_digest_update(&digests[i], piece, (size_t)got);
        at += (uint64_t)got;
    }
    for (size_t i = 0; i < n; i++)
        s3_digest_final(&digests[i], out[i].bytes);
    return NL_OK;
}

static atomic_uint_fast64_t syncs;

uint64_t s3_file_syncs(void)
{
    return atomic_load_explicit(&syncs, memory_order_relaxed);
}

int s3_file_try_sync(int fd)
{
    atomic_fetch_add_explicit(&syncs, 1, memory_order_relaxed);
    while (s3_seam_fsync(fd))
        if (errno != EINTR)
            return errno;
    return 0;
}

int s3_file_sync(int fd, const char *what, nl_error *err)
{
    int failed = s3_file_try_sync(fd);
    return failed ? nl_fail_errno(err, failed, "cannot sync %s", what) : NL_OK;
}

int s3_folder_open(int dir, const char *name)
{
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int s3_folder_make(int dir, const char *name, unsigned mode)
{
    int fd = s3_folder_open(dir, name);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (s3_seam_mkdirat(dir, name, mode) && errno != EEXIST)
        return -1;
    return s3_folder_open(dir, name);
}

/* The next entry that is not "." or ".."; NULL at the end. */
static const struct dirent *next_entry(DIR *d)
{
    const struct dirent *e;
    while ((e = readdir(d)) && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")))
        ;
    return e;
}

static DIR *open_below(int dir, const char *name)
{
    int fd = s3_folder_open(dir, name);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d && fd >= 0)
        close(fd);
    return d;
}

int s3_folder_remove(int dir, const char *name, nl_error *err)
{
    DIR *open[DEEPEST];
    char names[DEEPEST][256];
    size_t depth = 0;
    int rc = NL_OK, again = 0;
    snprintf(names[0], sizeof(names[0]), "%s", name);
    open[0] = open_below(dir, name);
    if (!open[0])
        return errno == ENOENT ? NL_OK : nl_fail_errno(err, errno, "cannot open the folder %s", name);
    for (;;) {
        const struct dirent *e = next_entry(open[depth]);
        int up = depth ? dirfd(open[depth - 1]) : dir;
        if (!e) {
            closedir(open[depth]);
            int failed = s3_seam_unlinkat(up, names[depth], AT_REMOVEDIR) && errno != ENOENT ? errno : 0;
            /* Somebody put something in meanwhile: a part that arrived as its upload was aborted. */
            if (failed == ENOTEMPTY && again++ < MOST_AGAIN && (open[depth] = open_below(up, names[depth])))
                continue;
            errno = failed;
            if (failed)
                rc = nl_fail_errno(err, errno, "cannot remove the folder %s", names[depth]);
            if (depth-- == 0)
                return rc;
        } else if (s3_seam_unlinkat(dirfd(open[depth]), e->d_name, 0) && errno != ENOENT && depth + 1 < DEEPEST) {
            DIR *below = open_below(dirfd(open[depth]), e->d_name);
            if (!below)
                continue;
            depth++;
            open[depth] = below;
            snprintf(names[depth], sizeof(names[depth]), "%s", e->d_name);
        }
    }
}

/* The first entry of an open folder, into name. 1: there is one, 0: it is empty, -1: errno. The descriptor is taken. */
static int first_entry(int fd, char name[static 256])
{
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return -1;
    }
    const struct dirent *e = next_entry(d);
    if (e)
        snprintf(name, 256, "%s", e->d_name);
    closedir(d);
    return e != NULL;
}

/* Go down first entries to a folder that is empty, and remove it. NL_OK with *done: it was name itself. */
static int remove_one_empty(int dir, const char *name, bool *done, nl_error *err)
{
    char here[256], below[256];
    snprintf(here, sizeof(here), "%s", name);
    int up = fcntl(dir, F_DUPFD_CLOEXEC, 3);
    for (*done = true; up >= 0; *done = false) {
        int fd = s3_folder_open(up, here);
        if (fd < 0) {
            bool gone = errno == ENOENT;
            close(up);
            return gone ? NL_OK : nl_fail(err, NL_CONFLICT, "%s is in the way", here);
        }
        int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int any = again < 0 ? -1 : first_entry(again, below);
        if (any <= 0) {
            int failed = any < 0 || s3_seam_unlinkat(up, here, AT_REMOVEDIR);
            int saved = errno;
            close(fd);
            close(up);
            if (failed && saved == ENOTEMPTY) /* somebody writes here: look again */
                *done = false;
            return !failed || saved == ENOENT || saved == ENOTEMPTY
                       ? NL_OK
                       : nl_fail_errno(err, saved, "cannot remove the folder %s", here);
        }
        close(up);
        up = fd;
        memcpy(here, below, sizeof(here));
    }
    return nl_fail_errno(err, errno, "cannot open a folder");
}

int s3_folder_remove_empty(int dir, const char *name, nl_error *err)
{
    bool done = false;
    int rc = NL_OK;
    while (!rc && !done)
        rc = remove_one_empty(dir, name, &done, err);
    return rc;
}
