/* adapt_batch.c: carry a plan out.
 *
 *     derived   struct ArrowArray │ the array it was made of │ new blocks │ children          released together
 *
 * A derived array has the length, the offset and the validity of the one that it was made of, so that only what changes is
 * made anew: the values, or the list of children.
 */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/read/adapt_plan.h"

struct derived {
    struct ArrowArray from; /* without the children that moved on */
    nl_block *blocks[2];
    size_t n_children;
    struct ArrowArray *children, **pointers;
    const void **buffers;
};

static void release_derived(struct ArrowArray *a)
{
    struct derived *d = a->private_data;
    for (size_t i = 0; i < d->n_children; i++)
        arrow_array_release(d->pointers[i]);
    arrow_array_release(&d->from);
    nl_block_unref(d->blocks[0]);
    nl_block_unref(d->blocks[1]);
    free(d->children);
    free(d->pointers);
    free(d->buffers);
    free(d);
    *a = (struct ArrowArray){0};
}

/* An array around from (moved in, also when this fails) with its first n_buffers, as far as it has them, and n_children yet to be
 * filled. */
static int derive(struct ArrowArray *from, size_t n_buffers, size_t n_children, struct ArrowArray *out, nl_error *err)
{
    struct derived *d = calloc(1, sizeof *d);
    if (!d) {
        arrow_array_release(from);
        return nl_fail_memory(err);
    }
    arrow_array_move(from, &d->from);
    *out = (struct ArrowArray){.length = d->from.length,
                               .null_count = d->from.null_count,
                               .offset = d->from.offset,
                               .release = release_derived,
                               .private_data = d};
    d->children = calloc(n_children + 1, sizeof *d->children);
    d->pointers = calloc(n_children + 1, sizeof *d->pointers);
    d->buffers = calloc(n_buffers + 1, sizeof *d->buffers);
    if (!d->children || !d->pointers || !d->buffers) {
        arrow_array_release(out);
        return nl_fail_memory(err);
    }
    for (size_t i = 0; i < n_children; i++)
        d->pointers[i] = &d->children[i];
    for (size_t i = 0; i < n_buffers && (int64_t)i < d->from.n_buffers; i++)
        d->buffers[i] = d->from.buffers[i];
    d->n_children = n_children;
    out->n_children = (int64_t)n_children;
    out->children = n_children ? d->pointers : NULL;
    out->n_buffers = (int64_t)n_buffers;
    out->buffers = d->buffers;
    return NL_OK;
}

/* Room for n items of the derived array, which keeps it. */
static int room(struct derived *d, int which, int64_t n, size_t item, void **out, nl_error *err)
{
    size_t bytes;
    if (__builtin_mul_overflow((size_t)n, item, &bytes))
        return nl_fail_memory(err);
    int rc = nl_block_new(bytes, &d->blocks[which], err);
    if (!rc)
        *out = nl_block_data(d->blocks[which]);
    return rc;
}

/* ── values ── */

/* Some value did not come through: is it one that counts? (A3) */
static int check_values(const struct pq_adapt *plan, const struct ArrowArray *a, nl_error *err)
{
    char type[64];
    for (int64_t i = 0; i < a->length; i++)
        if (arrow_is_valid(a, i) && pq_widening_fails(&plan->widening, a->buffers[1], a->offset + i))
            return nl_fail(err, NL_INVALID, "column %s: a value is out of the range of %s (row %lld of its batch)",
                           plan->path, arrow_type_sql(&plan->to, type), (long long)i);
    return NL_OK;
}

static int widen(const struct pq_adapt *plan, struct ArrowArray *a, struct ArrowArray *out, nl_error *err)
{
    void *to = NULL;
    int rc = derive(a, 2, 0, out, err);
    if (rc)
        return rc;
    struct derived *d = out->private_data;
    const struct pq_widening *w = &plan->widening;
    size_t first = (size_t)out->offset;
    rc = room(d, 0, out->offset + out->length, w->to_width, &to, err);
    if (!rc && out->length &&
        !w->run((const uint8_t *)d->from.buffers[1] + first * w->from_width, (uint8_t *)to + first * w->to_width,
                (size_t)out->length, w))
        rc = check_values(plan, &d->from, err);
    if (rc)
        arrow_array_release(out);
    else
        d->buffers[1] = to;
    return rc;
}

/* ── strings ── */

/* Where string i begins (its end is where i + 1 does); not for views. */
static int64_t start_of(const struct arrow_type *t, const struct ArrowArray *a, int64_t i)
{
    if (t->kind == ARROW_FIXED_BINARY)
        return i * t->byte_width;
    return t->layout == ARROW_OFFSETS64 ? ((const int64_t *)a->buffers[1])[i] : ((const int32_t *)a->buffers[1])[i];
}

static int too_long(const struct pq_adapt *plan, nl_error *err)
{
    return nl_fail(err, NL_UNSUPPORTED, "column %s: strings of 2 GiB and more in one batch", plan->path);
}

/* Views reach 2 GiB into a buffer: larger data is several, one a GiB, each as long as it may be. */
#define VIEW_REACH_BITS 30

static void put_view(uint8_t *to, const uint8_t *data, int64_t start, int64_t len)
{
    int32_t words[4] = {(int32_t)len};
    if (len <= 12) {
        if (len)
            memcpy(words + 1, data + start, (size_t)len);
    } else {
        memcpy(words + 1, data + start, 4);
        words[2] = (int32_t)(start >> VIEW_REACH_BITS);
        words[3] = (int32_t)(start & ((1 << VIEW_REACH_BITS) - 1));
    }
    memcpy(to, words, sizeof words);
}

/* Offsets or fixed binary as views into the same bytes. */
static int to_views(const struct pq_adapt *plan, struct ArrowArray *a, struct ArrowArray *out, nl_error *err)
{
    int64_t end = a->offset + a->length, total = a->length ? start_of(&plan->from, a, end) : 0, *sizes;
    size_t n = (size_t)(total >> VIEW_REACH_BITS) + 1;
    const uint8_t *data = a->buffers[plan->from.kind == ARROW_FIXED_BINARY ? 1 : 2];
    void *views = NULL, *lengths = NULL;
    int rc = derive(a, n + 3, 0, out, err);
    if (rc)
        return rc;
    struct derived *d = out->private_data;
    rc = room(d, 0, end, 16, &views, err);
    if (!rc)
        rc = room(d, 1, (int64_t)n, sizeof *sizes, &lengths, err);
    for (int64_t i = out->offset; i < end && !rc; i++) {
        int64_t start = start_of(&plan->from, &d->from, i), len = start_of(&plan->from, &d->from, i + 1) - start;
        if (len > INT32_MAX)
            rc = too_long(plan, err);
        else
            put_view((uint8_t *)views + i * 16, data, start, len);
    }
    if (rc) {
        arrow_array_release(out);
        return rc;
    }
    sizes = lengths;
    for (size_t i = 0; i < n; i++) {
        d->buffers[2 + i] = data ? data + (i << VIEW_REACH_BITS) : (const uint8_t *)"";
        sizes[i] = total - (int64_t)(i << VIEW_REACH_BITS);
    }
    d->buffers[1] = views;
    d->buffers[2 + n] = sizes;
    return NL_OK;
}

/* Offset i of 32 or 64 bits. */
static void put_offset(void *offsets, bool wide, int64_t i, int64_t at)
{
    if (wide)
        ((int64_t *)offsets)[i] = at;
    else
        ((int32_t *)offsets)[i] = (int32_t)at;
}

/* Offsets of another width, or of fixed binary, over the same bytes. */
static int to_offsets(const struct pq_adapt *plan, struct ArrowArray *a, struct ArrowArray *out, nl_error *err)
{
    bool wide = plan->to.layout == ARROW_OFFSETS64;
    int64_t end = a->offset + a->length;
    void *offsets = NULL;
    int rc = derive(a, 3, 0, out, err);
    if (rc)
        return rc;
    struct derived *d = out->private_data;
    if (out->length && !wide && start_of(&plan->from, &d->from, end) > INT32_MAX)
        rc = too_long(plan, err);
    if (!rc)
        rc = room(d, 0, end + 1, wide ? 8 : 4, &offsets, err);
    if (rc) {
        arrow_array_release(out);
        return rc;
    }
    for (int64_t i = out->offset; i <= end; i++)
        put_offset(offsets, wide, i, out->length ? start_of(&plan->from, &d->from, i) : 0);
    d->buffers[2] = d->from.buffers[plan->from.kind == ARROW_FIXED_BINARY ? 1 : 2];
    d->buffers[1] = offsets;
    return NL_OK;
}

/* The length of row i of an array of views; nothing where it is null. */
static int64_t view_length(const struct ArrowArray *a, const struct arrow_type *t, int64_t i, const uint8_t **bytes)
{
    size_t len = 0;
    *bytes = arrow_is_valid(a, i) ? arrow_bytes_at(a, t, i, &len) : NULL;
    return (int64_t)len;
}

/* Views into one buffer: the only strings that are copied. */
static int gather_views(const struct pq_adapt *plan, struct ArrowArray *a, struct ArrowArray *out, nl_error *err)
{
    bool wide = plan->to.layout == ARROW_OFFSETS64;
    int64_t total = 0, at = 0;
    const uint8_t *bytes;
    void *offsets = NULL, *data = NULL;
    for (int64_t i = 0; i < a->length; i++)
        total += view_length(a, &plan->from, i, &bytes);
    int rc = derive(a, 3, 0, out, err);
    if (rc)
        return rc;
    struct derived *d = out->private_data;
    if (!wide && total > INT32_MAX)
        rc = too_long(plan, err);
    if (!rc)
        rc = room(d, 0, out->offset + out->length + 1, wide ? 8 : 4, &offsets, err);
    if (!rc)
        rc = room(d, 1, total, 1, &data, err);
    if (rc) {
        arrow_array_release(out);
        return rc;
    }
    put_offset(offsets, wide, out->offset, 0);
    for (int64_t i = 0; i < out->length; i++) {
        int64_t len = view_length(&d->from, &plan->from, i, &bytes);
        if (len)
            memcpy((uint8_t *)data + at, bytes, (size_t)len);
        at += len;
        put_offset(offsets, wide, out->offset + i + 1, at);
    }
    d->buffers[1] = offsets;
    d->buffers[2] = data;
    return NL_OK;
}

static int convert_strings(const struct pq_adapt *plan, struct ArrowArray *a, struct ArrowArray *out, nl_error *err)
{
    if (plan->from.kind != ARROW_FIXED_BINARY && plan->from.layout == ARROW_VIEW)
        return gather_views(plan, a, out, err);
    return plan->to.layout == ARROW_VIEW ? to_views(plan, a, out, err) : to_offsets(plan, a, out, err);
}

/* ── the whole ── */

static int check_not_null(const struct pq_adapt *plan, const struct ArrowArray *a, nl_error *err)
{
    for (int64_t i = 0; a->null_count && i < a->length; i++)
        if (!arrow_is_valid(a, i))
            return nl_fail(err, NL_INVALID, "column %s must not be null, and is (row %lld of its batch)", plan->path,
                           (long long)i);
    return NL_OK;
}

/* NOLINTBEGIN(misc-no-recursion): PQ_MAX_DEPTH bounds it (A4) */

static int convert(const struct pq_adapt *plan, struct ArrowArray *a, struct ArrowArray *out, nl_error *err);

static int convert_nested(const struct pq_adapt *plan, struct ArrowArray *a, struct ArrowArray *out, nl_error *err)
{
    if (a->n_children != (int64_t)plan->n_from) {
        arrow_array_release(a);
        return nl_fail(err, NL_INVALID, "column %s: an array of another shape than its schema", plan->path);
    }
    int rc = derive(a, (size_t)a->n_buffers, plan->n, out, err);
    if (rc)
        return rc;
    struct derived *d = out->private_data;
    for (size_t i = 0; i < plan->n && !rc; i++) {
        const struct pq_adapt *child = plan->children[i];
        if (plan->map[i] < 0)
            rc = pq_adapt_nulls(child->schema, out->offset + out->length, &d->children[i], err);
        else
            rc = convert(child, d->from.children[plan->map[i]], &d->children[i], err);
    }
    if (rc)
        arrow_array_release(out);
    return rc;
}

static int convert(const struct pq_adapt *plan, struct ArrowArray *a, struct ArrowArray *out, nl_error *err)
{
    int64_t rows = a->offset + a->length;
    int rc = plan->must_not_be_null ? check_not_null(plan, a, err) : NL_OK;
    if (rc) {
        arrow_array_release(a);
        return rc;
    }
    switch (plan->step) {
    case PQ_ADAPT_NULLS: /* of another type: the null type has no buffers to keep */
        arrow_array_release(a);
        return pq_adapt_nulls(plan->schema, rows, out, err);
    case PQ_ADAPT_WIDEN:
        return widen(plan, a, out, err);
    case PQ_ADAPT_STRINGS:
        return convert_strings(plan, a, out, err);
    case PQ_ADAPT_NESTED:
        return convert_nested(plan, a, out, err);
    default:
        arrow_array_move(a, out);
        return NL_OK;
    }
}

/* NOLINTEND(misc-no-recursion) */

int pq_adapt_batch(const struct pq_adapt *plan, struct ArrowArray *batch, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    return convert(plan, batch, out, err);
}
