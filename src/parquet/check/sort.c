/* sort.c: rows against the order that sorting_columns promise.
 *
 *     column 0   every row against the one before           ties: rows that equal the one before
 *     column 1   only rows that tie in column 0             ties: those that tie here too
 *
 * Nulls stand before or behind all values, as the promise says; NaN behind all other floats.
 */
#include "parquet/check/chunk.h"

/* Ties are kept of so many rows: 32 MiB. Behind them, only the first sorting column is held to its order. */
enum { MOST_TIES = 1 << 28 };

/* Is this row tied to the one before in the sorting columns before this one? */
static bool is_tied(const struct pq_check_chunk *c, int64_t row)
{
    if (c->sort.is_first)
        return row > 0;
    const nl_buf *ties = &c->k->ties;
    return (uint64_t)row / 8 < ties->len && ties->data[row / 8] >> (row % 8) & 1;
}

static int keep_tie(struct pq_check_chunk *c, int64_t row, bool tied, nl_error *err)
{
    nl_buf *ties = &c->k->ties;
    if (row >= MOST_TIES)
        return NL_OK;
    if ((uint64_t)row / 8 >= ties->len) {
        int rc = c->sort.is_first ? nl_buf_putc(ties, 0, err) : NL_OK;
        if (rc || !c->sort.is_first)
            return rc;
    }
    unsigned bit = 1U << (row % 8), byte = (uint8_t)ties->data[row / 8];
    ties->data[row / 8] = (char)(tied ? byte | bit : byte & ~bit);
    return NL_OK;
}

/* The row before against this one: negative or 0 in order. */
static int compare(const struct pq_check_chunk *c, const struct pq_slice *value)
{
    const struct pq_check_sort *s = &c->sort;
    struct pq_slice before = {(const uint8_t *)s->before.data, s->before.len};
    if (s->was_null || !value) {
        int nulls_last = (int)s->was_null - (int)!value;
        return s->by->nulls_first ? -nulls_last : nulls_last;
    }
    bool a = pq_check_is_nan(c->order, before), b = pq_check_is_nan(c->order, *value);
    int order = a || b ? (int)a - (int)b
                : pq_check_order_fits(c->order, before) && pq_check_order_fits(c->order, *value)
                    ? pq_check_compare(c->order, before, *value)
                    : 0;
    return s->by->descending ? -order : order;
}

int pq_check_sort_next(struct pq_check_chunk *c, const struct pq_slice *value, nl_error *err)
{
    struct pq_check_sort *s = &c->sort;
    int64_t row = s->row++;
    int order = row ? compare(c, value) : 0;
    bool tied = is_tied(c, row);
    if (tied && order > 0 && !s->wrong++) {
        s->wrong_row = row;
        s->wrong_page = c->page.offset;
    }
    int rc = keep_tie(c, row, tied && order == 0, err);
    s->was_null = !value;
    nl_buf_clear(&s->before);
    return rc || !value ? rc : nl_buf_append(&s->before, value->data, value->len, err);
}
