/* source_file.c: a local file as a source.
 *
 * submit only checks the range and tells the kernel that it will be wanted; whoever waits reads it, with pread(): so the
 * workers read side by side, and a handle that is dropped costs nothing. No mmap(): a file that somebody cuts while we
 * look at it would end the process.
 *
 * S3 holds by the version that was there at the opening (size and time of modification): it is compared after each read.
 * A file that was replaced by a rename stays readable as it was: the descriptor holds the old one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io/source.h"

/* Between two pieces of a long read the cancel token is looked at. */
enum { PIECE = 16 << 20 };

struct file_source {
    nl_source base;
    int fd;
    struct timespec modified;
};

struct file_fetch {
    nl_fetch base;
    nl_range range;
};

static int submit_one(nl_source *s, nl_range r, nl_fetch **out, nl_error *err)
{
    int rc = nl_source_check_range(s, r, err);
    if (rc)
        return rc;
    struct file_fetch *f = malloc(sizeof(*f));
    if (!f)
        return nl_fail_memory(err);
    *f = (struct file_fetch){{s}, r};
    *out = &f->base;
    return NL_OK;
}

static void file_drop(nl_fetch *f)
{
    free(f);
}

static int file_submit(nl_source *s, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err)
{
    int fd = ((struct file_source *)s)->fd;
    for (size_t i = 0; i < n; i++) {
        int rc = submit_one(s, ranges[i], &out[i], err);
        if (rc) {
            while (i-- > 0) {
                file_drop(out[i]);
                out[i] = NULL;
            }
            return rc;
        }
    }
    if (n > 1) /* one range is waited for at once: then the advice is only another system call */
        for (size_t i = 0; i < n; i++)
            posix_fadvise(fd, (off_t)ranges[i].offset, (off_t)ranges[i].length, POSIX_FADV_WILLNEED);
    return NL_OK;
}

static int file_submit_tail(nl_source *s, uint64_t want, nl_fetch **out, nl_error *err)
{
    uint64_t size = nl_source_size(s), take = want < size ? want : size;
    return submit_one(s, (nl_range){size - take, take}, out, err);
}

static int changed(const struct file_source *s, nl_error *err)
{
    return nl_fail(err, NL_CONFLICT, "%s: the file was changed while it was read", s->base.name);
}

/* Is it still the file that was opened (S3)? */
static int check_version(const struct file_source *s, nl_error *err)
{
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return nl_fail_errno(err, errno, "%s", s->base.name);
    bool same = (uint64_t)st.st_size == s->base.size && st.st_mtim.tv_sec == s->modified.tv_sec &&
                st.st_mtim.tv_nsec == s->modified.tv_nsec;
    return same ? NL_OK : changed(s, err);
}

static int read_range(const struct file_source *s, nl_range r, uint8_t *to, nl_cancel *cancel, nl_error *err)
{
    while (r.length) {
        int rc = nl_cancel_check(cancel, err);
        if (rc)
            return rc;
        ssize_t n = pread(s->fd, to, r.length < PIECE ? (size_t)r.length : PIECE, (off_t)r.offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return nl_fail_errno(err, errno, "%s: cannot read %" PRIu64 " bytes at offset %" PRIu64, s->base.name,
                                 r.length, r.offset);
        if (n == 0)
            return changed(s, err);
        to += n;
        r.offset += (uint64_t)n;
        r.length -= (uint64_t)n;
    }
    return check_version(s, err);
}

static int file_wait(nl_fetch *fetch, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    struct file_source *s = (struct file_source *)fetch->source;
    nl_range r = ((struct file_fetch *)fetch)->range;
    nl_block *block;
    int rc = nl_cancel_check(cancel, err);
    if (rc == NL_OK)
        rc = nl_block_new((size_t)r.length, &block, err);
    if (rc == NL_OK) {
        rc = read_range(s, r, nl_block_data(block), cancel, err);
        if (rc == NL_OK)
            *out = nl_bytes_of(block, 0, (size_t)r.length);
        nl_block_unref(block);
    }
    file_drop(fetch);
    return rc;
}

static int file_read_into(nl_source *s, nl_range r, uint8_t *to, nl_error *err)
{
    int rc = nl_source_check_range(s, r, err);
    return rc ? rc : read_range((struct file_source *)s, r, to, NULL, err);
}

static void file_close(nl_source *base)
{
    close(((struct file_source *)base)->fd);
    free(base->name);
    free(base);
}

static const struct nl_source_ops file_ops = {
    .submit_tail = file_submit_tail,
    .submit = file_submit,
    .wait = file_wait,
    .drop = file_drop,
    .read_into = file_read_into,
    .close = file_close,
};

/* Open path and say what it is. O_NONBLOCK: the opening of a pipe without a writer must not hang. */
static int open_regular(const char *path, int *out, struct stat *st, nl_error *err)
{
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return nl_fail_errno(err, errno, "%s", path);
    int rc = NL_OK;
    if (fstat(fd, st) != 0)
        rc = nl_fail_errno(err, errno, "%s", path);
    else if (S_ISDIR(st->st_mode))
        rc = nl_fail(err, NL_INVALID, "%s: is a folder, not a file", path);
    else if (!S_ISREG(st->st_mode))
        rc = nl_fail(err, NL_INVALID, "%s: is not a regular file", path);
    if (rc)
        close(fd);
    else
        *out = fd;
    return rc;
}

int nl_source_open_file(const char *path, nl_source **out, nl_error *err)
{
    *out = NULL;
    int fd = -1;
    struct stat st;
    int rc = open_regular(path, &fd, &st, err);
    if (rc)
        return rc;
    struct file_source *s = calloc(1, sizeof(*s));
    char *name = strdup(path);
    if (!s || !name) {
        free(s);
        free(name);
        close(fd);
        return nl_fail_memory(err);
    }
    s->base.ops = &file_ops;
    s->base.name = name;
    s->base.size = (uint64_t)st.st_size;
    s->fd = fd;
    s->modified = st.st_mtim;
    s->base.modified = st.st_mtim.tv_sec;
    *out = &s->base;
    return NL_OK;
}
