/* bounds.c: minimum, maximum and counts that a writer stated, against those that were found.
 *
 * A bound must enclose: nothing may lie beyond it. One that is said to be exact must be met by a value. A deprecated pair
 * counts where signed comparison is the column's order. NaN is no bound; a zero should carry the sign that encloses both.
 *
 * Spec: parquet-format, parquet.thrift, "Statistics".
 */
#include <inttypes.h>
#include <string.h>

#include "parquet/check/chunk.h"

static struct pq_slice slice_of(const nl_buf *b)
{
    return (struct pq_slice){(const uint8_t *)b->data, b->len};
}

/* A zero of the sign that does not enclose the other one? */
static bool is_wrong_zero(enum pq_check_order o, struct pq_slice bound, bool is_min)
{
    if (o != PQ_CHECK_FLOAT && o != PQ_CHECK_DOUBLE && o != PQ_CHECK_FLOAT16)
        return false;
    for (size_t i = 0; i + 1 < bound.len; i++)
        if (bound.data[i])
            return false;
    return bound.data[bound.len - 1] == (is_min ? 0 : 0x80);
}

/* One bound against the value that it has to enclose. */
static void check_bound(struct pq_check_chunk *c, int64_t offset, const char *of, bool is_min, struct pq_slice bound,
                        int exact, const struct pq_check_range *r)
{
    const char *word = is_min ? "min" : "max", *most = is_min ? "least" : "greatest";
    char a[64], b[64];
    if (!pq_check_order_fits(c->order, bound)) {
        PQ_CHECK_ERROR(c, offset, "%s: %s has %zu bytes, which is no value of the type", of, word, bound.len);
        return;
    }
    if (pq_check_is_nan(c->order, bound)) {
        if (r->any)
            PQ_CHECK_WARNING(c, offset, "%s: %s is NaN, which bounds nothing", of, word);
        return;
    }
    if (!r->any)
        return;
    struct pq_slice found = slice_of(is_min ? &r->min : &r->max);
    int order = pq_check_compare(c->order, bound, found);
    if (is_min ? order > 0 : order < 0)
        PQ_CHECK_ERROR(c, offset, "%s: %s is %s, the %s value is %s", of, word, pq_check_show(c->order, bound, a), most,
                       pq_check_show(c->order, found, b));
    else if (order && exact == 1)
        PQ_CHECK_ERROR(c, offset, "%s: %s %s is said to be exact, the %s value is %s", of, word,
                       pq_check_show(c->order, bound, a), most, pq_check_show(c->order, found, b));
    else if (order && exact < 0 && c->order != PQ_CHECK_BYTES && c->order != PQ_CHECK_DECIMAL)
        PQ_CHECK_WARNING(c, offset, "%s: %s is %s, looser than the %s value, %s", of, word,
                         pq_check_show(c->order, bound, a), most, pq_check_show(c->order, found, b));
    else if (is_wrong_zero(c->order, bound, is_min))
        PQ_CHECK_WARNING(c, offset, "%s: %s is %s, which does not enclose both zeros", of, word, is_min ? "+0" : "-0");
}

void pq_check_bounds(struct pq_check_chunk *c, int64_t offset, const char *of, const struct pq_slice *min,
                     const struct pq_slice *max, int min_exact, int max_exact, const struct pq_check_range *r)
{
    if (c->order == PQ_CHECK_UNORDERED)
        return;
    if (min->data)
        check_bound(c, offset, of, true, *min, min_exact, r);
    if (max->data)
        check_bound(c, offset, of, false, *max, max_exact, r);
}

static void check_counts(struct pq_check_chunk *c, const struct pq_statistics *s)
{
    int64_t present = c->n_values - c->nulls;
    bool is_float = c->order == PQ_CHECK_FLOAT || c->order == PQ_CHECK_DOUBLE || c->order == PQ_CHECK_FLOAT16;
    if (s->has_null_count && s->null_count != c->nulls)
        /* Writers differ in whether an empty list is a null. */
        pq_check_say(c->k, c->l->max_repetition > 0, (int64_t)c->g, (int64_t)c->leaf, -1,
                     "statistics: %" PRId64 " nulls are stated, %" PRId64 " were found", s->null_count, c->nulls);
    if (s->has_distinct_count && (s->distinct_count < 0 || s->distinct_count > present))
        PQ_CHECK_ERROR(c, -1, "statistics: %" PRId64 " distinct values among %" PRId64, s->distinct_count, present);
    if (s->has_nan_count && is_float && s->nan_count != c->range.nans)
        PQ_CHECK_ERROR(c, -1, "statistics: %" PRId64 " NaN are stated, %" PRId64 " were found", s->nan_count,
                       c->range.nans);
}

static int exactness(bool has, bool is)
{
    return has ? is : -1;
}

void pq_check_statistics(struct pq_check_chunk *c)
{
    const struct pq_statistics *s = &c->chunk.meta.statistics;
    const struct pq_file_meta *meta = &c->k->file->meta;
    if (!c->chunk.meta.has_statistics)
        return;
    check_counts(c, s);
    bool stated = c->leaf < meta->n_column_orders && meta->column_orders[c->leaf] != PQ_ORDER_UNDEFINED;
    if (stated)
        pq_check_bounds(c, -1, "statistics", &s->min_value, &s->max_value, exactness(s->has_min_exact, s->min_exact),
                        exactness(s->has_max_exact, s->max_exact), &c->range);
    if (pq_check_order_is_signed(c->order))
        pq_check_bounds(c, -1, "deprecated statistics", &s->min, &s->max, -1, -1, &c->range);
}
