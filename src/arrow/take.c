/* take.c: rows by their place, one function a layout.
 *
 *     struct   rows ──▶ validity, and the same rows (moved by the array's offset) of every child
 *     list     rows ──▶ offsets, and the elements of those rows of its child
 *
 * N1  A null has no elements and no bytes, whatever lies under it.
 */
#include "arrow/take.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 64 };

/* One array that is taken from several. */
struct take {
    const struct ArrowSchema *schema;
    struct arrow_type type;
    const struct ArrowArray *const *from;
    size_t n_from;
    const struct arrow_row *rows;
    size_t n;
    unsigned depth;
    struct ArrowArray *out;
};

static int take_any(const struct take *given, nl_error *err);

static bool is_valid(const struct take *t, size_t i)
{
    return arrow_is_valid(t->from[t->rows[i].batch], t->rows[i].row);
}

/* A buffer of zeros. */
static int zeros(size_t size, nl_bytes *out, uint8_t **data, nl_error *err)
{
    nl_block *block;
    int rc = nl_block_new(size, &block, err);
    if (rc)
        return rc;
    *data = nl_block_data(block);
    memset(*data, 0, size);
    *out = nl_bytes_of(block, 0, size);
    nl_block_unref(block);
    return NL_OK;
}

/* Validity of the rows; absent where none is null. */
static int take_validity(const struct take *t, nl_bytes *out, int64_t *nulls, nl_error *err)
{
    uint8_t *bits;
    *nulls = 0;
    for (size_t i = 0; i < t->n; i++)
        *nulls += !is_valid(t, i);
    *out = (nl_bytes){0};
    if (!*nulls)
        return NL_OK;
    int rc = zeros((t->n + 7) / 8, out, &bits, err);
    for (size_t i = 0; rc == NL_OK && i < t->n; i++)
        if (is_valid(t, i))
            bits[i / 8] |= (uint8_t)(1U << (i % 8));
    return rc;
}

static int make(const struct take *t, int64_t nulls, nl_bytes *buffers, size_t n_buffers, struct ArrowArray *children,
                size_t n_children, nl_error *err)
{
    struct arrow_parts parts = {.length = (int64_t)t->n,
                                .null_count = nulls,
                                .buffers = buffers,
                                .n_buffers = n_buffers,
                                .children = children,
                                .n_children = n_children};
    return arrow_array_make(&parts, t->out, err);
}

static int take_bools(const struct take *t, nl_error *err)
{
    nl_bytes buffers[2] = {{0}};
    uint8_t *bits;
    int64_t nulls;
    int rc = take_validity(t, &buffers[0], &nulls, err);
    if (rc == NL_OK)
        rc = zeros((t->n + 7) / 8, &buffers[1], &bits, err);
    for (size_t i = 0; rc == NL_OK && i < t->n; i++) {
        const struct ArrowArray *a = t->from[t->rows[i].batch];
        if (is_valid(t, i) && arrow_bit(a->buffers[1], a->offset + t->rows[i].row))
            bits[i / 8] |= (uint8_t)(1U << (i % 8));
    }
    if (rc == NL_OK)
        return make(t, nulls, buffers, 2, NULL, 0, err);
    nl_bytes_release(&buffers[0]);
    return rc;
}

static int take_fixed(const struct take *t, size_t width, nl_error *err)
{
    nl_bytes buffers[2] = {{0}};
    uint8_t *values;
    int64_t nulls;
    int rc = take_validity(t, &buffers[0], &nulls, err);
    if (rc == NL_OK)
        rc = zeros(t->n * width, &buffers[1], &values, err);
    for (size_t i = 0; rc == NL_OK && i < t->n; i++) {
        const struct ArrowArray *a = t->from[t->rows[i].batch];
        if (is_valid(t, i))
            memcpy(values + i * width, (const uint8_t *)a->buffers[1] + (size_t)(a->offset + t->rows[i].row) * width,
                   width);
    }
    if (rc == NL_OK)
        return make(t, nulls, buffers, 2, NULL, 0, err);
    nl_bytes_release(&buffers[0]);
    return rc;
}

/* Offset i of a buffer of 32 or 64 bits. */
static void put_offset(uint8_t *offsets, size_t i, bool wide, uint64_t v)
{
    memcpy(offsets + i * (wide ? 8 : 4), &v, wide ? 8 : 4);
}

static int check_total(uint64_t total, bool wide, nl_error *err)
{
    if (!wide && total > INT32_MAX)
        return nl_fail(err, NL_UNSUPPORTED, "%llu bytes or elements in one array with 32-bit offsets",
                       (unsigned long long)total);
    return NL_OK;
}

/* Strings and binary with offsets: the lengths first, then the bytes. */
static int take_bytes(const struct take *t, nl_error *err)
{
    bool wide = t->type.layout == ARROW_OFFSETS64;
    nl_bytes buffers[3] = {{0}};
    uint8_t *offsets, *data;
    uint64_t total = 0;
    int64_t nulls;
    size_t len;
    int rc = take_validity(t, &buffers[0], &nulls, err);
    if (rc == NL_OK)
        rc = zeros((t->n + 1) * (wide ? 8 : 4), &buffers[1], &offsets, err);
    for (size_t i = 0; rc == NL_OK && i < t->n; i++) {
        len = 0;
        if (is_valid(t, i))
            arrow_bytes_at(t->from[t->rows[i].batch], &t->type, t->rows[i].row, &len);
        total += len;
        put_offset(offsets, i + 1, wide, total);
    }
    if (rc == NL_OK)
        rc = check_total(total, wide, err);
    if (rc == NL_OK)
        rc = zeros((size_t)total, &buffers[2], &data, err);
    if (rc == NL_OK) {
        for (size_t i = 0; i < t->n; i++) {
            if (!is_valid(t, i))
                continue;
            const uint8_t *from = arrow_bytes_at(t->from[t->rows[i].batch], &t->type, t->rows[i].row, &len);
            memcpy(data, from, len);
            data += len;
        }
        return make(t, nulls, buffers, 3, NULL, 0, err);
    }
    nl_bytes_release(&buffers[0]);
    nl_bytes_release(&buffers[1]);
    return rc;
}

/* ── nested ── */

/* NOLINTBEGIN(misc-no-recursion): DEEPEST ends it */

/* The rows of child k of every array, as `rows` says. */
static int take_child(const struct take *t, size_t k, const struct arrow_row *rows, size_t n, struct ArrowArray *out,
                      nl_error *err)
{
    const struct ArrowArray **from = calloc(t->n_from + 1, sizeof *from);
    if (!from)
        return nl_fail_memory(err);
    for (size_t i = 0; i < t->n_from; i++)
        from[i] = t->from[i]->children[k];
    struct take child = {.schema = t->schema->children[k],
                         .from = from,
                         .n_from = t->n_from,
                         .rows = rows,
                         .n = n,
                         .depth = t->depth + 1,
                         .out = out};
    int rc = take_any(&child, err);
    free(from);
    return rc;
}

static int take_struct(const struct take *t, nl_error *err)
{
    size_t n_children = (size_t)t->schema->n_children;
    nl_bytes buffers[1] = {{0}};
    int64_t nulls = 0;
    struct ArrowArray *children = calloc(n_children + 1, sizeof *children);
    struct arrow_row *rows = malloc((t->n + 1) * sizeof *rows);
    int rc = children && rows ? take_validity(t, &buffers[0], &nulls, err) : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && rows && i < t->n; i++)
        rows[i] = (struct arrow_row){t->rows[i].batch, t->from[t->rows[i].batch]->offset + t->rows[i].row};
    for (size_t k = 0; rc == NL_OK && k < n_children; k++)
        rc = take_child(t, k, rows, t->n, &children[k], err);
    if (rc == NL_OK) {
        rc = make(t, nulls, buffers, 1, children, n_children, err);
    } else {
        nl_bytes_release(&buffers[0]);
        for (size_t k = 0; children && k < n_children; k++)
            arrow_array_release(&children[k]);
    }
    free(rows);
    free(children);
    return rc;
}

/* The elements of a row: from *first on, how many. */
static int64_t elements_of(const struct take *t, size_t i, bool wide, int64_t *first)
{
    const struct ArrowArray *a = t->from[t->rows[i].batch];
    int64_t at = a->offset + t->rows[i].row;
    *first = 0;
    if (!is_valid(t, i))
        return 0;
    if (wide) {
        const int64_t *offsets = a->buffers[1];
        *first = offsets[at];
        return offsets[at + 1] - offsets[at];
    }
    const int32_t *offsets = a->buffers[1];
    *first = offsets[at];
    return offsets[at + 1] - offsets[at];
}

/* The rows of the child that all lists' elements are, and the offsets that they get. */
static int list_rows(const struct take *t, bool wide, uint8_t *offsets, struct arrow_row **out, size_t *n,
                     nl_error *err)
{
    uint64_t total = 0;
    int64_t first;
    for (size_t i = 0; i < t->n; i++) {
        total += (uint64_t)elements_of(t, i, wide, &first);
        put_offset(offsets, i + 1, wide, total);
    }
    int rc = check_total(total, wide, err);
    if (rc)
        return rc;
    struct arrow_row *rows = total < SIZE_MAX / sizeof *rows ? malloc((total + 1) * sizeof *rows) : NULL;
    if (!rows)
        return nl_fail_memory(err);
    size_t k = 0;
    for (size_t i = 0; i < t->n; i++) {
        int64_t count = elements_of(t, i, wide, &first);
        for (int64_t e = 0; e < count; e++)
            rows[k++] = (struct arrow_row){t->rows[i].batch, first + e};
    }
    *out = rows;
    *n = k;
    return NL_OK;
}

static int take_list(const struct take *t, nl_error *err)
{
    bool wide = t->schema->format[1] == 'L';
    nl_bytes buffers[2] = {{0}};
    struct ArrowArray child = {0};
    struct arrow_row *rows = NULL;
    uint8_t *offsets;
    size_t n = 0;
    int64_t nulls;
    int rc = take_validity(t, &buffers[0], &nulls, err);
    if (rc == NL_OK)
        rc = zeros((t->n + 1) * (wide ? 8 : 4), &buffers[1], &offsets, err);
    if (rc == NL_OK)
        rc = list_rows(t, wide, offsets, &rows, &n, err);
    if (rc == NL_OK)
        rc = take_child(t, 0, rows, n, &child, err);
    free(rows);
    if (rc == NL_OK)
        return make(t, nulls, buffers, 2, &child, 1, err);
    nl_bytes_release(&buffers[0]);
    nl_bytes_release(&buffers[1]);
    return rc;
}

static int take_fixed_list(const struct take *t, nl_error *err)
{
    size_t size = (size_t)t->type.list_size, k = 0;
    nl_bytes buffers[1] = {{0}};
    struct ArrowArray child = {0};
    int64_t nulls = 0;
    if (size && t->n > (SIZE_MAX / sizeof(struct arrow_row) - 1) / size)
        return nl_fail_memory(err);
    struct arrow_row *rows = malloc((t->n * size + 1) * sizeof *rows);
    int rc = rows ? take_validity(t, &buffers[0], &nulls, err) : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && rows && i < t->n; i++)
        for (size_t e = 0; e < size; e++, k++)
            rows[k] =
                (struct arrow_row){t->rows[i].batch,
                                   (t->from[t->rows[i].batch]->offset + t->rows[i].row) * (int64_t)size + (int64_t)e};
    if (rc == NL_OK)
        rc = take_child(t, 0, rows, k, &child, err);
    free(rows);
    if (rc == NL_OK)
        return make(t, nulls, buffers, 1, &child, 1, err);
    nl_bytes_release(&buffers[0]);
    return rc;
}

/* Recursion is at most DEEPEST deep. */
static int take_any(const struct take *given, nl_error *err)
{
    struct take t = *given;
    int rc = arrow_type_parse(t.schema->format, &t.type, err);
    if (rc)
        return rc;
    if (t.schema->dictionary || t.depth > DEEPEST)
        return nl_fail(err, NL_UNSUPPORTED, t.schema->dictionary ? "rows of dictionary arrays" : "a type too deep");
    switch (t.type.kind) {
    case ARROW_NULL:
        return make(&t, (int64_t)t.n, NULL, 0, NULL, 0, err);
    case ARROW_BOOL:
        return take_bools(&t, err);
    case ARROW_STRING:
    case ARROW_BINARY:
        if (t.type.layout == ARROW_VIEW)
            break;
        return take_bytes(&t, err);
    case ARROW_FIXED_BINARY:
        return take_fixed(&t, (size_t)t.type.byte_width, err);
    case ARROW_STRUCT:
        return take_struct(&t, err);
    case ARROW_LIST:
    case ARROW_MAP:
        return take_list(&t, err);
    case ARROW_FIXED_LIST:
        return take_fixed_list(&t, err);
    case ARROW_OTHER:
        break;
    default:
        return take_fixed(&t, t.type.width / 8, err);
    }
    return nl_fail(err, NL_UNSUPPORTED, "rows of a column of format '%s'", t.schema->format);
}

/* NOLINTEND(misc-no-recursion) */

int arrow_take(const struct ArrowSchema *schema, const struct ArrowArray *const *batches, size_t n_batches,
               const struct arrow_row *rows, size_t n, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    struct take t = {.schema = schema, .from = batches, .n_from = n_batches, .rows = rows, .n = n, .out = out};
    return take_any(&t, err);
}

/* ── sizes ── */

/* NOLINTNEXTLINE(misc-no-recursion): DEEPEST ends it */
static uint64_t bytes_at(const struct ArrowSchema *schema, const struct ArrowArray *a, unsigned depth)
{
    struct arrow_type t;
    uint64_t length = (uint64_t)a->length, bytes = length / 8;
    if (depth > DEEPEST || arrow_type_parse(schema->format, &t, NULL))
        return 0;
    if (t.kind == ARROW_STRING || t.kind == ARROW_BINARY) {
        size_t len;
        for (int64_t i = 0; i < a->length; i++) {
            if (arrow_is_valid(a, i))
                arrow_bytes_at(a, &t, i, &len);
            else
                len = 0;
            bytes += len + 8;
        }
        return bytes;
    }
    bytes += t.kind == ARROW_FIXED_BINARY ? length * (uint64_t)t.byte_width : length * t.width / 8;
    if (t.kind == ARROW_LIST || t.kind == ARROW_MAP)
        bytes += 4 * length;
    for (int64_t k = 0; k < schema->n_children && k < a->n_children; k++)
        bytes += bytes_at(schema->children[k], a->children[k], depth + 1);
    return bytes;
}

uint64_t arrow_bytes_of(const struct ArrowSchema *schema, const struct ArrowArray *a)
{
    return bytes_at(schema, a, 0);
}
