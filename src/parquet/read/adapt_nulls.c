/* adapt_nulls.c: columns that a file lacks: nulls of any type. */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/read/adapt.h"
#include "parquet/read/schema.h"

/* Bytes of the largest buffer of rows nulls; 0: there is none. */
static bool bytes_of_nulls(const struct arrow_type *t, size_t rows, size_t *out)
{
    size_t each = t->width / 8U;
    if (t->kind == ARROW_STRING || t->kind == ARROW_BINARY || t->kind == ARROW_LIST || t->kind == ARROW_MAP)
        each = 16; /* a view, or less */
    else if (t->kind == ARROW_FIXED_BINARY)
        each = (size_t)t->byte_width;
    return !__builtin_mul_overflow(rows + 1, each ? each : 1, out);
}

/* Buffers of an array of nulls; views have no data. */
static size_t buffers_of(const struct arrow_type *t)
{
    switch (t->kind) {
    case ARROW_NULL:
        return 0;
    case ARROW_STRUCT:
    case ARROW_FIXED_LIST:
        return 1;
    case ARROW_STRING:
    case ARROW_BINARY:
        return 3;
    default:
        return 2;
    }
}

/* NOLINTBEGIN(misc-no-recursion): PQ_MAX_DEPTH bounds it (A4) */

static int make_nulls(const struct ArrowSchema *s, size_t rows, int depth, struct ArrowArray *out, nl_error *err);

/* The children of an array of nulls. On failure none is left. */
static int null_children(const struct ArrowSchema *s, const struct arrow_type *t, size_t rows, int depth,
                         struct ArrowArray **out, nl_error *err)
{
    size_t n = (size_t)s->n_children, below = t->kind == ARROW_STRUCT ? rows : 0, made = 0;
    if (t->kind == ARROW_FIXED_LIST && __builtin_mul_overflow(rows, (size_t)t->list_size, &below))
        return nl_fail_memory(err);
    *out = calloc(n + 1, sizeof **out);
    int rc = *out ? NL_OK : nl_fail_memory(err);
    for (; made < n && !rc; made++)
        rc = make_nulls(s->children[made], below, depth + 1, &(*out)[made], err);
    if (!rc)
        return NL_OK;
    for (size_t i = 0; *out && i < made; i++)
        arrow_array_release(&(*out)[i]);
    free(*out);
    *out = NULL;
    return rc;
}

/* One block of zeros is all buffers: bits that say null, offsets that stay where they are, views of no length. */
static int make_nulls(const struct ArrowSchema *s, size_t rows, int depth, struct ArrowArray *out, nl_error *err)
{
    struct arrow_type t;
    struct ArrowArray *children = NULL;
    nl_bytes buffers[3] = {{0}};
    nl_block *zeros = NULL;
    size_t bytes;
    *out = (struct ArrowArray){0};
    if (depth > PQ_MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "nulls nested deeper than %d levels", PQ_MAX_DEPTH);
    int rc = arrow_type_parse(s->format, &t, err);
    if (!rc && (s->dictionary || t.kind == ARROW_OTHER))
        rc = nl_fail(err, NL_UNSUPPORTED, "nulls of an Arrow type that Neuralake does not make (%s)", s->format);
    if (!rc && !bytes_of_nulls(&t, rows, &bytes))
        rc = nl_fail_memory(err);
    if (!rc)
        rc = null_children(s, &t, rows, depth, &children, err);
    if (rc)
        return rc;
    rc = nl_block_new(bytes, &zeros, err);
    struct arrow_parts parts = {.length = (int64_t)rows,
                                .null_count = (int64_t)rows,
                                .buffers = buffers,
                                .n_buffers = rc ? 0 : buffers_of(&t),
                                .children = children,
                                .n_children = (size_t)s->n_children};
    if (!rc)
        memset(nl_block_data(zeros), 0, bytes);
    for (size_t i = 0; i < parts.n_buffers; i++)
        buffers[i] = nl_bytes_of(zeros, 0, bytes);
    if (!rc)
        rc = arrow_array_make(&parts, out, err);
    else
        for (int64_t i = 0; i < s->n_children; i++)
            arrow_array_release(&children[i]);
    nl_block_unref(zeros);
    free(children);
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

int pq_adapt_nulls(const struct ArrowSchema *type, int64_t rows, struct ArrowArray *out, nl_error *err)
{
    return make_nulls(type, (size_t)rows, 0, out, err);
}
