/* skip.c: pass over rows and values that nobody wants: whole segments, whole pages, and inside of a page as far as its encoding
 * allows by moving a position; else they are decoded and dropped.
 */
#include <stdlib.h>

#include "parquet/read/column.h"

enum { AT_ONCE = 1024 };

/* Decode and drop. */
static int drop_values(struct pq_column_reader *c, size_t n, nl_error *err)
{
    size_t width = c->leaf->type.value_width, step = n < AT_ONCE ? n : AT_ONCE;
    if (width && step > SIZE_MAX / 2 / width)
        return nl_fail_memory(err);
    uint8_t *out = malloc(step * (width ? width : 1) + 64);
    int rc = out ? pq_column_dictionary_buffer(c, err) : nl_fail_memory(err);
    while (rc == NL_OK && n) {
        size_t k = n < step ? n : step;
        rc = pq_decode(c, k, out, 0, err);
        n -= k;
    }
    free(out);
    return rc;
}

/* Indices need not be looked up. */
static int skip_indices(struct pq_column_reader *c, size_t n, nl_error *err)
{
    int rc = NL_OK;
    while (rc == NL_OK && n) {
        struct pq_chunk chunk;
        rc = pq_rle_next(c->indices, n, &chunk, err);
        n -= rc ? 0 : chunk.n;
    }
    return rc;
}

int pq_skip_values(struct pq_column_reader *c, size_t n, nl_error *err)
{
    size_t width = c->leaf->type.stored_width, left = (size_t)(c->values_end - c->values);
    if (!n)
        return NL_OK;
    if (c->kind == PQ_VALUES_INDICES)
        return skip_indices(c, n, err);
    if (c->kind == PQ_VALUES_PLAIN && width && n <= left / width) {
        c->values += n * width;
        return NL_OK;
    }
    if (c->kind == PQ_VALUES_SPLIT && n <= c->split_count - c->split_at) {
        c->split_at += n;
        return NL_OK;
    }
    if (c->kind == PQ_VALUES_BITS && !c->bits_in_runs && n <= left * 8 - c->bit) {
        c->bit += n;
        return NL_OK;
    }
    return drop_values(c, n, err); /* where there are too few it says so */
}

/* n rows of the page at hand. */
static int skip_in_page(struct pq_column_reader *c, size_t n, nl_error *err)
{
    int rc = NL_OK;
    c->page_left -= n;
    c->row += (int64_t)n;
    if (!c->has_levels)
        return pq_skip_values(c, n, err);
    while (rc == NL_OK && n) {
        uint8_t bits[AT_ONCE / 8];
        size_t k = n < AT_ONCE ? n : AT_ONCE, valid;
        rc = pq_runs_bits(&c->levels, bits, 0, k, &valid, err);
        if (rc)
            nl_note(err, "definition levels");
        else
            rc = pq_skip_values(c, valid, err);
        n -= k;
    }
    return rc;
}

int pq_skip_rows(struct pq_column_reader *c, int64_t row, nl_cancel *cancel, nl_error *err)
{
    int rc = pq_page_seek(c, row, err);
    while (rc == NL_OK && c->row < row) {
        size_t n = (size_t)(row - c->row);
        if (c->page_left) {
            rc = skip_in_page(c, n < c->page_left ? n : c->page_left, err);
            continue;
        }
        rc = nl_cancel_check(cancel, err);
        c->pass = (int64_t)n;
        if (rc == NL_OK)
            rc = pq_page_next(c, NULL, err);
        c->pass = 0;
    }
    return rc;
}
