/* pump.c: a ring of reads ahead of the writes. */
#include "base/io/pump.h"

enum { PUMP_AHEAD = 4, PUMP_PIECE = 8 * 1024 * 1024, PUMP_TAIL = 64 * 1024 };

struct pump {
    nl_source *from;
    uint64_t submitted, size;
    nl_fetch *ring[PUMP_AHEAD];
    unsigned first, n;
};

/* Ask for pieces until the ring is full or the object is. */
static int fill(struct pump *p, nl_error *err)
{
    while (p->n < PUMP_AHEAD && p->submitted < p->size) {
        uint64_t left = p->size - p->submitted;
        nl_range piece = {p->submitted, left < PUMP_PIECE ? left : PUMP_PIECE};
        int rc = nl_source_submit(p->from, &piece, 1, &p->ring[(p->first + p->n) % PUMP_AHEAD], err);
        if (rc)
            return rc;
        p->submitted += piece.length;
        p->n++;
    }
    return NL_OK;
}

/* The oldest piece into the sink. */
static int drain_one(struct pump *p, nl_sink *to, nl_cancel *cancel, nl_error *err)
{
    nl_bytes bytes;
    nl_fetch *oldest = p->ring[p->first];
    p->first = (p->first + 1) % PUMP_AHEAD;
    p->n--;
    int rc = nl_fetch_wait(oldest, cancel, &bytes, err);
    if (rc)
        return rc;
    rc = nl_sink_write(to, bytes.data, bytes.len, err);
    nl_bytes_release(&bytes);
    return rc;
}

int nl_pump(nl_source *from, nl_sink *to, nl_cancel *cancel, nl_pump_progress progress, void *ctx, nl_error *err)
{
    struct pump p = {.from = from, .size = nl_source_size(from)};
    int rc = NL_OK;
    if (p.size == NL_SIZE_UNKNOWN) {
        /* One small read tells the size; a store keeps the tail, so its bytes are not asked for twice. */
        nl_bytes tail;
        rc = nl_source_read_tail(from, PUMP_TAIL, &tail, err);
        if (rc)
            return rc;
        nl_bytes_release(&tail);
        p.size = nl_source_size(from);
    }
    uint64_t done = 0;
    while (rc == NL_OK && done < p.size) {
        uint64_t before = nl_sink_written(to);
        rc = fill(&p, err);
        if (rc == NL_OK)
            rc = nl_cancel_check(cancel, err);
        if (rc == NL_OK)
            rc = drain_one(&p, to, cancel, err);
        if (rc == NL_OK)
            done += nl_sink_written(to) - before;
        if (rc == NL_OK && progress)
            rc = progress(ctx, done, p.size, err);
    }
    for (; p.n; p.n--, p.first = (p.first + 1) % PUMP_AHEAD)
        nl_fetch_drop(p.ring[p.first]);
    return rc;
}
