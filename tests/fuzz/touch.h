/* touch.h: read every byte that an array promises, and sum up what it says, so that two ways of reading can be compared.
 *
 *     touch_new(schema) ── touch_batch() a batch ──▶ one hash a field, in the order of its values
 *
 * The hashes depend neither on the layout of strings nor on where batches end.
 */
#ifndef TESTS_FUZZ_TOUCH_H
#define TESTS_FUZZ_TOUCH_H

#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"

enum { TOUCH_FIELDS = 512 };

struct touch {
    struct arrow_type types[TOUCH_FIELDS]; /* depth first */
    size_t ends[TOUCH_FIELDS];
    uint64_t hashes[TOUCH_FIELDS];
    size_t n;
};

/* What must hold, in every build; else the place is told, and the input is kept. */
#define touch_must(ok) ((ok) ? (void)0 : touch_fails(#ok, __FILE__, __LINE__))

static inline void touch_fails(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

/* False: more fields than there is room for, or a type that has no reader here. */
static inline bool touch_add(struct touch *t, const struct ArrowSchema *s)
{
    size_t at = t->n;
    if (at == TOUCH_FIELDS || s->dictionary || arrow_type_parse(s->format, &t->types[at], NULL))
        return false;
    t->hashes[at] = 0;
    t->n++;
    for (int64_t i = 0; i < s->n_children; i++)
        if (!touch_add(t, s->children[i]))
            return false;
    t->ends[at] = t->n;
    return t->types[at].kind != ARROW_OTHER && t->types[at].kind != ARROW_FIXED_LIST;
}

static inline void touch_mix(struct touch *t, size_t field, uint64_t v)
{
    t->hashes[field] = (t->hashes[field] ^ v) * 0x9E3779B97F4A7C15u;
    t->hashes[field] ^= t->hashes[field] >> 29;
}

static inline void touch_mix_bytes(struct touch *t, size_t field, const uint8_t *p, size_t len)
{
    touch_mix(t, field, len);
    for (size_t i = 0; i < len; i++)
        touch_mix(t, field, p[i]);
}

static inline void touch_rows(struct touch *t, size_t field, const struct ArrowArray *a, int64_t from, int64_t n);

/* Row i, which is not null. */
static inline void touch_row(struct touch *t, size_t field, const struct ArrowArray *a, int64_t i)
{
    const struct arrow_type *type = &t->types[field];
    size_t len = type->width / 8, child = field + 1;
    const uint8_t *bytes;
    switch (type->kind) {
    case ARROW_BOOL:
        touch_mix(t, field, arrow_bit(a->buffers[1], a->offset + i));
        break;
    case ARROW_STRING:
    case ARROW_BINARY:
    case ARROW_FIXED_BINARY:
        bytes = arrow_bytes_at(a, type, i, &len);
        touch_mix_bytes(t, field, bytes, len);
        break;
    case ARROW_STRUCT:
        for (int64_t k = 0; k < a->n_children; child = t->ends[child], k++)
            touch_rows(t, child, a->children[k], a->offset + i, 1);
        break;
    case ARROW_LIST:
    case ARROW_MAP: {
        const int32_t *offsets = (const int32_t *)a->buffers[1] + a->offset + i;
        touch_mix(t, field, (uint64_t)(offsets[1] - offsets[0]));
        touch_rows(t, child, a->children[0], offsets[0], offsets[1] - offsets[0]);
        break;
    }
    default:
        touch_mix_bytes(t, field, (const uint8_t *)a->buffers[1] + (size_t)(a->offset + i) * len, len);
    }
}

static inline void touch_rows(struct touch *t, size_t field, const struct ArrowArray *a, int64_t from, int64_t n)
{
    touch_must(from >= 0 && n >= 0 && n <= a->length - from);
    for (int64_t i = from; i < from + n; i++)
        if (t->types[field].kind == ARROW_NULL || !arrow_is_valid(a, i))
            touch_mix(t, field, 1);
        else
            touch_row(t, field, a, i);
}

/* Nulls are counted right, and what lies under them is there as well. */
static inline void touch_shape(struct touch *t, size_t field, const struct ArrowArray *a)
{
    const struct arrow_type *type = &t->types[field];
    size_t child = field + 1;
    int64_t nulls = 0;
    for (int64_t i = 0; type->kind != ARROW_NULL && i < a->length; i++)
        nulls += !arrow_is_valid(a, i);
    touch_must(a->null_count < 0 || type->kind == ARROW_NULL || a->null_count == nulls);
    if (type->width >= 8 && a->n_buffers == 2 && a->length)
        touch_mix_bytes(t, TOUCH_FIELDS - 1, a->buffers[1], (size_t)(a->offset + a->length) * (type->width / 8));
    for (int64_t k = 0; k < a->n_children; child = t->ends[child], k++)
        touch_shape(t, child, a->children[k]);
}

/* A batch of the schema that touch_add() was given. */
static inline void touch_batch(struct touch *t, const struct ArrowSchema *s, const struct ArrowArray *a)
{
    touch_must(arrow_array_check_all(a, s, NULL) == NL_OK);
    touch_rows(t, 0, a, 0, a->length);
    touch_shape(t, 0, a);
}

#endif
