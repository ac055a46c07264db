/* sink_file.c: a durable, atomic file.
 *
 *     create   folder/.nl-tmp-0f3a… opened                                    the name is taken by nobody else (O_EXCL)
 *     write    ─▶ buffer ─▶ temporary file
 *     commit   fsync(file) ─▶ publish ─▶ fsync(folder) ─▶ done
 *                             │              └ fails: unpublish (K1)
 *                             ├ if_absent: link(temporary, name); then the temporary name goes
 *                             └ else: link(name, old) where there is one; rename(temporary, name); then old goes
 *
 * The second name of the old file is what lets a failed sync of the folder put it back. A file system without hard links
 * cannot: there the new file stays where that last sync failed, and the call says so by its error.
 *
 * A symbolic link is followed: what it points to is replaced. The permissions of a replaced file are kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io/sink.h"
#include "base/path.h"
#include "base/str.h"

enum { BUFFER = 256 << 10, TMP_NAME = 32 };

struct file_sink {
    nl_sink base;
    struct nl_file_sink_options options;
    char *path;       /* for messages, and its end is the name in the folder */
    const char *name; /* inside path */
    int folder, fd;
    char tmp[TMP_NAME], old[TMP_NAME]; /* names in the folder; "" where there is none */
    size_t used;
    char *buffer;
};

/* ── the temporary name ── */

static int random_name(char out[static TMP_NAME], const char *suffix, nl_error *err)
{
    uint8_t bytes[8];
    char hex[2 * sizeof(bytes) + 1];
    while (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) /* so few come whole */
        if (errno != EINTR)
            return nl_fail_errno(err, errno, "no random bytes");
    nl_hex(bytes, sizeof(bytes), hex);
    snprintf(out, TMP_NAME, ".nl-tmp-%s%s", hex, suffix);
    return NL_OK;
}

static int open_temporary(struct file_sink *s, mode_t mode, nl_error *err)
{
    for (;;) {
        int rc = random_name(s->tmp, "", err);
        if (rc)
            return rc;
        s->fd = openat(s->folder, s->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (s->fd >= 0)
            return NL_OK;
        int why = errno;
        s->tmp[0] = '\0'; /* not ours to remove */
        if (why != EEXIST && why != EINTR)
            return nl_fail_errno(err, why, "%s: cannot create a file in its folder", s->path);
    }
}

/* ── ending ── */

static void file_free(struct file_sink *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->folder >= 0 && s->tmp[0])
        unlinkat(s->folder, s->tmp, 0);
    if (s->folder >= 0 && s->old[0])
        unlinkat(s->folder, s->old, 0);
    if (s->folder >= 0)
        close(s->folder);
    free(s->buffer);
    free(s->path);
    free(s);
}

static void file_abort(nl_sink *s)
{
    file_free((struct file_sink *)s);
}

/* ── writing ── */

static int file_flush(struct file_sink *s, nl_error *err)
{
    size_t used = s->used;
    s->used = 0;
    int rc = nl_write_all(s->fd, s->buffer, used, err);
    if (rc)
        nl_note(err, "%s", s->path);
    return rc;
}

static int file_write(nl_sink *base, const void *data, size_t len, nl_error *err)
{
    struct file_sink *s = (struct file_sink *)base;
    if (len > BUFFER - s->used) {
        int rc = file_flush(s, err);
        if (rc)
            return rc;
        if (len >= BUFFER) {
            rc = nl_write_all(s->fd, data, len, err);
            if (rc)
                nl_note(err, "%s", s->path);
            return rc;
        }
    }
    if (len)
        memcpy(s->buffer + s->used, data, len);
    s->used += len;
    return NL_OK;
}

/* ── committing ── */

/* Everything that was written is on the disk, and the descriptor is closed. */
static int settle(struct file_sink *s, nl_error *err)
{
    int rc = file_flush(s, err);
    if (rc)
        return rc;
    while (!s->options.not_durable && fsync(s->fd) != 0)
        if (errno != EINTR)
            return nl_fail_errno(err, errno, "%s: cannot sync", s->path);
    int fd = s->fd;
    s->fd = -1;
    /* Some network file systems report a failed write here. EINTR: closed all the same (Linux). */
    if (close(fd) != 0 && errno != EINTR)
        return nl_fail_errno(err, errno, "%s: cannot close", s->path);
    return NL_OK;
}

/* Under the final name only where that is free, which link() decides. */
static int publish_if_absent(struct file_sink *s, nl_error *err)
{
    if (linkat(s->folder, s->tmp, s->folder, s->name, 0) == 0)
        return NL_OK;
    int why = errno;
    if (why == EPERM || why == EOPNOTSUPP || why == ENOSYS) { /* no hard links here */
        if (renameat2(s->folder, s->tmp, s->folder, s->name, RENAME_NOREPLACE) == 0) {
            s->tmp[0] = '\0';
            return NL_OK;
        }
        why = errno;
    }
    if (why == EEXIST)
        return nl_fail(err, NL_CONFLICT, "%s: exists already", s->path);
    return nl_fail_errno(err, why, "%s: cannot create", s->path);
}

/* Give the old file a second name, s->old, which stays "" where there is none or no hard links. *existed: there is one. */
static int keep_old(struct file_sink *s, bool *existed, nl_error *err)
{
    int rc = random_name(s->old, "-old", err);
    if (rc == NL_OK && linkat(s->folder, s->name, s->folder, s->old, 0) == 0) {
        *existed = true;
        return NL_OK;
    }
    *existed = errno != ENOENT;
    s->old[0] = '\0';
    return rc;
}

/* Under the final name, in place of what is there. */
static int publish_replace(struct file_sink *s, bool *existed, nl_error *err)
{
    if (!s->options.not_durable) { /* without a sync of the folder nothing can fail afterwards */
        int rc = keep_old(s, existed, err);
        if (rc)
            return rc;
    }
    if (renameat(s->folder, s->tmp, s->folder, s->name) != 0)
        return nl_fail_errno(err, errno, "%s: cannot rename the finished file to this name", s->path);
    s->tmp[0] = '\0';
    return NL_OK;
}

/* Take the publishing back, as far as the file system can. */
static void unpublish(struct file_sink *s, bool existed)
{
    if (s->old[0]) {
        if (renameat(s->folder, s->old, s->folder, s->name) == 0)
            s->old[0] = '\0';
    } else if (!existed) {
        unlinkat(s->folder, s->name, 0);
    }
}

static int sync_folder(struct file_sink *s, nl_error *err)
{
    while (!s->options.not_durable && fsync(s->folder) != 0) {
        if (errno == EINVAL) /* a file system whose folders cannot be synced */
            return NL_OK;
        if (errno != EINTR)
            return nl_fail_errno(err, errno, "%s: cannot sync its folder", s->path);
    }
    return NL_OK;
}

static int file_commit(nl_sink *base, nl_error *err)
{
    struct file_sink *s = (struct file_sink *)base;
    bool existed = false;
    int rc = settle(s, err);
    if (rc == NL_OK)
        rc = s->options.if_absent ? publish_if_absent(s, err) : publish_replace(s, &existed, err);
    if (rc == NL_OK) {
        rc = sync_folder(s, err);
        if (rc)
            unpublish(s, existed);
    }
    file_free(s);
    return rc;
}

static const struct nl_sink_ops file_ops = {file_write, file_commit, file_abort};

/* ── creating ── */

/* The path that is written: the target where path is a symbolic link. Also what must not be replaced is found here. */
static int resolve(const char *path, char **out, mode_t *mode, nl_error *err)
{
    struct stat st;
    size_t len = strlen(path);
    if (len == 0 || path[len - 1] == '/')
        return nl_fail(err, NL_INVALID, "'%s' is not the name of a file", path);
    bool link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return nl_fail(err, NL_INVALID, "%s: is a folder, not a file", path);
        if (!S_ISREG(st.st_mode))
            return nl_fail(err, NL_INVALID, "%s: is not a regular file", path);
        if (*mode == 0)
            *mode = st.st_mode & 07777;
    } else if (link) {
        return nl_fail_errno(err, errno, "%s: a symbolic link whose target cannot be reached", path);
    }
    errno = 0;
    *out = link ? realpath(path, NULL) : strdup(path);
    if (!*out)
        return errno == ENOMEM || !errno ? nl_fail_memory(err) : nl_fail_errno(err, errno, "%s", path);
    return NL_OK;
}

/* Open the folder of s->path, and set s->name. */
static int open_folder(struct file_sink *s, nl_error *err)
{
    s->name = nl_path_name(s->path);
    char *folder = nl_path_folder(s->path);
    if (!folder)
        return nl_fail_memory(err);
    s->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = NL_OK;
    if (s->folder < 0)
        rc = nl_fail_errno(err, errno, "cannot write '%s' into the folder '%s'", s->name, folder);
    free(folder);
    return rc;
}

int nl_sink_create_file_with(const char *path, const struct nl_file_sink_options *o, nl_sink **out, nl_error *err)
{
    *out = NULL;
    struct file_sink *s = calloc(1, sizeof(*s));
    if (!s)
        return nl_fail_memory(err);
    s->base.ops = &file_ops;
    s->options = *o;
    s->folder = s->fd = -1;
    mode_t mode = o->mode;
    int rc = resolve(path, &s->path, &mode, err);
    if (rc == NL_OK)
        rc = (s->buffer = malloc(BUFFER)) ? NL_OK : nl_fail_memory(err);
    if (rc == NL_OK)
        rc = open_folder(s, err);
    if (rc == NL_OK)
        rc = open_temporary(s, mode ? mode & 0666 : 0666, err);
    /* The umask has cut what was asked for, or what the replaced file had. */
    if (rc == NL_OK && mode && fchmod(s->fd, mode) != 0)
        rc = nl_fail_errno(err, errno, "%s: cannot set its permissions", path);
    if (rc) {
        file_free(s);
        return rc;
    }
    *out = &s->base;
    return NL_OK;
}

int nl_sink_create_file(const char *path, nl_sink **out, nl_error *err)
{
    return nl_sink_create_file_with(path, &(struct nl_file_sink_options){0}, out, err);
}

int nl_sink_file_fd(const nl_sink *s)
{
    return s->ops == &file_ops ? ((const struct file_sink *)s)->fd : -1;
}

int nl_sink_file_flush(nl_sink *s, nl_error *err)
{
    return file_flush((struct file_sink *)s, err);
}

int nl_sink_file_skip(nl_sink *s, uint64_t len, nl_error *err)
{
    const struct file_sink *f = (struct file_sink *)s;
    if (len > INT64_MAX || lseek(f->fd, (off_t)len, SEEK_CUR) < 0)
        return nl_fail_errno(err, errno, "%s", f->path);
    s->written += len;
    return NL_OK;
}
