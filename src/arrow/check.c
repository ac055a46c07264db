/* check.c: does a foreign array have the shape of its type? */
#include <string.h>

#include "arrow/arrow.h"

enum { MAX_DEPTH = 64 };

/* Buffers that an array of this type has; for views at least. -1: a type that is not spoken. */
static int64_t buffers_of(const struct arrow_type *t)
{
    switch (t->kind) {
    case ARROW_NULL:
        return 0;
    case ARROW_STRUCT:
    case ARROW_FIXED_LIST:
        return 1;
    case ARROW_STRING:
    case ARROW_BINARY:
        return 3; /* validity, offsets, data; validity, views, sizes */
    case ARROW_OTHER:
        return -1;
    default:
        return 2;
    }
}

int arrow_array_check(const struct ArrowArray *a, const struct arrow_type *t, nl_error *err)
{
    if (!a->release)
        return nl_fail(err, NL_INVALID, "an array that was released");
    if (a->length < 0 || a->offset < 0 || a->length > INT64_MAX - a->offset || a->null_count > a->length)
        return nl_fail(err, NL_INVALID, "an array of length %lld, offset %lld and %lld nulls", (long long)a->length,
                       (long long)a->offset, (long long)a->null_count);
    int64_t want = buffers_of(t);
    bool views = t->layout == ARROW_VIEW && want == 3;
    if (want < 0)
        return nl_fail(err, NL_UNSUPPORTED, "an Arrow type that Neuralake does not read");
    if (views ? a->n_buffers < want : a->n_buffers != want)
        return nl_fail(err, NL_INVALID, "an array of %lld buffers where its type has %lld", (long long)a->n_buffers,
                       (long long)want);
    for (int64_t i = 1; i < a->n_buffers && a->length; i++) {
        bool may_be_absent = i == 2 && want == 3; /* all strings empty, or all views short */
        if (!a->buffers[i] && !may_be_absent)
            return nl_fail(err, NL_INVALID, "an array without its buffer %lld", (long long)i);
    }
    return NL_OK;
}

static int offsets_fail(int64_t row, nl_error *err)
{
    return nl_fail(err, NL_INVALID, "offsets that descend, or leave the values, at row %lld", (long long)row);
}

/* Offsets of the array's own rows ascend from 0 or more up to `most` at the most. */
static int check_offsets(const struct ArrowArray *a, bool wide, int64_t most, nl_error *err)
{
    const int32_t *narrow = a->buffers[1];
    const int64_t *wider = a->buffers[1];
    int64_t last = 0;
    if (a->length == 0)
        return NL_OK;
    for (int64_t i = 0; i <= a->length; i++) {
        int64_t v = wide ? wider[a->offset + i] : narrow[a->offset + i];
        if (v < last)
            return offsets_fail(i, err);
        last = v;
    }
    return last > most ? offsets_fail(a->length, err) : NL_OK;
}

/* What the type says of the array's children: how many, and how long the first must be. */
static int check_children(const struct ArrowArray *a, const struct ArrowSchema *s, const struct arrow_type *t,
                          nl_error *err)
{
    int64_t rows = a->offset + a->length, n = t->kind == ARROW_STRUCT ? s->n_children : t->kind > ARROW_STRUCT;
    if (s->n_children != n || a->n_children != n || (n && (!a->children || !s->children)))
        return nl_fail(err, NL_INVALID, "%lld children where the type has %lld", (long long)a->n_children,
                       (long long)s->n_children);
    for (int64_t i = 0; i < n; i++) {
        const struct ArrowArray *child = a->children[i];
        if (!child || !child->release)
            return nl_fail(err, NL_INVALID, "an array that was released");
        if (t->kind == ARROW_STRUCT && child->length < rows)
            return nl_fail(err, NL_INVALID, "a child of %lld rows under %lld", (long long)child->length,
                           (long long)rows);
    }
    if (t->kind == ARROW_FIXED_LIST && t->list_size && a->children[0]->length / t->list_size < rows)
        return nl_fail(err, NL_INVALID, "%lld values for %lld lists of %d", (long long)a->children[0]->length,
                       (long long)rows, t->list_size);
    if (t->kind == ARROW_LIST || t->kind == ARROW_MAP)
        return check_offsets(a, t->layout == ARROW_OFFSETS64, a->children[0]->length, err);
    bool strings = (t->kind == ARROW_STRING || t->kind == ARROW_BINARY) && t->layout != ARROW_VIEW;
    return strings ? check_offsets(a, t->layout == ARROW_OFFSETS64, INT64_MAX, err) : NL_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH ends it */
static int check_node(const struct ArrowArray *a, const struct ArrowSchema *s, int depth, nl_error *err)
{
    struct arrow_type t;
    if (depth > MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "an array nested deeper than %d levels", MAX_DEPTH);
    int rc = arrow_type_parse(s->format, &t, err);
    if (rc == NL_OK)
        rc = arrow_array_check(a, &t, err);
    if (rc == NL_OK && s->dictionary) {
        if (t.kind != ARROW_INT || !a->dictionary)
            return nl_fail(err, NL_INVALID, "indices without a dictionary, or of another type than integers");
        return check_node(a->dictionary, s->dictionary, depth + 1, err);
    }
    if (rc == NL_OK)
        rc = check_children(a, s, &t, err);
    for (int64_t i = 0; rc == NL_OK && i < s->n_children; i++) {
        rc = check_node(a->children[i], s->children[i], depth + 1, err);
        if (rc)
            nl_note(err, "'%s'", s->children[i]->name ? s->children[i]->name : "");
    }
    return rc;
}

int arrow_array_check_all(const struct ArrowArray *a, const struct ArrowSchema *s, nl_error *err)
{
    return check_node(a, s, 0, err);
}
