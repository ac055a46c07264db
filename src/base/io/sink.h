/* sink.h: a stream of bytes that becomes visible at once, or never.
 *
 * K1  Before commit nothing exists under the final name; after a failed commit or an abort neither, and no temporary
 *     file is left (a killed process or a power cut may leave one: its name starts with ".nl-tmp-").
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

/* A file with its choices. A symbolic link is followed; what is no regular file (a folder, /dev/null) is NL_INVALID. */
struct nl_file_sink_options {
    bool if_absent;   /* commit answers NL_CONFLICT where the name exists already (decided there, by link()) */
    bool not_durable; /* leave out the syncs */
    unsigned mode;    /* exactly these permissions; 0: those of the file that is replaced, else 0666 less the umask */
};
int nl_sink_create_file_with(const char *path, const struct nl_file_sink_options *o, nl_sink **out, nl_error *err);
/* The descriptor of a file sink, to set extended attributes before the commit; borrowed. -1 for other sinks. */
int nl_sink_file_fd(const nl_sink *s);
/* Let others write the next bytes of a file sink, at the offsets from nl_sink_written() on: what lies in its buffer is
 * written out first. */
int nl_sink_file_flush(nl_sink *s, nl_error *err);
/* They wrote len bytes: go on behind them. */
int nl_sink_file_skip(nl_sink *s, uint64_t len, nl_error *err);
/* Into memory: commit replaces what *to holds. to is borrowed until then. */
int nl_sink_create_memory(nl_buf *to, nl_sink **out, nl_error *err);
/* To a file descriptor (standard output), through a buffer of 64 KiB that commit flushes; nothing is taken back. The
 * descriptor is borrowed. A closed pipe is NL_IO where SIGPIPE is ignored. */
int nl_sink_create_fd(int fd, nl_sink **out, nl_error *err);

/* write() until everything is written, whatever interrupts it. */
int nl_write_all(int fd, const void *data, size_t len, nl_error *err);
/* The same at an offset of a file; what is for the message: "cannot write WHAT". */
int nl_pwrite_all(int fd, const void *data, size_t len, uint64_t offset, const char *what, nl_error *err);

/* A whole small file (at most limit bytes, else NL_INVALID) replaces what *out holds; data has a NUL behind it. */
int nl_read_file(const char *path, size_t limit, nl_buf *out, nl_error *err);
/* Durable and atomic, through a file sink. */
int nl_write_file(const char *path, const void *data, size_t len, unsigned mode, nl_error *err);
/* mkdir -p; existing folders are fine. */
int nl_make_folders(const char *path, unsigned mode, nl_error *err);
/* The same, and after NL_OK the names of the folders that it made are on the disk. */
int nl_make_folders_durable(const char *path, unsigned mode, nl_error *err);

#endif
