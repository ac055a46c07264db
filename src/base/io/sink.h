/* sink.h: a stream of bytes that becomes visible at once, or never.
 *
 * K1  Before commit nothing exists under the final name; after a failed commit or an abort neither, and no temporary
 *     file is left (a killed process may leave one: its name starts with ".nl-tmp-").
 * K2  commit and abort end the sink, whatever they return.
 */
#ifndef NL_BASE_IO_SINK_H
#define NL_BASE_IO_SINK_H

#include <stdbool.h>

#include <neuralake/io.h>

#include "base/buf.h"

struct nl_sink_ops {
    int (*write)(nl_sink *s, const void *data, size_t len, nl_error *err);
    int (*commit)(nl_sink *s, nl_error *err);
    void (*abort)(nl_sink *s);
};

/* What every implementation embeds first. */
struct nl_sink {
    const struct nl_sink_ops *ops;
    uint64_t written;
};

/* A file with its choices: if_absent makes commit answer NL_CONFLICT where the name exists already (decided at the
 * commit, by link()); durable = false leaves out the syncs. */
struct nl_file_sink_options {
    bool if_absent;
    bool not_durable;
    unsigned mode; /* 0: 0666 less the umask */
};
int nl_sink_create_file_with(const char *path, const struct nl_file_sink_options *o, nl_sink **out, nl_error *err);
/* Into memory: *to is filled by commit. */
int nl_sink_create_memory(nl_buf *to, nl_sink **out, nl_error *err);
/* To a file descriptor (standard output), at once; commit flushes, nothing is taken back. The descriptor is borrowed. */
int nl_sink_create_fd(int fd, nl_sink **out, nl_error *err);

/* A whole small file (at most limit bytes, else NL_INVALID) into *out. */
int nl_read_file(const char *path, size_t limit, nl_buf *out, nl_error *err);
/* Durable and atomic, through a file sink. */
int nl_write_file(const char *path, const void *data, size_t len, unsigned mode, nl_error *err);
/* mkdir -p; existing folders are fine. */
int nl_make_folders(const char *path, unsigned mode, nl_error *err);

#endif
