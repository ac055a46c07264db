/* filter.c: build filter trees, compare values. The interval test is in interval.c. */
#include "filter/filter.h"

#include <math.h>
#include <string.h>

/* -1, 0 or 1; DuckDB's order of doubles: NaN equals NaN and is greater than all else, -0 equals 0. */
static int compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static int compare_bytes(const nl_value *a, const nl_value *b)
{
    size_t both = a->bytes.len < b->bytes.len ? a->bytes.len : b->bytes.len;
    int order = both ? memcmp(a->bytes.data, b->bytes.data, both) : 0;
    return order ? order : (a->bytes.len > b->bytes.len) - (a->bytes.len < b->bytes.len);
}

int nl_value_compare(const nl_value *a, const nl_value *b, bool *comparable)
{
    *comparable = a->kind == b->kind && a->kind != NL_VALUE_NULL;
    if (!*comparable)
        return 0;
    switch (a->kind) {
    case NL_VALUE_BOOL:
        return a->b - b->b;
    case NL_VALUE_INT:
        return (a->i > b->i) - (a->i < b->i);
    case NL_VALUE_UINT:
        return (a->u > b->u) - (a->u < b->u);
    case NL_VALUE_DOUBLE:
        return compare_doubles(a->d, b->d);
    case NL_VALUE_DECIMAL:
        return (a->decimal > b->decimal) - (a->decimal < b->decimal);
    case NL_VALUE_BYTES:
        return compare_bytes(a, b);
    case NL_VALUE_NULL:
        break;
    }
    *comparable = false; /* a kind from a foreign hand */
    return 0;
}

static struct filter *new_leaf(nl_arena *a, enum filter_op op, size_t column)
{
    struct filter *f = nl_arena_alloc(a, sizeof *f);
    if (f)
        *f = (struct filter){.op = op, .depth = 1, .column = column};
    return f;
}

/* *to becomes *from with bytes of its own. */
static bool copy_value(nl_arena *a, nl_value *to, const nl_value *from)
{
    *to = *from;
    if (from->kind != NL_VALUE_BYTES)
        return true;
    to->bytes.data = (const uint8_t *)nl_arena_strndup(a, (const char *)from->bytes.data, from->bytes.len);
    return to->bytes.data;
}

struct filter *filter_in(nl_arena *a, size_t column, const nl_value *values, size_t n)
{
    struct filter *f = new_leaf(a, FILTER_IN, column);
    if (!f || !(f->values = nl_arena_array(a, n, sizeof *values)))
        return NULL;
    for (; f->n_values < n; f->n_values++)
        if (!copy_value(a, &f->values[f->n_values], &values[f->n_values]))
            return NULL;
    return f;
}

struct filter *filter_compare(nl_arena *a, enum filter_op op, size_t column, nl_value value)
{
    struct filter *f = filter_in(a, column, &value, 1);
    if (f)
        f->op = op;
    return f;
}

struct filter *filter_null(nl_arena *a, enum filter_op op, size_t column)
{
    return new_leaf(a, op, column);
}

struct filter *filter_join(nl_arena *a, enum filter_op op, struct filter *const *children, size_t n)
{
    struct filter *f = new_leaf(a, op, 0);
    if (!f || !(f->children = nl_arena_array(a, n, sizeof *children)))
        return NULL;
    for (; f->n_children < n; f->n_children++) {
        struct filter *child = children[f->n_children];
        if (!child || child->depth >= FILTER_MAX_DEPTH)
            return NULL;
        f->children[f->n_children] = child;
        if (f->depth <= child->depth)
            f->depth = child->depth + 1;
    }
    return f;
}

/* NOLINTNEXTLINE(misc-no-recursion): F3 bounds it */
struct filter *filter_copy(nl_arena *a, const struct filter *f)
{
    if (!f)
        return NULL;
    struct filter *to;
    if (f->op != FILTER_AND && f->op != FILTER_OR) {
        to = filter_in(a, f->column, f->values, f->n_values);
        if (to)
            to->op = f->op;
        return to;
    }
    struct filter **children = nl_arena_array(a, f->n_children, sizeof *children);
    if (!children)
        return NULL;
    for (size_t i = 0; i < f->n_children; i++)
        if (!(children[i] = filter_copy(a, f->children[i]))) /* F3 */
            return NULL;
    return filter_join(a, f->op, children, f->n_children);
}
