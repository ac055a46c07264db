/* notes.c: see notes.h. */
#include "parquet/write/notes.h"

#include <string.h>

static bool has_strings(const struct pq_write_leaf *leaf)
{
    return leaf->type.element.type == PQ_BYTE_ARRAY;
}

/* Histograms say something that counts of values and nulls do not only for nested leaves. */
static bool has_repetition(const struct pq_write_leaf *leaf)
{
    return leaf->max_repetition > 0;
}

static bool has_definition(const struct pq_write_leaf *leaf)
{
    return leaf->max_definition > 1;
}

/* ── a page ── */

/* Append how often each of max + 1 levels is among a page's. */
static int add_histogram(nl_buf *to, const nl_buf *levels, uint8_t max, nl_error *err)
{
    int64_t counts[256] = {0};
    for (size_t i = 0; i < levels->len; i++)
        counts[(uint8_t)levels->data[i]]++;
    return nl_buf_append(to, counts, ((size_t)max + 1) * sizeof(*counts), err);
}

static int add_bounds(struct pq_notes *n, const struct pq_write_leaf *leaf, const struct pq_page *p,
                      const struct pq_stats *stats, nl_error *err)
{
    struct pq_statistics s = {0};
    bool null_page = !p->n;
    int rc = pq_stats_finish(stats, &leaf->type, &n->bounds, &s, err);
    if (rc)
        return rc;
    n->no_bounds = n->no_bounds || (!null_page && (!s.min_value.data || !s.max_value.data));
    struct pq_slice empty = {(const uint8_t *)"", 0};
    struct pq_slice min = s.min_value.data ? s.min_value : empty, max = s.max_value.data ? s.max_value : empty;
    rc = nl_buf_append(&n->null_pages, &null_page, sizeof null_page, err);
    if (!rc)
        rc = nl_buf_append(&n->min, &min, sizeof min, err);
    return rc ? rc : nl_buf_append(&n->max, &max, sizeof max, err);
}

int pq_notes_add(struct pq_notes *n, const struct pq_write_leaf *leaf, const struct pq_page *p, size_t at, size_t end,
                 int64_t first_row, const struct pq_stats *stats, nl_error *err)
{
    struct pq_page_location l = {.offset = (int64_t)at, .compressed_size = (int32_t)(end - at), .first_row = first_row};
    int64_t nulls = (int64_t)(p->rows - p->n), unencoded = (int64_t)(p->bytes - 4 * p->n);
    int rc = nl_buf_append(&n->locations, &l, sizeof l, err);
    if (!rc)
        rc = nl_buf_append(&n->nulls, &nulls, sizeof nulls, err);
    if (!rc && has_strings(leaf))
        rc = nl_buf_append(&n->unencoded, &unencoded, sizeof unencoded, err);
    if (!rc && has_repetition(leaf))
        rc = add_histogram(&n->repetition, &p->repetition, leaf->max_repetition, err);
    if (!rc && has_definition(leaf))
        rc = add_histogram(&n->definition, &p->definition, leaf->max_definition, err);
    if (!rc)
        rc = add_bounds(n, leaf, p, stats, err);
    n->n += !rc;
    return rc;
}

void pq_notes_clear(struct pq_notes *n)
{
    nl_buf *all[] = {&n->locations, &n->null_pages, &n->min,        &n->max,
                     &n->nulls,     &n->unencoded,  &n->repetition, &n->definition};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        nl_buf_clear(all[i]);
    nl_arena_free(&n->bounds);
    n->n = 0;
    n->no_bounds = false;
}

void pq_notes_free(struct pq_notes *n)
{
    nl_buf *all[] = {&n->locations, &n->null_pages, &n->min,        &n->max,
                     &n->nulls,     &n->unencoded,  &n->repetition, &n->definition};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        nl_buf_free(all[i]);
    nl_arena_free(&n->bounds);
    *n = (struct pq_notes){0};
}

/* ── the chunk ── */

static int64_t *numbers(const nl_buf *b)
{
    return b->len ? (int64_t *)(void *)b->data : NULL;
}

/* The pages' histograms added up. */
static int64_t *sum(const nl_buf *of, size_t levels, nl_arena *arena)
{
    int64_t *out = nl_arena_array(arena, levels, sizeof(*out));
    const int64_t *in = numbers(of);
    for (size_t i = 0; out && i < of->len / sizeof(*in); i++)
        out[i % levels] += in[i];
    return out;
}

int pq_notes_sizes(const struct pq_notes *n, const struct pq_write_leaf *leaf, nl_arena *arena,
                   struct pq_column_meta *out, nl_error *err)
{
    struct pq_size_statistics *s = &out->size_statistics;
    *s = (struct pq_size_statistics){.unencoded_bytes = -1};
    out->has_size_statistics = has_strings(leaf) || has_repetition(leaf) || has_definition(leaf);
    if (has_strings(leaf)) {
        s->unencoded_bytes = 0;
        for (size_t i = 0; i < n->n; i++)
            s->unencoded_bytes += numbers(&n->unencoded)[i];
    }
    if (has_repetition(leaf)) {
        s->n_repetition = (size_t)leaf->max_repetition + 1;
        s->repetition_histogram = sum(&n->repetition, s->n_repetition, arena);
        if (!s->repetition_histogram)
            return nl_fail_memory(err);
    }
    if (has_definition(leaf)) {
        s->n_definition = (size_t)leaf->max_definition + 1;
        s->definition_histogram = sum(&n->definition, s->n_definition, arena);
        if (!s->definition_histogram)
            return nl_fail_memory(err);
    }
    return NL_OK;
}

int pq_notes_offset_index(struct pq_notes *n, const struct pq_write_leaf *leaf, int64_t base, nl_buf *out,
                          nl_error *err)
{
    struct pq_offset_index index = {.pages = (struct pq_page_location *)(void *)n->locations.data,
                                    .n = n->n,
                                    .unencoded_bytes = has_strings(leaf) ? numbers(&n->unencoded) : NULL};
    for (size_t i = 0; i < n->n; i++)
        index.pages[i].offset += base;
    return pq_offset_index_encode(&index, out, err);
}

/* Do the bounds of all pages that have some go up, or down? Both: up. */
static enum pq_boundary_order order_of(const struct pq_write_type *t, const struct pq_column_index *x)
{
    bool up = true, down = true;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < x->n && (up || down); i++) {
        if (x->null_pages[i])
            continue;
        if (last != SIZE_MAX) {
            int min = pq_bound_compare(t, x->min[last], x->min[i]), max = pq_bound_compare(t, x->max[last], x->max[i]);
            up = up && min <= 0 && max <= 0;
            down = down && min >= 0 && max >= 0;
        }
        last = i;
    }
    return up ? PQ_ASCENDING : down ? PQ_DESCENDING : PQ_UNORDERED;
}

int pq_notes_column_index(const struct pq_notes *n, const struct pq_write_leaf *leaf, nl_buf *out, nl_error *err)
{
    if (n->no_bounds || !n->n)
        return NL_OK;
    struct pq_column_index x = {.n = n->n,
                                .null_pages = (bool *)(void *)n->null_pages.data,
                                .min = (struct pq_slice *)(void *)n->min.data,
                                .max = (struct pq_slice *)(void *)n->max.data,
                                .null_counts = numbers(&n->nulls),
                                .repetition_histograms = numbers(&n->repetition),
                                .definition_histograms = numbers(&n->definition),
                                .n_repetition = n->repetition.len / sizeof(int64_t),
                                .n_definition = n->definition.len / sizeof(int64_t)};
    x.order = order_of(&leaf->type, &x);
    return pq_column_index_encode(&x, out, err);
}
