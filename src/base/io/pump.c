/* pump.c: a ring of reads ahead of the writes. */
#include "base/io/pump.h"

enum { PUMP_AHEAD = 4, PUMP_TO_FILE = 8, PUMP_PIECE = 8 * 1024 * 1024, PUMP_TAIL = 64 * 1024 };

struct pump {
    nl_source *from;
    nl_sink *to;
    int fd; /* where the source writes the pieces by itself, from `at` on; -1: it does not */
    uint64_t at;
    uint64_t submitted, size;
    struct {
        nl_fetch *fetch;
        uint64_t len;
    } ring[PUMP_TO_FILE];
    unsigned ahead; /* pieces on their way at most */
    unsigned first, n;
};

/* Ask for pieces until the ring is full or the object is. */
static int fill(struct pump *p, nl_error *err)
{
    while (p->n < p->ahead && p->submitted < p->size) {
        uint64_t left = p->size - p->submitted;
        nl_range piece = {p->submitted, left < PUMP_PIECE ? left : PUMP_PIECE};
        unsigned slot = (p->first + p->n) % PUMP_TO_FILE;
        nl_fetch **fetch = &p->ring[slot].fetch;
        int rc = p->fd < 0 ? nl_source_submit(p->from, &piece, 1, fetch, err)
                           : nl_source_submit_to_file(p->from, piece, p->fd, p->at + piece.offset, fetch, err);
        if (rc)
            return rc;
        p->ring[slot].len = piece.length;
        p->submitted += piece.length;
        p->n++;
    }
    return NL_OK;
}

/* The oldest piece into the sink. */
static int drain_one(struct pump *p, nl_cancel *cancel, nl_error *err)
{
    nl_bytes bytes;
    nl_fetch *oldest = p->ring[p->first].fetch;
    uint64_t len = p->ring[p->first].len;
    p->first = (p->first + 1) % PUMP_TO_FILE;
    p->n--;
    int rc = nl_fetch_wait(oldest, cancel, &bytes, err);
    if (rc)
        return rc;
    rc = p->fd < 0 ? nl_sink_write(p->to, bytes.data, bytes.len, err) : nl_sink_file_skip(p->to, len, err);
    nl_bytes_release(&bytes);
    return rc;
}

/* The size, where it is not known: one small read tells it. A store keeps the tail, so its bytes are not asked for twice. */
static int learn_size(struct pump *p, nl_error *err)
{
    p->size = nl_source_size(p->from);
    if (p->size != NL_SIZE_UNKNOWN)
        return NL_OK;
    nl_bytes tail;
    int rc = nl_source_read_tail(p->from, PUMP_TAIL, &tail, err);
    if (rc)
        return rc;
    nl_bytes_release(&tail);
    p->size = nl_source_size(p->from);
    return NL_OK;
}

/* Which way? */
static int choose_way(struct pump *p, nl_error *err)
{
    p->fd = -1;
    p->ahead = PUMP_AHEAD;
    int fd = nl_sink_file_fd(p->to);
    if (fd < 0 || p->size <= PUMP_PIECE || !nl_source_writes_files(p->from))
        return NL_OK;
    int rc = nl_sink_file_flush(p->to, err);
    if (rc)
        return rc;
    p->fd = fd;
    p->at = nl_sink_written(p->to);
    p->ahead = PUMP_TO_FILE;
    return NL_OK;
}

int nl_pump(nl_source *from, nl_sink *to, nl_cancel *cancel, nl_pump_progress progress, void *ctx, nl_error *err)
{
    struct pump p = {.from = from, .to = to};
    int rc = learn_size(&p, err);
    if (rc == NL_OK)
        rc = choose_way(&p, err);
    uint64_t done = 0;
    while (rc == NL_OK && done < p.size) {
        uint64_t before = nl_sink_written(to);
        rc = fill(&p, err);
        if (rc == NL_OK)
            rc = nl_cancel_check(cancel, err);
        if (rc == NL_OK)
            rc = drain_one(&p, cancel, err);
        if (rc == NL_OK)
            done += nl_sink_written(to) - before;
        if (rc == NL_OK && progress)
            rc = progress(ctx, done, p.size, err);
    }
    for (; p.n; p.n--, p.first = (p.first + 1) % PUMP_TO_FILE)
        nl_fetch_drop(p.ring[p.first].fetch);
    return rc;
}
