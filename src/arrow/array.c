/* array.c: arrays of our own making, and reading anybody's.
 *
 *     owner  one allocation │ struct │ void *buffers[] │ nl_bytes[] │ ArrowArray *pointers[] │ ArrowArray[] │ nl_block *[] │
 *
 * The array's private_data is the owner; its release gives back every buffer's reference, the children that were not moved
 * out, and the extra blocks.
 */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"

struct array_owner {
    size_t n_buffers, n_children, n_extra;
    const void **buffers;
    nl_bytes *bytes;
    struct ArrowArray **pointers;
    struct ArrowArray *children;
    nl_block **extra;
};

void arrow_array_release(struct ArrowArray *a)
{
    if (a && a->release)
        a->release(a);
}

void arrow_array_move(struct ArrowArray *from, struct ArrowArray *to)
{
    *to = *from;
    from->release = NULL;
}

static void release_parts(nl_bytes *buffers, size_t n_buffers, struct ArrowArray *children, size_t n_children,
                          nl_block **extra, size_t n_extra)
{
    for (size_t i = 0; i < n_buffers; i++)
        nl_bytes_release(&buffers[i]);
    for (size_t i = 0; i < n_children; i++)
        arrow_array_release(&children[i]);
    for (size_t i = 0; i < n_extra; i++) {
        nl_block_unref(extra[i]);
        extra[i] = NULL;
    }
}

static void release_owned(struct ArrowArray *a)
{
    struct array_owner *o = a->private_data;
    release_parts(o->bytes, o->n_buffers, o->children, o->n_children, o->extra, o->n_extra);
    free(o);
    *a = (struct ArrowArray){0};
}

/* An owner with room for what p has; its tables lie behind it. All their elements are multiples of a pointer's size. */
static struct array_owner *make_owner(const struct arrow_parts *p)
{
    size_t bytes = sizeof(struct array_owner) + p->n_buffers * (sizeof(void *) + sizeof(nl_bytes)) +
                   p->n_children * (sizeof(struct ArrowArray *) + sizeof(struct ArrowArray)) +
                   p->n_extra * sizeof(nl_block *);
    struct array_owner *o = calloc(1, bytes);
    if (!o)
        return NULL;
    o->n_buffers = p->n_buffers;
    o->n_children = p->n_children;
    o->n_extra = p->n_extra;
    o->buffers = (const void **)(o + 1);
    o->bytes = (nl_bytes *)(o->buffers + p->n_buffers);
    o->pointers = (struct ArrowArray **)(o->bytes + p->n_buffers);
    o->children = (struct ArrowArray *)(o->pointers + p->n_children);
    o->extra = (nl_block **)(o->children + p->n_children);
    return o;
}

int arrow_array_make(struct arrow_parts *p, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    struct array_owner *o = make_owner(p);
    if (!o) {
        release_parts(p->buffers, p->n_buffers, p->children, p->n_children, p->extra, p->n_extra);
        return nl_fail_memory(err);
    }
    for (size_t i = 0; i < p->n_buffers; i++) {
        o->buffers[i] = p->buffers[i].data;
        o->bytes[i] = p->buffers[i];
        p->buffers[i] = (nl_bytes){0};
    }
    for (size_t i = 0; i < p->n_children; i++) {
        arrow_array_move(&p->children[i], &o->children[i]);
        o->pointers[i] = &o->children[i];
    }
    for (size_t i = 0; i < p->n_extra; i++) {
        o->extra[i] = p->extra[i];
        p->extra[i] = NULL;
    }
    *out = (struct ArrowArray){
        .length = p->length,
        .null_count = p->null_count,
        .offset = p->offset,
        .n_buffers = (int64_t)p->n_buffers,
        .n_children = (int64_t)p->n_children,
        .buffers = o->buffers,
        .children = p->n_children ? o->pointers : NULL,
        .release = release_owned,
        .private_data = o,
    };
    return NL_OK;
}

int arrow_batch_make(struct ArrowArray *columns, size_t n, int64_t length, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    for (size_t i = 0; i < n; i++)
        if (columns[i].length != length) {
            int rc = nl_fail(err, NL_INVALID, "column %zu has %lld rows, the batch %lld", i,
                             (long long)columns[i].length, (long long)length);
            release_parts(NULL, 0, columns, n, NULL, 0);
            return rc;
        }
    nl_bytes no_validity = {0};
    struct arrow_parts parts = {
        .length = length, .buffers = &no_validity, .n_buffers = 1, .children = columns, .n_children = n};
    return arrow_array_make(&parts, out, err);
}

bool arrow_is_valid(const struct ArrowArray *a, int64_t i)
{
    if (a->n_buffers == 0) /* the null type has none */
        return false;
    const uint8_t *bits = a->buffers[0];
    return a->null_count == 0 || !bits || arrow_bit(bits, a->offset + i);
}

/* A view's bytes: inside it up to 12, else in a data buffer. */
static const uint8_t *view_bytes(const struct ArrowArray *a, int64_t at, size_t *len)
{
    const uint8_t *view = (const uint8_t *)a->buffers[1] + at * 16;
    int32_t n, buffer, offset;
    memcpy(&n, view, 4);
    *len = (size_t)n;
    if (n <= 12)
        return view + 4;
    memcpy(&buffer, view + 8, 4);
    memcpy(&offset, view + 12, 4);
    return (const uint8_t *)a->buffers[2 + buffer] + offset;
}

const uint8_t *arrow_bytes_at(const struct ArrowArray *a, const struct arrow_type *t, int64_t i, size_t *len)
{
    int64_t at = a->offset + i;
    if (t->kind == ARROW_FIXED_BINARY) {
        *len = (size_t)t->byte_width;
        return (const uint8_t *)a->buffers[1] + at * t->byte_width;
    }
    if (t->layout == ARROW_VIEW)
        return view_bytes(a, at, len);
    int64_t start, end;
    if (t->layout == ARROW_OFFSETS32) {
        const int32_t *offsets = a->buffers[1];
        start = offsets[at];
        end = offsets[at + 1];
    } else {
        const int64_t *offsets = a->buffers[1];
        start = offsets[at];
        end = offsets[at + 1];
    }
    *len = (size_t)(end - start);
    return *len ? (const uint8_t *)a->buffers[2] + start : (const uint8_t *)"";
}
