/* run/stream.c: scan_stream(): one worker reads an Arrow stream and picks the projected columns. */
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/arena.h"
#include "scan/run/scan.h"

struct stream_scan {
    struct scan base;
    struct ArrowArrayStream stream;
    nl_arena arena;
    nl_cancel *cancel;
    bool all; /* no projection */
    size_t *columns;
    size_t n;
    uint64_t batches, rows; /* the only worker's */
    int status;
    nl_error error;
};

/* Move the projected columns out of batch (moved in). */
static int project(const struct stream_scan *s, struct ArrowArray *batch, struct ArrowArray *out, nl_error *err)
{
    struct ArrowArray *columns = calloc(s->n ? s->n : 1, sizeof *columns);
    int rc = columns ? NL_OK : nl_fail_memory(err);
    if (!rc && batch->offset)
        rc = nl_fail(err, NL_UNSUPPORTED, "a batch that begins at an offset");
    for (size_t i = 0; i < s->n && !rc; i++) {
        if (s->columns[i] >= (size_t)batch->n_children)
            rc = nl_fail(err, NL_INVALID, "column %zu of a batch with %lld", s->columns[i],
                         (long long)batch->n_children);
        else
            arrow_array_move(batch->children[s->columns[i]], &columns[i]);
    }
    if (!rc)
        rc = arrow_batch_make(columns, s->n, batch->length, out, err);
    else
        for (size_t i = 0; columns && i < s->n; i++)
            arrow_array_release(&columns[i]);
    arrow_array_release(batch);
    free(columns);
    return rc;
}

static int next(struct stream_scan *s, struct ArrowArray *out, nl_error *err)
{
    struct ArrowArray batch = {0};
    do {
        arrow_array_release(&batch);
        int rc = nl_cancel_check(s->cancel, err);
        if (!rc)
            rc = arrow_stream_next(&s->stream, &batch, err);
        if (rc)
            return rc;
    } while (batch.release && batch.length == 0);
    if (!batch.release)
        return NL_OK;
    s->batches++;
    s->rows += (uint64_t)batch.length;
    if (!s->all)
        return project(s, &batch, out, err);
    arrow_array_move(&batch, out);
    return NL_OK;
}

static int worker_next(struct scan_worker *w, struct ArrowArray *out, uint64_t *index, nl_error *err)
{
    struct stream_scan *s = (struct stream_scan *)w->scan;
    *index = s->batches;
    if (!s->status)
        s->status = next(s, out, &s->error);
    if (s->status && err)
        *err = s->error;
    return s->status;
}

static size_t max_workers(const struct scan *base)
{
    (void)base;
    return 1;
}

static int worker_new(struct scan *base, struct scan_worker **out, nl_error *err)
{
    struct scan_worker *w = calloc(1, sizeof *w);
    if (!w)
        return nl_fail_memory(err);
    w->scan = base;
    *out = w;
    return NL_OK;
}

static void worker_free(struct scan_worker *w)
{
    free(w);
}

static void get_stats(const struct scan *base, struct scan_stats *out)
{
    out->rows = ((const struct stream_scan *)base)->rows;
}

static void free_scan(struct scan *base)
{
    struct stream_scan *s = (struct stream_scan *)base;
    arrow_stream_release(&s->stream);
    nl_arena_free(&s->arena);
    free(s);
}

static const struct scan_ops stream_ops = {max_workers, worker_new, worker_next, worker_free, get_stats, free_scan};

int scan_stream(struct ArrowArrayStream *stream, const struct scan_request *req, struct scan **out, nl_error *err)
{
    *out = NULL;
    struct stream_scan *s = calloc(1, sizeof *s);
    if (s) {
        s->base.ops = &stream_ops;
        s->cancel = req->cancel;
        s->all = !req->columns;
        s->n = req->columns ? req->n_columns : 0;
        s->columns = nl_arena_array(&s->arena, s->n, sizeof *s->columns);
    }
    if (!s || !s->columns) {
        arrow_stream_release(stream);
        free(s);
        return nl_fail_memory(err);
    }
    if (req->columns)
        for (size_t i = 0; i < s->n; i++)
            s->columns[i] = req->columns[i];
    s->stream = *stream;
    stream->release = NULL;
    *out = &s->base;
    return NL_OK;
}
