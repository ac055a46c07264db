/* select.c: see select.h. The filter's tree is walked (its depth is bounded: filter.h, F3); each node gives ranges. */
#include "parquet/index/select.h"

#include <stdlib.h>
#include <string.h>

#include "parquet/read/stats.h"

/* Comparisons of values with pages that one row group may cost; beyond that, reading is cheaper than choosing. */
#define MOST_TESTS (32u << 20)

struct ranges {
    nl_parquet_range *v;
    size_t n, cap;
};

/* Append rows first to end; what touches the last range grows it (S2). */
static int add(struct ranges *r, int64_t first, int64_t end, nl_error *err)
{
    if (first >= end)
        return NL_OK;
    if (r->n && r->v[r->n - 1].first + r->v[r->n - 1].count >= first) {
        nl_parquet_range *last = &r->v[r->n - 1];
        if (end > last->first + last->count)
            last->count = end - last->first;
        return NL_OK;
    }
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 8;
        nl_parquet_range *v = realloc(r->v, cap * sizeof *v);
        if (!v)
            return nl_fail_memory(err);
        r->v = v;
        r->cap = cap;
    }
    r->v[r->n++] = (nl_parquet_range){first, end - first};
    return NL_OK;
}

/* What a and b share (AND), or both (OR), into *a; b is freed. */
static int combine(struct ranges *a, struct ranges *b, bool both, nl_error *err)
{
    struct ranges out = {0};
    size_t i = 0, k = 0;
    int rc = NL_OK;
    while (!rc && (both ? i < a->n && k < b->n : i < a->n || k < b->n)) {
        int64_t a_end = i < a->n ? a->v[i].first + a->v[i].count : INT64_MAX;
        int64_t b_end = k < b->n ? b->v[k].first + b->v[k].count : INT64_MAX;
        if (both) {
            rc = add(&out, a->v[i].first > b->v[k].first ? a->v[i].first : b->v[k].first, a_end < b_end ? a_end : b_end,
                     err);
            a_end <= b_end ? i++ : k++;
        } else if (k == b->n || (i < a->n && a->v[i].first <= b->v[k].first)) {
            rc = add(&out, a->v[i].first, a_end, err);
            i++;
        } else {
            rc = add(&out, b->v[k].first, b_end, err);
            k++;
        }
    }
    free(a->v);
    free(b->v);
    *b = (struct ranges){0};
    *a = out;
    return rc;
}

/* ── pages ── */

/* One page of one column; everything else is as in the whole row group. */
struct page_unit {
    const struct pq_select *s;
    size_t column; /* the filter's */
    size_t page;
    int64_t rows;
};

static void page_bounds(const void *unit, size_t column, struct filter_bounds *out)
{
    const struct page_unit *u = unit;
    const struct pq_select_column *c = &u->s->columns[u->column];
    if (column == u->column)
        pq_page_stats(u->s->file, (size_t)c->column, c->bounds, u->page, u->rows, out);
    else if (u->s->bounds)
        u->s->bounds(u->s->unit, column, out);
}

static int64_t group_rows(const struct pq_select *s)
{
    return nl_parquet_row_group_rows(s->file, s->row_group);
}

/* Does the filter's column have pages that can be believed (S3)? */
static bool has_pages(const struct pq_select *s, size_t column)
{
    if (column >= s->n_columns)
        return false;
    const struct pq_select_column *c = &s->columns[column];
    return c->column >= 0 && c->bounds && c->offsets && c->bounds->n == c->offsets->n && c->offsets->n &&
           c->offsets->pages[c->offsets->n - 1].first_row <= group_rows(s);
}

/* The rows of the column's pages on which the node is not surely false. */
static int rows_of_pages(const struct pq_select *s, const struct filter *node, size_t column, struct ranges *out,
                         nl_error *err)
{
    const struct pq_offset_index *x = s->columns[column].offsets;
    int rc = NL_OK;
    for (size_t i = 0; i < x->n && !rc; i++) {
        int64_t first = x->pages[i].first_row, end = i + 1 < x->n ? x->pages[i + 1].first_row : group_rows(s);
        struct page_unit unit = {s, column, i, end - first};
        if (end > first && filter_test(node, page_bounds, &unit) != FILTER_NONE)
            rc = add(out, first, end, err);
    }
    return rc;
}

/* ── the tree ── */

/* A leaf of the filter, or (to see its leaves together: x >= 5 AND x <= 7 keeps NaN out) the AND that it stands in. */
static int rows_of_leaf(const struct pq_select *s, const struct filter *leaf, const struct filter *node,
                        struct ranges *out, nl_error *err)
{
    uint64_t pages = has_pages(s, leaf->column) ? s->columns[leaf->column].offsets->n : 0;
    uint64_t values = node->op == FILTER_AND ? node->n_children + leaf->n_values : leaf->n_values;
    if (pages && pages * (values + 1) <= MOST_TESTS)
        return rows_of_pages(s, node, leaf->column, out, err);
    return add(out, 0, group_rows(s), err);
}

/* Children first to last of an AND or OR have their rows in out; those of the next one are joined to them. */
/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
static int rows_of(const struct pq_select *s, const struct filter *f, struct ranges *out, nl_error *err)
{
    bool is_and = f->op == FILTER_AND;
    if (!is_and && f->op != FILTER_OR)
        return rows_of_leaf(s, f, f, out, err);
    int rc = is_and ? add(out, 0, group_rows(s), err) : NL_OK;
    for (size_t i = 0; i < f->n_children && !rc; i++) {
        const struct filter *child = f->children[i];
        bool is_leaf = child->op != FILTER_AND && child->op != FILTER_OR;
        struct ranges one = {0};
        rc = is_leaf ? rows_of_leaf(s, child, is_and ? f : child, &one, err) : rows_of(s, child, &one, err);
        if (rc)
            free(one.v);
        else
            rc = combine(out, &one, is_and, err);
    }
    return rc;
}

int pq_select_rows(const struct pq_select *s, const struct filter *filter, nl_parquet_range **out, size_t *n,
                   nl_error *err)
{
    struct ranges r = {0};
    *out = NULL;
    *n = 0;
    int rc = filter ? rows_of(s, filter, &r, err) : add(&r, 0, group_rows(s), err);
    if (rc || !r.n) {
        free(r.v);
        return rc;
    }
    *out = r.v;
    *n = r.n;
    return NL_OK;
}

/* ── what is surely not there ── */

static bool in_dictionary(const struct pq_select_column *c, struct pq_slice plain)
{
    for (size_t i = 0; i < c->n_dictionary; i++)
        if (c->dictionary[i].len == plain.len && !memcmp(c->dictionary[i].data, plain.data, plain.len))
            return true;
    return false;
}

/* May a row of the column equal v? */
static bool may_equal(const struct pq_select *s, const struct pq_select_column *c, const nl_value *v)
{
    struct pq_plain_value plain;
    if (v->kind == NL_VALUE_NULL)
        return false; /* nothing equals null */
    if (!pq_plain_of(&s->file->schema.columns[c->column], v, &plain))
        return true;
    for (size_t i = 0; i < plain.n; i++) {
        struct pq_slice bytes = plain.slice.data ? plain.slice : (struct pq_slice){plain.bytes[i], plain.len};
        if ((!c->bloom || pq_bloom_may_hold(c->bloom, pq_bloom_hash(bytes.data, bytes.len))) &&
            (!c->dictionary || in_dictionary(c, bytes)))
            return true;
    }
    return false;
}

/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
bool pq_select_excluded(const struct pq_select *s, const struct filter *f)
{
    if (!f)
        return false;
    if (f->op == FILTER_AND || f->op == FILTER_OR) {
        /* One child is enough for an AND, an OR needs all. */
        size_t n = 0;
        for (size_t i = 0; i < f->n_children; i++)
            n += pq_select_excluded(s, f->children[i]);
        return f->op == FILTER_AND ? n > 0 : n == f->n_children;
    }
    if ((f->op != FILTER_EQ && f->op != FILTER_IN) || f->column >= s->n_columns)
        return false;
    const struct pq_select_column *c = &s->columns[f->column];
    if (c->column < 0 || (!c->bloom && !c->dictionary))
        return false;
    for (size_t i = 0; i < f->n_values; i++)
        if (may_equal(s, c, &f->values[i]))
            return false;
    return true;
}
