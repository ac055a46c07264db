/* rewrite_sort.c: all rows in memory, sorted by their places, and taken out again some at a time.
 *
 *     reader ──▶ batches (at most --memory bytes) ──▶ places in order ──▶ 16,384 rows at a time ──▶ writer
 */
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "cli/rewrite.h"

enum { STEP = 16384 };

struct held {
    struct ArrowArray *batches;
    size_t n, cap;
    uint64_t bytes;
};

/* Keep a batch, which is moved in. */
static int hold(struct held *h, struct ArrowArray *batch, nl_error *err)
{
    if (h->n == h->cap) {
        size_t cap = h->cap ? 2 * h->cap : 64;
        struct ArrowArray *more = realloc(h->batches, cap * sizeof *more);
        if (!more)
            return nl_fail_memory(err);
        h->batches = more;
        h->cap = cap;
    }
    arrow_array_move(batch, &h->batches[h->n++]);
    return NL_OK;
}

static void drop(struct held *h)
{
    for (size_t i = 0; i < h->n; i++)
        arrow_array_release(&h->batches[i]);
    free(h->batches);
}

static int hold_all(struct cli_context *x, nl_parquet_reader *reader, const struct ArrowSchema *schema, uint64_t most,
                    struct held *h, nl_error *err)
{
    int rc = NL_OK;
    char size[32];
    while (rc == NL_OK) {
        struct ArrowArray batch = {0};
        rc = nl_cancel_check(&x->cancel, err);
        if (rc == NL_OK)
            rc = nl_parquet_next(reader, &batch, err);
        if (rc || !batch.release)
            return rc;
        h->bytes += arrow_bytes_of(schema, &batch);
        if (h->bytes > most) {
            rc = nl_fail(err, NL_UNSUPPORTED, "sorting holds all rows in memory, and they take more than %s",
                         nl_format_size(most, size));
            nl_hint(err, "raise --memory, or sort with SQL: neuralake query \"COPY (SELECT … ORDER BY …) TO …\"");
        }
        if (rc == NL_OK)
            rc = hold(h, &batch, err);
        arrow_array_release(&batch);
    }
    return rc;
}

/* The rows as `rows` orders them, into the writer. */
static int write_rows(struct cli_context *x, const struct ArrowSchema *schema, const struct held *h,
                      const struct arrow_row *rows, size_t n, nl_parquet_writer *writer, struct cli_progress *progress,
                      nl_error *err)
{
    const struct ArrowArray **batches = calloc(h->n + 1, sizeof *batches);
    int rc = batches ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < h->n; i++)
        batches[i] = &h->batches[i];
    for (size_t at = 0, k; rc == NL_OK && at < n; at += k) {
        struct ArrowArray batch = {0};
        k = n - at < STEP ? n - at : STEP;
        rc = nl_cancel_check(&x->cancel, err);
        if (rc == NL_OK)
            rc = arrow_take(schema, batches, h->n, rows + at, k, &batch, err);
        if (rc == NL_OK)
            rc = nl_parquet_write(writer, &batch, err);
        if (rc == NL_OK)
            rc = cli_progress_step(progress, h->bytes / 2 + (uint64_t)((double)h->bytes / 2 * (double)at / (double)n),
                                   h->bytes, err);
        arrow_array_release(&batch);
    }
    free(batches);
    return rc;
}

int rewrite_sorted(struct cli_context *x, nl_parquet_reader *reader, const struct ArrowSchema *schema,
                   const struct rewrite_options *o, nl_parquet_writer *writer, struct cli_progress *progress,
                   int64_t *rows, nl_error *err)
{
    struct held h = {0};
    struct arrow_row *places = NULL;
    size_t n = 0;
    int rc = hold_all(x, reader, schema, o->memory, &h, err);
    if (rc == NL_OK)
        rc = arrow_sort(schema, h.batches, h.n, o->keys, o->write.n_sorting, &places, &n, err);
    if (rc == NL_OK)
        rc = write_rows(x, schema, &h, places, n, writer, progress, err);
    *rows = (int64_t)n;
    free(places);
    drop(&h);
    return rc;
}
