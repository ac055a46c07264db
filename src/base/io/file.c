/* file.c: whole small files and folders, on top of what sink.h offers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io/sink.h"

/* Up to limit + 1 bytes: the one more tells "exactly limit" from "too long". */
static int read_to_end(int fd, size_t limit, nl_buf *out, nl_error *err)
{
    for (;;) {
        size_t want = limit - out->len < 65536 ? limit - out->len + 1 : 65536;
        int rc = nl_buf_reserve(out, want, err);
        if (rc)
            return rc;
        ssize_t n = read(fd, out->data + out->len, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return nl_fail_errno(err, errno, "cannot read");
        out->data[out->len + (size_t)n] = '\0';
        if (n == 0)
            return NL_OK;
        if ((size_t)n > limit - out->len)
            return nl_fail(err, NL_INVALID, "is longer than %zu bytes", limit);
        out->len += (size_t)n;
    }
}

int nl_read_file(const char *path, size_t limit, nl_buf *out, nl_error *err)
{
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return nl_fail_errno(err, errno, "%s", path);
    nl_buf text = {0};
    int rc = read_to_end(fd, limit < SIZE_MAX ? limit : SIZE_MAX - 1, &text, err);
    close(fd);
    if (rc) {
        nl_buf_free(&text);
        nl_note(err, "%s", path);
        return rc;
    }
    nl_buf_free(out);
    *out = text;
    return NL_OK;
}

int nl_write_file(const char *path, const void *data, size_t len, unsigned mode, nl_error *err)
{
    nl_sink *s;
    int rc = nl_sink_create_file_with(path, &(struct nl_file_sink_options){.mode = mode}, &s, err);
    if (rc)
        return rc;
    rc = nl_sink_write(s, data, len, err);
    if (rc) {
        nl_sink_abort(s);
        return rc;
    }
    return nl_sink_commit(s, err);
}

/* Sync the folder that has the name of this one. */
static int sync_parent(char *path, nl_error *err)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    int fd = open(!slash ? "." : *path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed = fd < 0 ? errno : 0;
    if (slash)
        *slash = '/';
    while (fd >= 0 && fsync(fd) != 0)
        if (errno != EINTR) {
            failed = errno == EINVAL ? 0 : errno; /* EINVAL: a file system whose folders cannot be synced */
            break;
        }
    if (fd >= 0)
        close(fd);
    return failed ? nl_fail_errno(err, failed, "cannot sync the folder above '%s'", path) : NL_OK;
}

/* One folder of the way; one that exists is fine. What cannot be synced goes again: the next call would take it for synced. */
static int make_folder(char *path, unsigned mode, bool durable, nl_error *err)
{
    if (mkdir(path, mode) == 0) {
        int rc = durable ? sync_parent(path, err) : NL_OK;
        if (rc)
            rmdir(path);
        return rc;
    }
    int why = errno;
    struct stat st;
    if (stat(path, &st) != 0) /* not there, and could not be made: mkdir knows why */
        return nl_fail_errno(err, why, "cannot make the folder '%s'", path);
    return S_ISDIR(st.st_mode) ? NL_OK : nl_fail(err, NL_INVALID, "%s: is not a folder", path);
}

static int make_folders(const char *path, unsigned mode, bool durable, nl_error *err)
{
    if (!*path)
        return nl_fail(err, NL_INVALID, "an empty path is not a folder");
    char *way = strdup(path);
    if (!way)
        return nl_fail_memory(err);
    int rc = NL_OK;
    for (char *at = way + 1; rc == NL_OK; at++) {
        if (*at == '/' && at[-1] != '/') {
            *at = '\0';
            rc = make_folder(way, mode, durable, err);
            *at = '/';
        } else if (!*at) {
            rc = make_folder(way, mode, durable, err);
            break;
        }
    }
    free(way);
    return rc;
}

int nl_make_folders(const char *path, unsigned mode, nl_error *err)
{
    return make_folders(path, mode, false, err);
}

int nl_make_folders_durable(const char *path, unsigned mode, nl_error *err)
{
    return make_folders(path, mode, true, err);
}
