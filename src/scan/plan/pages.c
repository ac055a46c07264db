/* pages.c: see pages.h. */
#include "scan/plan/pages.h"

#include <stdlib.h>
#include <string.h>

#include "parquet/index/dictionary.h"

enum {
    TWO_PAGES = 17,                 /* bytes of the shortest offset index of two pages: a single page selects nothing */
    VALUES_SHARE = 4,               /* bloom filter or dictionary are at most this part of what they may save, */
    VALUES_MOST = (2 << 20) + 1024, /* and at most so many bytes */
};

/* What the filter asks of a column. */
enum use { USE_NONE, USE_RANGE, USE_EQUAL };

/* The highest column that the filter names, and one more. */
/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
static size_t columns_of(const struct filter *f)
{
    size_t n = 0;
    if (f->op != FILTER_AND && f->op != FILTER_OR)
        return f->column + 1;
    for (size_t i = 0; i < f->n_children; i++) {
        size_t child = columns_of(f->children[i]);
        n = child > n ? child : n;
    }
    return n;
}

/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
static enum use use_of(const struct filter *f, size_t column)
{
    enum use use = USE_NONE;
    if (f->op != FILTER_AND && f->op != FILTER_OR) {
        bool equal = f->op == FILTER_EQ || f->op == FILTER_IN;
        return f->column != column ? USE_NONE : equal ? USE_EQUAL : USE_RANGE;
    }
    for (size_t i = 0; i < f->n_children; i++) {
        enum use child = use_of(f->children[i], column);
        use = child > use ? child : use;
    }
    return use;
}

/* Does a part of the file lie in it at all? */
static bool inside(const nl_parquet_file *f, int64_t offset, int64_t length)
{
    return offset > 0 && length > 0 && (uint64_t)offset <= f->size && (uint64_t)length <= f->size - (uint64_t)offset;
}

static void add(struct scan_pages *p, enum scan_part_kind kind, size_t slot, uint64_t offset, uint64_t length)
{
    p->parts[p->n] = (struct scan_part){kind, slot};
    p->ranges[p->n++] = (nl_range){offset, length};
}

static bool has_pages(const nl_parquet_file *f, const struct pq_column_chunk *c)
{
    return c->offset_index_length >= TWO_PAGES && inside(f, c->offset_index_offset, c->offset_index_length) &&
           inside(f, c->column_index_offset, c->column_index_length);
}

/* Column i of the filter: its chunk, and what there is of it. True: it has pages to choose from. */
static bool add_column(struct scan_pages *p, size_t i, enum use use, const struct scan_unit *unit, uint64_t saved)
{
    const nl_parquet_file *f = unit->file;
    int32_t at = unit->map[i];
    struct pq_column_chunk *c = &p->chunks[i];
    p->columns[i].column = at;
    if (at < 0 || use == USE_NONE || f->schema.columns[at].is_nested ||
        pq_file_chunk(f, unit->row_group, f->schema.columns[at].first_leaf, &p->arena, c, NULL))
        return false;
    uint64_t most = saved / VALUES_SHARE < VALUES_MOST ? saved / VALUES_SHARE : VALUES_MOST;
    nl_range dictionary = pq_dictionary_range(f, c);
    if (use == USE_EQUAL && inside(f, c->meta.bloom_filter_offset, c->meta.bloom_filter_length) &&
        (uint64_t)c->meta.bloom_filter_length <= most)
        add(p, SCAN_BLOOM, i, (uint64_t)c->meta.bloom_filter_offset, (uint64_t)c->meta.bloom_filter_length);
    else if (use == USE_EQUAL && dictionary.length && dictionary.length <= most)
        add(p, SCAN_DICTIONARY, i, dictionary.offset, dictionary.length);
    if (!has_pages(f, c))
        return false;
    add(p, SCAN_COLUMN_INDEX, i, (uint64_t)c->column_index_offset, (uint64_t)c->column_index_length);
    add(p, SCAN_OFFSET_INDEX, i, (uint64_t)c->offset_index_offset, (uint64_t)c->offset_index_length);
    return true;
}

/* The offset indexes of the projection's leaves, but for those that are parts already. */
static void add_leaves(struct scan_pages *p, const struct scan_unit *unit, const struct scan_morsel_plan *plan)
{
    size_t own = p->n;
    for (size_t i = 0; i < p->n_leaves; i++) {
        nl_range r;
        if (pq_offset_index_range(unit->file, unit->row_group, plan->columns.leaves[i], &r, NULL) || !r.length)
            continue;
        bool known = false;
        for (size_t k = 0; k < own && !known; k++)
            known = p->parts[k].kind == SCAN_OFFSET_INDEX && p->ranges[k].offset == r.offset;
        if (!known)
            add(p, SCAN_LEAF_OFFSETS, i, r.offset, r.length);
    }
}

int scan_pages_plan(const struct filter *filter, const struct scan_unit *unit, const struct scan_morsel_plan *plan,
                    struct scan_pages *out, nl_error *err)
{
    *out = (struct scan_pages){0};
    size_t n = filter ? columns_of(filter) : 0;
    n = n < unit->n_file_columns ? n : unit->n_file_columns;
    out->n_columns = n;
    out->n_leaves = plan->columns.n_leaves;
    out->columns = nl_arena_array(&out->arena, n, sizeof *out->columns);
    out->chunks = nl_arena_array(&out->arena, n, sizeof *out->chunks);
    out->offsets = nl_arena_array(&out->arena, out->n_leaves, sizeof(void *));
    out->parts = nl_arena_array(&out->arena, 3 * n + out->n_leaves, sizeof *out->parts);
    out->ranges = nl_arena_array(&out->arena, 3 * n + out->n_leaves, sizeof *out->ranges);
    out->leaves = nl_arena_array(&out->arena, out->n_leaves, sizeof *out->leaves);
    if (!out->columns || !out->leaves || !out->chunks || !out->offsets || !out->parts || !out->ranges)
        return nl_fail_memory(err);
    if (out->n_leaves)
        memcpy(out->leaves, plan->columns.leaves, out->n_leaves * sizeof *out->leaves);
    bool pages = false;
    for (size_t i = 0; i < n; i++)
        pages |= add_column(out, i, use_of(filter, i), unit, plan->bytes);
    if (pages)
        add_leaves(out, unit, plan);
    return NL_OK;
}

void scan_pages_keep(struct scan_pages *p, bool (*keep)(const void *arg, nl_range range), const void *arg)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (!keep(arg, p->ranges[i]))
            continue;
        p->parts[n] = p->parts[i];
        p->ranges[n++] = p->ranges[i];
    }
    p->n = n;
}

/* ── what the bytes say ── */

/* An offset index of its own in the arena; NULL: none that can be used (G1), or no memory. */
static const struct pq_offset_index *read_offsets(struct scan_pages *p, const nl_bytes *bytes, int *rc)
{
    struct pq_offset_index *x = nl_arena_alloc(&p->arena, sizeof *x);
    *rc = x ? pq_offset_index_decode(bytes->data, bytes->len, &p->arena, x, NULL) : NL_NO_MEMORY;
    return *rc ? NULL : x;
}

static int read_part(struct scan_pages *p, const struct scan_unit *unit, const struct scan_part *part,
                     const nl_bytes *bytes)
{
    struct pq_select_column *c = part->kind == SCAN_LEAF_OFFSETS ? NULL : &p->columns[part->slot];
    int rc = NL_OK;
    switch (part->kind) {
    case SCAN_LEAF_OFFSETS:
        p->offsets[part->slot] = read_offsets(p, bytes, &rc);
        break;
    case SCAN_OFFSET_INDEX:
        c->offsets = read_offsets(p, bytes, &rc);
        break;
    case SCAN_COLUMN_INDEX: {
        struct pq_column_index *x = nl_arena_alloc(&p->arena, sizeof *x);
        rc = x ? pq_column_index_decode(bytes->data, bytes->len, &p->arena, x, NULL) : NL_NO_MEMORY;
        c->bounds = rc ? NULL : x;
        break;
    }
    case SCAN_BLOOM: {
        struct pq_bloom *b = nl_arena_alloc(&p->arena, sizeof *b);
        size_t need;
        rc = b ? pq_bloom_decode(bytes->data, bytes->len, b, &need, NULL) : NL_NO_MEMORY;
        c->bloom = rc || !b->bits ? NULL : b;
        break;
    }
    case SCAN_DICTIONARY: {
        struct pq_slice *v;
        rc = pq_dictionary_values(unit->file->schema.columns[c->column].leaf->element, &p->chunks[part->slot],
                                  bytes->data, bytes->len, &p->arena, &v, &c->n_dictionary, NULL);
        c->dictionary = rc ? NULL : v;
        break;
    }
    }
    return rc;
}

int scan_pages_read(struct scan_pages *p, const struct scan_unit *unit, const nl_bytes *bytes, nl_error *err)
{
    for (size_t i = 0; i < p->n; i++)
        if (read_part(p, unit, &p->parts[i], &bytes[i]) == NL_NO_MEMORY)
            return nl_fail_memory(err);
    for (size_t i = 0; i < p->n_columns; i++) /* leaves that the filter is about have theirs already */
        for (size_t k = 0; k < p->n_leaves && p->columns[i].offsets; k++)
            if (p->leaves[k] == unit->file->schema.columns[p->columns[i].column].first_leaf)
                p->offsets[k] = p->columns[i].offsets;
    return NL_OK;
}

int scan_pages_select(const struct scan_pages *p, const struct filter *filter, const struct scan_unit *unit,
                      bool *excluded, nl_parquet_range **rows, size_t *n, nl_error *err)
{
    struct pq_select s = {unit->file, unit->row_group, p->columns, p->n_columns, scan_unit_bounds, unit};
    *rows = NULL;
    *n = 0;
    *excluded = pq_select_excluded(&s, filter);
    return *excluded ? NL_OK : pq_select_rows(&s, filter, rows, n, err);
}

void scan_pages_free(struct scan_pages *p)
{
    nl_arena_free(&p->arena);
    *p = (struct scan_pages){0};
}
