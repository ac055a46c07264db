/* source.h: where bytes are read from: a file, an object of a store, memory.
 *
 * Reads are asynchronous: submit ranges, get one handle (nl_fetch) a range, wait for them in any order.
 *
 *     submit_tail(64 KiB) ──▶ fetch ──wait──▶ bytes      the size is known from here on
 *     submit(ranges, n)   ──▶ fetch[n] ─wait─▶ bytes     an implementation may merge neighbours into one request
 *
 * S1  A handle ends exactly once: by nl_fetch_wait() (even when that fails) or by nl_fetch_drop().
 * S2  After nl_fetch_drop() returns nothing touches the buffer any more.
 * S3  All reads of one source see one version of the object, or fail with NL_CONFLICT.
 * S4  A source outlives its handles; the bytes outlive both.
 *
 * Threads  Every call but nl_source_close() may come from any thread.
 */
#ifndef NL_BASE_IO_SOURCE_H
#define NL_BASE_IO_SOURCE_H

#include <stdbool.h>

#include <neuralake/io.h>

#include "base/cancel.h"
#include "base/io/bytes.h"

/* A handle of one range; implementations embed it first. */
typedef struct nl_fetch {
    nl_source *source;
} nl_fetch;

/* offset + length lies inside the object: implementations check and answer NL_INVALID. */
typedef struct nl_range {
    uint64_t offset;
    uint64_t length;
} nl_range;

struct nl_source_ops {
    int (*submit_tail)(nl_source *s, uint64_t want, nl_fetch **out, nl_error *err);
    int (*submit)(nl_source *s, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err);
    int (*wait)(nl_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err);
    /* Read r into `to` now. NULL: a read costs a request, so that ranges are better asked for together. */
    int (*read_into)(nl_source *s, nl_range r, uint8_t *to, nl_error *err);
    /* As nl_source_submit_to_file(). NULL: what comes needs memory in between. */
    int (*submit_to_file)(nl_source *s, nl_range r, int fd, uint64_t at, nl_fetch **out, nl_error *err);
    void (*drop)(nl_fetch *f);
    void (*close)(nl_source *s);
};

#define NL_SIZE_UNKNOWN UINT64_MAX

/* What every implementation embeds first. */
struct nl_source {
    const struct nl_source_ops *ops;
    char *name;               /* the path or URI, for messages */
    _Atomic uint64_t size;    /* NL_SIZE_UNKNOWN until the store has said */
    _Atomic int64_t modified; /* seconds since 1970; 0 until the store has said, and where it does not */
};

/* Ask for the last min(want, size) bytes. When it has been waited for, nl_source_size() is known. An implementation may
 * keep the tail and serve later ranges inside it without a request. On failure *out is NULL. */
int nl_source_submit_tail(nl_source *s, uint64_t want, nl_fetch **out, nl_error *err);
/* Ask for n ranges; out[i] is the handle of ranges[i]. On failure no handle exists. A length of 0 gives empty bytes. */
int nl_source_submit(nl_source *s, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err);
/* Wait for a range, and end the handle. *out holds exactly the bytes asked for; yours. cancel may be NULL. */
int nl_fetch_wait(nl_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err);
/* Not needed any more; NULL is fine. */
void nl_fetch_drop(nl_fetch *f);
/* Submit and wait for one range. */
int nl_source_read(nl_source *s, uint64_t offset, uint64_t length, nl_bytes *out, nl_error *err);
/* Is a read so cheap that many small ones, each when its bytes are needed, are as good as a large one? Then
 * nl_source_read_into() can be called: length bytes into memory of the caller's, which may hold anything after a failure. */
bool nl_source_reads_into(const nl_source *s);
int nl_source_read_into(nl_source *s, nl_range r, uint8_t *to, nl_error *err);
int nl_source_read_tail(nl_source *s, uint64_t want, nl_bytes *out, nl_error *err);
/* Can a range go into a file as it comes, without memory of its size in between? */
bool nl_source_writes_files(const nl_source *s);
/* Ask for r, which lies inside the known size, to be written to fd from `at` on. The wait gives empty bytes; where ranges of a
 * source that begin at 0 and follow one another are waited for in this order up to its end, the store's checksum of the
 * whole is compared where it has one: NL_CORRUPT. fd is borrowed until the handle ends. */
int nl_source_submit_to_file(nl_source *s, nl_range r, int fd, uint64_t at, nl_fetch **out, nl_error *err);

/* For implementations: does r lie inside the known size? NL_INVALID says how not. */
int nl_source_check_range(const nl_source *s, nl_range r, nl_error *err);

#endif
