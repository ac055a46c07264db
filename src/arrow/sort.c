/* sort.c: the rows of several batches in order: places are sorted, nothing is moved.
 *
 *     key      one array a batch, found once; what stands above it counts: a row of a null group is a null
 *     row      (batch, row)
 */
#include <stdlib.h>
#include <string.h>

#include "arrow/take.h"

enum { DEEPEST = 64 };

/* One key with its arrays. */
struct sort_key {
    struct arrow_type type;
    bool descending, nulls_first;
    size_t n_path;
    const struct ArrowArray **arrays; /* batch × n_path + level: from the top-level column down to the key itself */
};

struct sorting {
    struct sort_key *keys;
    size_t n_keys;
};

/* The key's array of a batch, and the row in it; NULL where the value is null. */
static const struct ArrowArray *find(const struct sort_key *k, const struct arrow_row *r, int64_t *row)
{
    const struct ArrowArray *const *way = k->arrays + r->batch * k->n_path;
    *row = r->row;
    for (size_t i = 0; i < k->n_path; i++) {
        if (!arrow_is_valid(way[i], *row))
            return NULL;
        if (i + 1 < k->n_path)
            *row += way[i]->offset;
    }
    return way[k->n_path - 1];
}

static int compare_bytes(const struct sort_key *k, const struct ArrowArray *a, int64_t i, const struct ArrowArray *b,
                         int64_t j)
{
    size_t m, n;
    const uint8_t *x = arrow_bytes_at(a, &k->type, i, &m), *y = arrow_bytes_at(b, &k->type, j, &n);
    int c = memcmp(x, y, m < n ? m : n);
    return c ? c : (m > n) - (m < n);
}

/* An integer of up to 64 bits, or the bits of a decimal. */
static __int128 integer_at(const struct sort_key *k, const struct ArrowArray *a, int64_t i)
{
    size_t width = k->type.width / 8;
    __int128 wide = 0;
    int64_t v = 0;
    const uint8_t *p = (const uint8_t *)a->buffers[1] + (size_t)(a->offset + i) * width;
    if (k->type.kind == ARROW_BOOL)
        return arrow_bit(a->buffers[1], a->offset + i);
    if (width == 16) {
        memcpy(&wide, p, sizeof wide);
        return wide;
    }
    memcpy(&v, p, width);
    if (k->type.kind == ARROW_INT && !k->type.is_signed)
        return (uint64_t)v;
    unsigned unused = 64 - 8 * (unsigned)width;
    return (int64_t)((uint64_t)v << unused) >> unused;
}

static double float_at(const struct sort_key *k, const struct ArrowArray *a, int64_t i)
{
    if (k->type.width == 32)
        return ((const float *)a->buffers[1])[a->offset + i];
    return ((const double *)a->buffers[1])[a->offset + i];
}

static int compare_floats(double x, double y)
{
    if (x != x || y != y)
        return (x != x) - (y != y);
    return (x > y) - (x < y);
}

static int compare_key(const struct sort_key *k, const struct arrow_row *p, const struct arrow_row *q)
{
    int64_t i, j;
    const struct ArrowArray *a = find(k, p, &i), *b = find(k, q, &j);
    if (!a || !b) {
        int nulls_last = (int)!a - (int)!b;
        return k->nulls_first ? -nulls_last : nulls_last;
    }
    int c;
    if (k->type.kind == ARROW_STRING || k->type.kind == ARROW_BINARY || k->type.kind == ARROW_FIXED_BINARY) {
        c = compare_bytes(k, a, i, b, j);
    } else if (k->type.kind == ARROW_FLOAT) {
        c = compare_floats(float_at(k, a, i), float_at(k, b, j));
    } else {
        __int128 x = integer_at(k, a, i), y = integer_at(k, b, j);
        c = (x > y) - (x < y);
    }
    return k->descending ? -c : c;
}

/* Equal rows by their place: the order is total, and stable. */
static int compare_rows(const void *p, const void *q, void *arg)
{
    const struct arrow_row *a = p, *b = q;
    const struct sorting *s = arg;
    for (size_t k = 0; k < s->n_keys; k++) {
        int c = compare_key(&s->keys[k], a, b);
        if (c)
            return c;
    }
    if (a->batch != b->batch)
        return a->batch < b->batch ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static bool has_order(const struct arrow_type *t)
{
    switch (t->kind) {
    case ARROW_FLOAT:
        return t->width != 16;
    case ARROW_BOOL:
    case ARROW_INT:
    case ARROW_DECIMAL:
    case ARROW_STRING:
    case ARROW_BINARY:
    case ARROW_FIXED_BINARY:
    case ARROW_DATE:
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
    case ARROW_DURATION:
        return true;
    default:
        return false;
    }
}

/* The arrays of a key, in every batch. */
static int open_key(const struct ArrowSchema *schema, const struct ArrowArray *batches, size_t n,
                    const struct arrow_sort_key *from, struct sort_key *k, nl_error *err)
{
    *k = (struct sort_key){.descending = from->descending, .nulls_first = from->nulls_first, .n_path = from->n_path};
    for (size_t i = 0; i < from->n_path; i++) {
        if (from->path[i] >= (uint64_t)schema->n_children)
            return nl_fail(err, NL_INVALID, "child %zu of %lld", from->path[i], (long long)schema->n_children);
        schema = schema->children[from->path[i]];
    }
    int rc = arrow_type_parse(schema->format, &k->type, err);
    if (rc)
        return rc;
    if (!from->n_path || from->n_path > DEEPEST || schema->dictionary || !has_order(&k->type))
        return nl_fail(err, NL_UNSUPPORTED, "no order of column %s, whose format is '%s'",
                       schema->name ? schema->name : "", schema->format);
    k->arrays = calloc(n * from->n_path + 1, sizeof *k->arrays);
    if (!k->arrays)
        return nl_fail_memory(err);
    for (size_t b = 0; b < n; b++) {
        const struct ArrowArray *a = &batches[b];
        for (size_t i = 0; i < from->n_path; i++)
            k->arrays[b * from->n_path + i] = a = a->children[from->path[i]];
    }
    return NL_OK;
}

/* The places of all rows, in the order in which they come. A batch's own offset moves its columns' rows. */
static int list_rows(const struct ArrowArray *batches, size_t n, struct arrow_row **out, size_t *n_out, nl_error *err)
{
    size_t total = 0, k = 0;
    for (size_t b = 0; b < n; b++)
        total += (size_t)batches[b].length;
    struct arrow_row *rows = calloc(total + 1, sizeof *rows);
    if (!rows || n > UINT32_MAX) {
        free(rows);
        return nl_fail_memory(err);
    }
    for (size_t b = 0; b < n; b++)
        for (int64_t i = 0; i < batches[b].length; i++)
            rows[k++] = (struct arrow_row){(uint32_t)b, i};
    *out = rows;
    *n_out = k;
    return NL_OK;
}

int arrow_sort(const struct ArrowSchema *schema, const struct ArrowArray *batches, size_t n,
               const struct arrow_sort_key *keys, size_t n_keys, struct arrow_row **out, size_t *n_out, nl_error *err)
{
    struct sorting s = {.keys = calloc(n_keys + 1, sizeof *s.keys), .n_keys = n_keys};
    *out = NULL;
    *n_out = 0;
    int rc = s.keys ? NL_OK : nl_fail_memory(err);
    for (size_t b = 0; rc == NL_OK && b < n; b++)
        if (batches[b].offset)
            rc = nl_fail(err, NL_UNSUPPORTED, "a batch that begins at an offset");
    for (size_t k = 0; rc == NL_OK && k < n_keys; k++)
        rc = open_key(schema, batches, n, &keys[k], &s.keys[k], err);
    if (rc == NL_OK)
        rc = list_rows(batches, n, out, n_out, err);
    if (rc == NL_OK)
        qsort_r(*out, *n_out, sizeof **out, compare_rows, &s);
    for (size_t k = 0; s.keys && k < n_keys; k++)
        free(s.keys[k].arrays);
    free(s.keys);
    return rc;
}
