/* sink.c: the calls of nl_sink, by way of the implementation's table, and the two small sinks: memory and descriptor.
 * Files are in sink_file.c.
 */
#include "base/io/sink.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int nl_sink_write(nl_sink *s, const void *data, size_t len, nl_error *err)
{
    int rc = s->ops->write(s, data, len, err);
    if (rc == NL_OK)
        s->written += len;
    return rc;
}

int nl_sink_commit(nl_sink *s, nl_error *err)
{
    return s->ops->commit(s, err);
}

void nl_sink_abort(nl_sink *s)
{
    if (s)
        s->ops->abort(s);
}

uint64_t nl_sink_written(const nl_sink *s)
{
    return s->written;
}

int nl_write_all(int fd, const void *data, size_t len, nl_error *err)
{
    const char *at = data;
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n >= 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) { /* somebody else made the descriptor non-blocking */
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            return nl_fail_errno(err, errno, "cannot write");
        }
    }
    return NL_OK;
}

int nl_pwrite_all(int fd, const void *data, size_t len, uint64_t offset, const char *what, nl_error *err)
{
    const char *at = data;
    while (len) {
        ssize_t n = pwrite(fd, at, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return nl_fail_errno(err, n < 0 ? errno : ENOSPC, "cannot write %s", what);
        at += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return NL_OK;
}

/* ── memory ── */

struct memory_sink {
    nl_sink base;
    nl_buf *to, collected;
};

static int memory_write(nl_sink *s, const void *data, size_t len, nl_error *err)
{
    return nl_buf_append(&((struct memory_sink *)s)->collected, data, len, err);
}

static void memory_abort(nl_sink *s)
{
    nl_buf_free(&((struct memory_sink *)s)->collected);
    free(s);
}

static int memory_commit(nl_sink *s, nl_error *err)
{
    (void)err;
    struct memory_sink *m = (struct memory_sink *)s;
    nl_buf_free(m->to);
    *m->to = m->collected;
    free(m);
    return NL_OK;
}

static const struct nl_sink_ops memory_ops = {memory_write, memory_commit, memory_abort};

int nl_sink_create_memory(nl_buf *to, nl_sink **out, nl_error *err)
{
    struct memory_sink *m = calloc(1, sizeof(*m));
    *out = m ? &m->base : NULL;
    if (!m)
        return nl_fail_memory(err);
    m->base.ops = &memory_ops;
    m->to = to;
    return NL_OK;
}

/* ── a descriptor ── */

struct fd_sink {
    nl_sink base;
    int fd;
    size_t used;
    char buffer[65536];
};

static int fd_flush(struct fd_sink *s, nl_error *err)
{
    size_t used = s->used;
    s->used = 0;
    return nl_write_all(s->fd, s->buffer, used, err);
}

static int fd_write(nl_sink *base, const void *data, size_t len, nl_error *err)
{
    struct fd_sink *s = (struct fd_sink *)base;
    if (len > sizeof(s->buffer) - s->used) {
        int rc = fd_flush(s, err);
        if (rc || len >= sizeof(s->buffer))
            return rc ? rc : nl_write_all(s->fd, data, len, err);
    }
    if (len)
        memcpy(s->buffer + s->used, data, len);
    s->used += len;
    return NL_OK;
}

static int fd_commit(nl_sink *s, nl_error *err)
{
    int rc = fd_flush((struct fd_sink *)s, err);
    free(s);
    return rc;
}

static void fd_abort(nl_sink *s)
{
    free(s);
}

static const struct nl_sink_ops fd_ops = {fd_write, fd_commit, fd_abort};

int nl_sink_create_fd(int fd, nl_sink **out, nl_error *err)
{
    struct fd_sink *s = malloc(sizeof(*s));
    *out = s ? &s->base : NULL;
    if (!s)
        return nl_fail_memory(err);
    s->base = (nl_sink){.ops = &fd_ops};
    s->fd = fd;
    s->used = 0;
    return NL_OK;
}
