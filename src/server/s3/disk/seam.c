/* seam.c: the calls, and who watches them. */
#include "server/s3/disk/seam.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static void (*watcher)(void *ctx, const s3_seam_event *e);
static void *watcher_ctx;

void s3_seam_watch(void (*fn)(void *ctx, const s3_seam_event *e), void *ctx)
{
    watcher = fn;
    watcher_ctx = ctx;
}

static void tell(const s3_seam_event *e)
{
    if (!watcher)
        return;
    int saved = errno;
    watcher(watcher_ctx, e);
    errno = saved;
}

int s3_seam_create(int dir, const char *name, int flags, unsigned mode)
{
    int fd = openat(dir, name, flags | O_CREAT | O_EXCL, mode);
    if (fd >= 0)
        tell(&(s3_seam_event){.kind = S3_SEAM_CREATE, .fd = fd, .dir = dir, .name = name});
    return fd;
}

int s3_seam_nameless(int dir, int flags, unsigned mode)
{
    int fd = openat(dir, ".", flags | O_TMPFILE, mode);
    if (fd >= 0)
        tell(&(s3_seam_event){.kind = S3_SEAM_NAMELESS, .fd = fd});
    return fd;
}

int s3_seam_link(int fd, int dir, const char *name)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int rc = linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW);
    if (!rc)
        tell(&(s3_seam_event){.kind = S3_SEAM_LINK, .fd = fd, .dir2 = dir, .name2 = name});
    return rc;
}

int s3_seam_mkdirat(int dir, const char *name, unsigned mode)
{
    int rc = mkdirat(dir, name, mode);
    if (!rc)
        tell(&(s3_seam_event){.kind = S3_SEAM_MKDIR, .dir = dir, .name = name});
    return rc;
}

int s3_seam_renameat(int dir, const char *name, int dir2, const char *name2)
{
    int rc = renameat(dir, name, dir2, name2);
    if (!rc)
        tell(&(s3_seam_event){.kind = S3_SEAM_RENAME, .dir = dir, .name = name, .dir2 = dir2, .name2 = name2});
    return rc;
}

int s3_seam_unlinkat(int dir, const char *name, int flags)
{
    int rc = unlinkat(dir, name, flags);
    if (!rc)
        tell(&(s3_seam_event){.kind = S3_SEAM_UNLINK, .dir = dir, .name = name});
    return rc;
}

ssize_t s3_seam_pwrite(int fd, const void *data, size_t len, off_t offset)
{
    ssize_t n = pwrite(fd, data, len, offset);
    if (n > 0)
        tell(&(s3_seam_event){.kind = S3_SEAM_DATA, .fd = fd, .offset = (uint64_t)offset, .len = (uint64_t)n});
    return n;
}

ssize_t s3_seam_copy(int from, off_t *in, int to, off_t *out, size_t len)
{
    off_t at = *out;
    ssize_t n = copy_file_range(from, in, to, out, len, 0);
    if (n > 0)
        tell(&(s3_seam_event){.kind = S3_SEAM_DATA, .fd = to, .offset = (uint64_t)at, .len = (uint64_t)n});
    return n;
}

int s3_seam_fsetxattr(int fd, const char *name, const void *data, size_t len)
{
    int rc = fsetxattr(fd, name, data, len, 0);
    if (!rc)
        tell(&(s3_seam_event){.kind = S3_SEAM_META, .fd = fd});
    return rc;
}

int s3_seam_futimens(int fd, const struct timespec times[2])
{
    int rc = futimens(fd, times);
    if (!rc)
        tell(&(s3_seam_event){.kind = S3_SEAM_META, .fd = fd});
    return rc;
}

int s3_seam_fsync(int fd)
{
    tell(&(s3_seam_event){.kind = S3_SEAM_SYNCING, .fd = fd});
    int rc = fsync(fd);
    if (!rc)
        tell(&(s3_seam_event){.kind = S3_SEAM_SYNC, .fd = fd});
    return rc;
}
