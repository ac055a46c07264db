/* shredded.c: a column of variants, put together from what was shredded and what was not.
 *
 *     value    typed_value
 *     absent   absent        missing: a field that is not there; elsewhere the variant null
 *     there    absent        the value, of any type
 *     absent   there         the shredded value
 *     there    there         an object, of which some fields are shredded: both are merged; anything else is an error
 *
 * Spec: parquet-format, VariantShredding.md.
 */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/variant/shape.h"
#include "parquet/variant/value.h"
#include "parquet/variant/variant.h"

static int put_group(struct pq_variant_names *names, const struct pq_shape *s, const struct ArrowArray *a, int64_t row,
                     int depth, nl_buf *out, nl_error *err);

/* Is there something in this child (-1: there is no such child) of a group's row? */
static bool is_there(const struct ArrowArray *a, int64_t child, int64_t row)
{
    return child >= 0 && arrow_is_valid(a, row) && arrow_is_valid(a->children[child], a->offset + row);
}

/* Bytes of the value of a group's row; they pay for names (V4). */
static const uint8_t *value_bytes(struct pq_variant_names *names, const struct pq_shape *s, const struct ArrowArray *a,
                                  int64_t row, size_t *len)
{
    const uint8_t *p = arrow_bytes_at(a->children[s->value], &s->value_type, a->offset + row, len);
    names->budget += *len < (SIZE_MAX - names->budget) / 256 ? 256 * *len : 0;
    return p;
}

/* A member's key; a name that is out of the ordinary is charged (V4). */
static int put_member_key(struct pq_variant_names *names, const struct pq_member *m, nl_buf *out, nl_error *err)
{
    enum { ORDINARY = 256 };
    if (m->key_len > ORDINARY)
        return pq_variant_key(names, m->name, m->name_len, out, err);
    return nl_buf_append(out, m->key, m->key_len, err);
}

/* NOLINTBEGIN(misc-no-recursion): the shape is at most PQ_VARIANT_DEPTH deep */

/* The shredded members from *at on whose names come before `until` (NULL: all) and that are there. */
static int put_members(struct pq_variant_names *names, const struct pq_shape *s, const struct ArrowArray *typed,
                       int64_t row, int depth, size_t *at, const struct pq_variant_field *until, bool *first,
                       nl_buf *out, nl_error *err)
{
    int rc = NL_OK;
    for (; rc == NL_OK && *at < s->n_members; ++*at) {
        const struct pq_member *m = &s->members[*at];
        const struct ArrowArray *group = typed->children[m->child];
        if (until && pq_shape_compare(m->name, m->name_len, until->name, until->name_len) > 0)
            return NL_OK;
        if (!is_there(group, m->shape.value, typed->offset + row) &&
            !is_there(group, m->shape.typed, typed->offset + row))
            continue;
        if (!*first)
            rc = nl_buf_putc(out, ',', err);
        *first = false;
        if (rc == NL_OK)
            rc = put_member_key(names, m, out, err);
        if (rc == NL_OK)
            rc = put_group(names, &m->shape, group, typed->offset + row, depth + 1, out, err);
    }
    return rc;
}

/* An object: shredded members, and (value not NULL) the fields of another that are not shredded. */
static int put_object(struct pq_variant_names *names, const struct pq_shape *s, const struct ArrowArray *typed,
                      int64_t row, int depth, const uint8_t *value, size_t len, nl_buf *out, nl_error *err)
{
    struct pq_variant_object o = {0};
    struct pq_variant_field f;
    size_t at = 0;
    bool first = true;
    if (value && !pq_variant_is_object(value, len))
        return nl_fail(err, NL_CORRUPT, "a variant with shredded fields beside a value that is no object");
    int rc = value ? pq_variant_object_open(names, value, len, depth, &o, err) : NL_OK;
    if (rc == NL_OK)
        rc = nl_buf_putc(out, '{', err);
    for (size_t i = 0; rc == NL_OK && i < o.n; i++) {
        rc = pq_variant_object_field(&o, i, &f, err);
        if (rc || pq_shape_has(s, f.name, f.name_len))
            continue;
        rc = put_members(names, s, typed, row, depth, &at, &f, &first, out, err);
        if (rc == NL_OK && !first)
            rc = nl_buf_putc(out, ',', err);
        first = false;
        if (rc == NL_OK)
            rc = pq_variant_key(names, f.name, f.name_len, out, err);
        if (rc == NL_OK)
            rc = pq_variant_object_value(&o, &f, out, err);
    }
    if (rc == NL_OK)
        rc = put_members(names, s, typed, row, depth, &at, NULL, &first, out, err);
    return rc ? rc : nl_buf_putc(out, '}', err);
}

static int put_list(struct pq_variant_names *names, const struct pq_shape *s, const struct ArrowArray *typed,
                    int64_t row, int depth, nl_buf *out, nl_error *err)
{
    const int32_t *narrow = typed->buffers[1];
    const int64_t *wide = typed->buffers[1];
    int64_t i = typed->offset + row, from = s->wide_offsets ? wide[i] : narrow[i],
            to = s->wide_offsets ? wide[i + 1] : narrow[i + 1];
    int rc = nl_buf_putc(out, '[', err);
    for (int64_t k = from; rc == NL_OK && k < to; k++) {
        if (k > from)
            rc = nl_buf_putc(out, ',', err);
        if (rc == NL_OK)
            rc = put_group(names, s->element, typed->children[0], k, depth + 1, out, err);
    }
    return rc ? rc : nl_buf_putc(out, ']', err);
}

/* A row of a group of value and typed_value; the variant null where there is neither. */
static int put_group(struct pq_variant_names *names, const struct pq_shape *s, const struct ArrowArray *a, int64_t row,
                     int depth, nl_buf *out, nl_error *err)
{
    bool has_value = is_there(a, s->value, row), has_typed = is_there(a, s->typed, row);
    const uint8_t *value = NULL;
    size_t len = 0, used;
    if (has_value)
        value = value_bytes(names, s, a, row, &len);
    if (!has_typed)
        return value ? pq_variant_value(names, value, len, depth, &used, out, err) : nl_buf_puts(out, "null", err);
    const struct ArrowArray *typed = a->children[s->typed];
    int64_t at = a->offset + row;
    if (s->kind == PQ_SHAPE_OBJECT)
        return put_object(names, s, typed, at, depth, value, len, out, err);
    if (has_value)
        return nl_fail(err, NL_CORRUPT, "a variant with a value beside a shredded one that is no object");
    if (s->kind == PQ_SHAPE_LIST)
        return put_list(names, s, typed, at, depth, out, err);
    if (s->kind == PQ_SHAPE_UUID)
        return pq_variant_uuid(arrow_bytes_at(typed, &s->column.type, at, &len), out, err);
    return text_json_value(typed, &s->column, at, out, err);
}

/* NOLINTEND(misc-no-recursion) */

/* ── the column ── */

/* What becomes of the rows; memory of the text is the buffer's until it is made an array. */
struct column {
    nl_buf text;
    nl_block *offsets, *validity;
    int64_t nulls;
};

static int put_row(const struct pq_shape *s, const struct ArrowArray *a, int64_t row, nl_buf *out, nl_error *err)
{
    struct pq_variant_names names;
    size_t len;
    if (!is_there(a, s->metadata, row))
        return nl_fail(err, NL_CORRUPT, "a variant without metadata");
    const uint8_t *p = arrow_bytes_at(a->children[s->metadata], &s->metadata_type, a->offset + row, &len);
    int rc = pq_variant_names_open(p, len, &names, err);
    if (rc == NL_OK)
        rc = put_group(&names, s, a, row, 0, out, err);
    if (rc == NL_OK && out->len > INT32_MAX)
        rc = nl_fail(err, NL_UNSUPPORTED, "variants of more than 2 GiB of text in one batch");
    return rc;
}

static int put_rows(const struct pq_shape *s, const struct ArrowArray *a, struct column *c, nl_error *err)
{
    int32_t *offsets = (int32_t *)(void *)nl_block_data(c->offsets);
    uint8_t *validity = nl_block_data(c->validity);
    int rc = NL_OK;
    offsets[0] = 0;
    memset(validity, 0, nl_block_size(c->validity));
    for (int64_t row = 0; rc == NL_OK && row < a->length; row++) {
        if (arrow_is_valid(a, row)) {
            validity[row / 8] |= (uint8_t)(1 << row % 8);
            rc = put_row(s, a, row, &c->text, err);
        } else {
            c->nulls++;
        }
        offsets[row + 1] = (int32_t)c->text.len;
        if (rc)
            nl_note(err, "row %lld", (long long)row);
    }
    return rc;
}

/* The text as a block, which owns the memory from here on; the padding is made (B1). */
static int take_text(nl_buf *text, nl_block **out, nl_error *err)
{
    enum { PADDING = 64 };
    int rc = nl_buf_reserve(text, PADDING, err);
    if (rc)
        return rc;
    size_t len = text->len;
    char *data = text->data;
    memset(data + len, 0, PADDING);
    rc = nl_block_wrap((uint8_t *)data, len, free, data, out, err);
    if (rc == NL_OK)
        *text = (nl_buf){0};
    return rc;
}

static int make_array(struct column *c, int64_t rows, struct ArrowArray *out, nl_error *err)
{
    nl_block *text = NULL;
    int rc = take_text(&c->text, &text, err);
    if (rc)
        return rc;
    nl_bytes buffers[3] = {{0}};
    if (c->nulls)
        buffers[0] = nl_bytes_of(c->validity, 0, nl_block_size(c->validity));
    buffers[1] = nl_bytes_of(c->offsets, 0, nl_block_size(c->offsets));
    buffers[2] = nl_bytes_of(text, 0, nl_block_size(text));
    nl_block_unref(text);
    struct arrow_parts parts = {.length = rows, .null_count = c->nulls, .buffers = buffers, .n_buffers = 3};
    return arrow_array_make(&parts, out, err);
}

int pq_variant_array(const struct ArrowSchema *schema, const struct ArrowArray *array, struct ArrowArray *out,
                     nl_error *err)
{
    nl_arena arena = {0};
    struct pq_shape shape;
    struct column c = {.nulls = 0};
    *out = (struct ArrowArray){0};
    int rc = pq_shape_of(schema, &arena, &shape, err);
    if (rc == NL_OK)
        rc = nl_block_new(((size_t)array->length + 1) * sizeof(int32_t), &c.offsets, err);
    if (rc == NL_OK)
        rc = nl_block_new(((size_t)array->length + 7) / 8, &c.validity, err);
    if (rc == NL_OK)
        rc = put_rows(&shape, array, &c, err);
    if (rc == NL_OK)
        rc = make_array(&c, array->length, out, err);
    nl_block_unref(c.offsets);
    nl_block_unref(c.validity);
    nl_buf_free(&c.text);
    nl_arena_free(&arena);
    return rc;
}
