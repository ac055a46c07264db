/* shred.c: see shred.h. */
#include "parquet/write/shred.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/write/gather.h"

/* ── memory ── */

static void entries_free(struct pq_entries *e)
{
    free(e->repetition);
    free(e->definition);
    free(e->row);
    *e = (struct pq_entries){0};
}

void pq_levels_free(struct pq_levels *l)
{
    entries_free(&l->now);
    entries_free(&l->next);
}

/* Room for n entries in all. Sizes grow by doubling; what was there stays. */
static int reserve(struct pq_entries *e, size_t n, nl_error *err)
{
    if (n <= e->cap)
        return NL_OK;
    size_t cap = n < 1024 ? 1024 : n + n / 2;
    uint8_t *repetition = realloc(e->repetition, cap);
    e->repetition = repetition ? repetition : e->repetition;
    uint8_t *definition = repetition ? realloc(e->definition, cap) : NULL;
    e->definition = definition ? definition : e->definition;
    int64_t *row = definition ? realloc(e->row, cap * sizeof(*row)) : NULL;
    if (!row)
        return nl_fail_memory(err);
    e->row = row;
    e->cap = cap;
    return NL_OK;
}

/* ── steps ── */

/* One step of the way, while it is taken. */
struct stride {
    const struct pq_step *step;
    const struct ArrowArray *array, *child;
    const uint8_t *validity; /* NULL: no nulls */
    uint8_t definition;      /* of what is above: an entry that ends at a null has this one */
    uint8_t repetition;      /* lists: of all but the first of their values */
    size_t most;             /* entries; above it the step is given up */
};

static inline bool is_null(const struct stride *s, int64_t row)
{
    return s->validity && !pq_bit(s->validity, (size_t)(row + s->array->offset));
}

static int null_in_required(nl_error *err)
{
    return nl_fail(err, NL_INVALID, "a null where the schema allows none");
}

/* *at: the entry that failed. */
static int step_struct(const struct stride *s, struct pq_levels *l, size_t *at, nl_error *err)
{
    int64_t offset = s->array->offset;
    for (size_t i = 0; i < l->n; i++) {
        if (l->now.row[i] < 0)
            continue;
        if (!is_null(s, l->now.row[i])) {
            l->now.row[i] += offset;
            continue;
        }
        *at = i;
        if (!s->step->nullable)
            return null_in_required(err);
        l->now.row[i] = -1;
        l->now.definition[i] = s->definition;
    }
    return NL_OK;
}

static inline int64_t number(const void *p, int64_t i, bool large)
{
    int64_t wide;
    int32_t small;
    if (large)
        memcpy(&wide, (const uint8_t *)p + i * 8, 8);
    else
        memcpy(&small, (const uint8_t *)p + i * 4, 4), wide = small;
    return wide;
}

/* Where the values of a list lie in the child. False: outside of it (S1). */
static inline bool list_range(const struct stride *s, int64_t row, int64_t *from, int64_t *n)
{
    const struct ArrowArray *a = s->array;
    row += a->offset;
    if (s->step->kind == PQ_STEP_FIXED_LIST) {
        *n = s->step->list_size;
        return !__builtin_mul_overflow(row, *n, from) && *from <= s->child->length - *n;
    }
    *from = number(a->buffers[1], row, s->step->large);
    *n = s->step->kind == PQ_STEP_LIST ? number(a->buffers[1], row + 1, s->step->large) - *from
                                       : number(a->buffers[2], row, s->step->large);
    return *from >= 0 && *n >= 0 && *from <= s->child->length && *n <= s->child->length - *from;
}

/* Append one entry, for which there is room. */
static inline void put(struct pq_entries *e, size_t i, uint8_t repetition, uint8_t definition, int64_t row)
{
    e->repetition[i] = repetition;
    e->definition[i] = definition;
    e->row[i] = row;
}

/* Entry i of a list's level: what it becomes is appended to l->next at *n. *full: more than s->most. */
static int step_one_list(const struct stride *s, struct pq_levels *l, size_t i, size_t *n, bool *full, nl_error *err)
{
    int64_t row = l->now.row[i], from = 0, count = 0;
    uint8_t definition = l->now.definition[i];
    if (row >= 0 && is_null(s, row)) {
        if (!s->step->nullable)
            return null_in_required(err);
        definition = s->definition;
    } else if (row >= 0) {
        if (!list_range(s, row, &from, &count))
            return nl_fail(err, NL_INVALID, "a list with damaged offsets");
        definition = s->definition + s->step->nullable;
    }
    *full = (uint64_t)count > s->most || *n + (size_t)count > s->most;
    if (*full)
        return NL_OK;
    int rc = reserve(&l->next, *n + (count ? (size_t)count : 1), err);
    if (rc)
        return rc;
    put(&l->next, (*n)++, l->now.repetition[i], definition, count ? from : -1);
    for (int64_t k = 1; k < count; k++)
        put(&l->next, (*n)++, s->repetition, definition, from + k);
    return NL_OK;
}

static int step_list(const struct stride *s, struct pq_levels *l, size_t *at, bool *full, nl_error *err)
{
    size_t n = 0;
    for (*at = 0; *at < l->n && !*full; ++*at) {
        int rc = step_one_list(s, l, *at, &n, full, err);
        if (rc)
            return rc;
    }
    struct pq_entries was = l->now;
    l->now = l->next;
    l->next = was;
    l->n = n;
    return NL_OK;
}

/* The leaf's own nulls; every other entry that came so far has the highest level. */
static int step_leaf(const struct pq_write_leaf *leaf, struct pq_levels *l, size_t *at, nl_error *err)
{
    const struct pq_write_type *t = &leaf->type;
    bool nulls = t->index_width || t->convert == PQ_ALL_NULL || (l->leaf->null_count != 0 && l->leaf->buffers[0]);
    bool required = t->element.repetition == PQ_REQUIRED;
    for (size_t i = 0; i < l->n; i++) {
        if (l->now.row[i] < 0)
            continue;
        bool null = nulls && pq_is_null(t, l->leaf, (size_t)l->now.row[i]);
        *at = i;
        if (null && required)
            return null_in_required(err);
        l->now.definition[i] = leaf->max_definition - null;
    }
    return NL_OK;
}

/* ── the whole way ── */

static int start(struct pq_levels *l, size_t first, size_t rows, nl_error *err)
{
    int rc = reserve(&l->now, rows, err);
    for (size_t i = 0; !rc && i < rows; i++)
        put(&l->now, i, 0, 0, (int64_t)(first + i));
    l->n = rc ? 0 : rows;
    return rc;
}

static int note_row(const struct pq_levels *l, size_t first, size_t at, int rc, nl_error *err)
{
    size_t row = first;
    for (size_t i = 1; i <= at && i < l->n; i++)
        row += l->now.repetition[i] == 0;
    nl_note(err, "row %zu of the batch", row);
    return rc;
}

/* All steps for `rows` rows. *full: there were more than `most` entries. */
static int shred_rows(const struct pq_write_leaf *leaf, const struct ArrowArray *column, size_t first, size_t rows,
                      size_t most, struct pq_levels *l, bool *full, nl_error *err)
{
    struct stride s = {.array = column, .most = most};
    int rc = start(l, first, rows, err);
    size_t at = 0;
    *full = false;
    for (size_t i = 0; !rc && i < leaf->n_steps && !*full; i++) {
        s.step = &leaf->steps[i];
        s.child = s.array->children[s.step->child];
        s.validity = s.array->null_count != 0 ? s.array->buffers[0] : NULL;
        bool list = s.step->kind != PQ_STEP_STRUCT;
        s.repetition += list;
        rc = list ? step_list(&s, l, &at, full, err) : step_struct(&s, l, &at, err);
        s.definition = (uint8_t)(s.definition + s.step->nullable + list);
        s.array = s.child;
    }
    l->leaf = s.array;
    if (!rc && !*full)
        rc = step_leaf(leaf, l, &at, err);
    return rc ? note_row(l, first, at, rc, err) : NL_OK;
}

int pq_shred(const struct pq_write_leaf *leaf, const struct ArrowArray *column, size_t first, size_t *rows,
             struct pq_levels *out, nl_error *err)
{
    bool full = true;
    while (full) {
        int rc = shred_rows(leaf, column, first, *rows, *rows > 1 ? PQ_SHRED_ENTRIES : INT32_MAX - 64, out, &full, err);
        if (rc)
            return rc;
        if (full && *rows == 1) {
            nl_fail(err, NL_UNSUPPORTED, "row %zu of the batch: more than 2,147,483,583 values", first);
            return NL_UNSUPPORTED;
        }
        *rows = full ? *rows / 2 : *rows;
    }
    return NL_OK;
}

/* ── checks, once a batch ── */

/* One array on the way: the shape of its step, and `end` rows. */
static int check_step(const struct pq_step *s, const struct ArrowArray *a, size_t end, nl_error *err)
{
    static const int64_t buffers[] = {
        [PQ_STEP_STRUCT] = 1, [PQ_STEP_LIST] = 2, [PQ_STEP_LIST_VIEW] = 3, [PQ_STEP_FIXED_LIST] = 1};
    if (!a->release || a->n_children != s->n_children || a->dictionary || !a->children || !a->children[s->child])
        return nl_fail(err, NL_INVALID, "the array has another shape than the schema says");
    if (a->offset < 0 || a->length < 0 || (uint64_t)a->length < end || a->length > INT64_MAX / 16 - a->offset)
        return nl_fail(err, NL_INVALID, "the array has %" PRId64 " rows, the batch needs %zu", a->length, end);
    if (a->n_buffers != buffers[s->kind] || !a->buffers)
        return nl_fail(err, NL_INVALID, "the array has %" PRId64 " buffers, its type has %" PRId64, a->n_buffers,
                       buffers[s->kind]);
    for (int64_t i = 1; a->length && i < a->n_buffers; i++)
        if (!a->buffers[i])
            return nl_fail(err, NL_INVALID, "a buffer of the array is missing");
    return NL_OK;
}

int pq_check_nested(const struct pq_write_leaf *leaf, const struct ArrowArray *column, size_t end, nl_error *err)
{
    const struct ArrowArray *a = column;
    for (size_t i = 0; i < leaf->n_steps; i++) {
        const struct pq_step *s = &leaf->steps[i];
        int rc = check_step(s, a, end, err);
        if (rc)
            return rc;
        /* A struct's rows are its members'; what a list needs of its child is seen when its offsets are (S1). */
        end = s->kind == PQ_STEP_STRUCT ? (size_t)(a->offset + a->length) : 0;
        a = a->children[s->child];
    }
    return pq_check_array(&leaf->type, a, end, end, err);
}
