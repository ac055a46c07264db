/* builder.c: a column value by value.
 *
 *     validity   made at the first null: until then every row is valid, and there is no bitmap
 *     values     fixed width: the values; bool: bits; strings: length + 1 offsets; views: 16 bytes a row
 *     data       strings: their bytes; views: the bytes of those longer than 12
 *
 * A1  A row is in all buffers or in none: room is made in each before anything is written.
 * A2  Bytes of a buffer beyond its length are zero where bits are set one by one (validity, bool).
 */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"

/* A growing buffer over a block, which finish hands out without a copy. */
struct growing {
    nl_block *block;
    size_t len;
};

struct arrow_builder {
    struct arrow_type type;
    int64_t length, nulls;
    struct growing validity, values, data;
};

/* Room for `more` bytes; what is new is zeroed when zero is asked for. */
static int reserve(struct growing *g, size_t more, bool zero, nl_error *err)
{
    size_t cap = g->block ? nl_block_size(g->block) : 0;
    if (more <= cap - g->len)
        return NL_OK;
    if (more > SIZE_MAX / 4 - g->len)
        return nl_fail_memory(err);
    size_t need = g->len + more, bigger = cap < 256 ? 256 : cap * 2;
    nl_block *b;
    int rc = nl_block_new(bigger < need ? need : bigger, &b, err);
    if (rc)
        return rc;
    if (g->len)
        memcpy(nl_block_data(b), nl_block_data(g->block), g->len);
    if (zero)
        memset(nl_block_data(b) + g->len, 0, nl_block_size(b) - g->len);
    nl_block_unref(g->block);
    g->block = b;
    return NL_OK;
}

/* Behind a reserve(). */
static void put(struct growing *g, const void *data, size_t len)
{
    if (len)
        memcpy(nl_block_data(g->block) + g->len, data, len);
    g->len += len;
}

static void drop(struct growing *g)
{
    nl_block_unref(g->block);
    *g = (struct growing){0};
}

static bool has_offsets(const struct arrow_type *t)
{
    return (t->kind == ARROW_STRING || t->kind == ARROW_BINARY) && t->layout != ARROW_VIEW;
}

/* Bytes of one row in values; 0 for bits. */
static size_t row_bytes(const struct arrow_type *t)
{
    if (t->kind == ARROW_FIXED_BINARY)
        return (size_t)t->byte_width;
    if (t->kind == ARROW_STRING || t->kind == ARROW_BINARY)
        return t->layout == ARROW_VIEW ? 16 : t->layout == ARROW_OFFSETS32 ? 4 : 8;
    return t->width / 8;
}

int arrow_builder_new(const char *format, struct arrow_builder **out, nl_error *err)
{
    *out = NULL;
    struct arrow_type t;
    int rc = arrow_type_parse(format, &t, err);
    if (rc)
        return rc;
    bool flat = t.kind != ARROW_NULL && t.kind < ARROW_STRUCT && t.kind != ARROW_INTERVAL &&
                t.kind != ARROW_DECIMAL_OTHER && !(t.kind == ARROW_FLOAT && t.width == 16);
    if (!flat)
        return nl_fail(err, NL_UNSUPPORTED, "a column of the Arrow format '%s' cannot be built", format);
    struct arrow_builder *b = calloc(1, sizeof(*b));
    if (!b)
        return nl_fail_memory(err);
    b->type = t;
    b->type.timezone = ""; /* pointed into format */
    *out = b;
    return NL_OK;
}

void arrow_builder_free(struct arrow_builder *b)
{
    if (!b)
        return;
    drop(&b->validity);
    drop(&b->values);
    drop(&b->data);
    free(b);
}

int64_t arrow_builder_length(const struct arrow_builder *b)
{
    return b->length;
}

/* ── one row ── */

static void set_bit(struct growing *g, int64_t i, bool on)
{
    uint8_t *byte = nl_block_data(g->block) + i / 8;
    *byte = (uint8_t)((*byte & ~(1u << i % 8)) | (unsigned)on << i % 8);
    g->len = (size_t)i / 8 + 1;
}

/* The bitmap of the rows so far, all valid. */
static int start_validity(struct arrow_builder *b, nl_error *err)
{
    size_t bytes = (size_t)b->length / 8 + 1;
    int rc = reserve(&b->validity, bytes, true, err);
    if (rc == NL_OK) {
        memset(nl_block_data(b->validity.block), 0xFF, bytes);
        b->validity.len = bytes;
    }
    return rc;
}

/* Make room for one row with data_len bytes of data (A1). */
static int prepare(struct arrow_builder *b, bool valid, size_t data_len, nl_error *err)
{
    const struct arrow_type *t = &b->type;
    size_t bytes = t->kind == ARROW_BOOL ? 1 : row_bytes(t);
    if (has_offsets(t) && b->values.len == 0)
        bytes *= 2; /* the first offset, 0, stands before the first row */
    int rc = reserve(&b->values, bytes, t->kind == ARROW_BOOL, err);
    if (rc == NL_OK)
        rc = reserve(&b->data, data_len, false, err);
    if (rc == NL_OK && !valid && !b->validity.block)
        rc = start_validity(b, err);
    if (rc == NL_OK && b->validity.block)
        rc = reserve(&b->validity, 1, true, err);
    return rc;
}

/* Behind a prepare(): the validity of the row whose value was just put. */
static void end_row(struct arrow_builder *b, bool valid)
{
    if (b->validity.block)
        set_bit(&b->validity, b->length, valid);
    b->nulls += !valid;
    b->length++;
}

/* The offset where the row's data ends. */
static void put_offset(struct arrow_builder *b)
{
    int64_t end = (int64_t)b->data.len;
    int32_t end32 = (int32_t)end;
    static const int64_t zero = 0;
    bool narrow = b->type.layout == ARROW_OFFSETS32;
    if (b->values.len == 0)
        put(&b->values, &zero, narrow ? 4 : 8);
    put(&b->values, narrow ? (const void *)&end32 : &end, narrow ? 4 : 8);
}

int arrow_builder_null(struct arrow_builder *b, nl_error *err)
{
    int rc = prepare(b, false, 0, err);
    if (rc)
        return rc;
    if (b->type.kind == ARROW_BOOL) {
        set_bit(&b->values, b->length, false);
    } else if (has_offsets(&b->type)) {
        put_offset(b);
    } else {
        memset(nl_block_data(b->values.block) + b->values.len, 0, row_bytes(&b->type));
        b->values.len += row_bytes(&b->type);
    }
    end_row(b, false);
    return NL_OK;
}

static int wrong_kind(const char *what, nl_error *err)
{
    return nl_fail(err, NL_INVALID, "%s is not a value of this column's type", what);
}

/* width bytes, least significant first: this code runs on little-endian machines only. */
static int append_fixed(struct arrow_builder *b, const void *value, nl_error *err)
{
    int rc = prepare(b, true, 0, err);
    if (rc)
        return rc;
    put(&b->values, value, row_bytes(&b->type));
    end_row(b, true);
    return NL_OK;
}

static int append_bool(struct arrow_builder *b, bool v, nl_error *err)
{
    int rc = prepare(b, true, 0, err);
    if (rc)
        return rc;
    set_bit(&b->values, b->length, v);
    end_row(b, true);
    return NL_OK;
}

static bool is_integral(const struct arrow_type *t)
{
    return t->kind == ARROW_INT || t->kind == ARROW_DATE || t->kind == ARROW_TIME || t->kind == ARROW_TIMESTAMP ||
           t->kind == ARROW_DURATION;
}

int arrow_builder_int(struct arrow_builder *b, int64_t v, nl_error *err)
{
    const struct arrow_type *t = &b->type;
    if (t->kind == ARROW_BOOL)
        return append_bool(b, v != 0, err);
    if (!is_integral(t))
        return wrong_kind("an integer", err);
    if (!t->is_signed)
        return v < 0 ? nl_fail(err, NL_INVALID, "%lld in a column without a sign", (long long)v)
                     : arrow_builder_uint(b, (uint64_t)v, err);
    int64_t max = INT64_MAX >> (64 - t->width);
    if (v > max || v < -max - 1)
        return nl_fail(err, NL_INVALID, "%lld does not fit into %d bits", (long long)v, t->width);
    return append_fixed(b, &v, err);
}

int arrow_builder_uint(struct arrow_builder *b, uint64_t v, nl_error *err)
{
    const struct arrow_type *t = &b->type;
    if (t->kind == ARROW_BOOL)
        return append_bool(b, v != 0, err);
    if (!is_integral(t))
        return wrong_kind("an integer", err);
    if (v > UINT64_MAX >> (64 - t->width + t->is_signed))
        return nl_fail(err, NL_INVALID, "%llu does not fit into %d bits", (unsigned long long)v, t->width);
    return append_fixed(b, &v, err);
}

int arrow_builder_double(struct arrow_builder *b, double v, nl_error *err)
{
    if (b->type.kind != ARROW_FLOAT)
        return wrong_kind("a float", err);
    float narrow = (float)v;
    return append_fixed(b, b->type.width == 32 ? (const void *)&narrow : &v, err);
}

int arrow_builder_decimal(struct arrow_builder *b, __int128 unscaled, nl_error *err)
{
    if (b->type.kind != ARROW_DECIMAL)
        return wrong_kind("a decimal", err);
    __int128 limit = 1;
    for (int32_t i = 0; i < b->type.precision; i++)
        limit *= 10;
    if (unscaled >= limit || unscaled <= -limit)
        return nl_fail(err, NL_INVALID, "a decimal of more than %d digits", (int)b->type.precision);
    return append_fixed(b, &unscaled, err);
}

/* ── strings ── */

static int append_view(struct arrow_builder *b, const void *data, size_t len, nl_error *err)
{
    if (len > INT32_MAX || (len > 12 && len > INT32_MAX - b->data.len))
        return nl_fail(err, NL_INVALID, "a column of string views with more than 2 GiB of text");
    int rc = prepare(b, true, len > 12 ? len : 0, err);
    if (rc)
        return rc;
    uint8_t view[16] = {0};
    int32_t n = (int32_t)len, offset = (int32_t)b->data.len;
    memcpy(view, &n, 4);
    if (len)
        memcpy(view + 4, data, len <= 12 ? len : 4);
    if (len > 12) { /* bytes 8 to 11: buffer index 0, there is one */
        memcpy(view + 12, &offset, 4);
        put(&b->data, data, len);
    }
    put(&b->values, view, sizeof(view));
    end_row(b, true);
    return NL_OK;
}

int arrow_builder_bytes(struct arrow_builder *b, const void *data, size_t len, nl_error *err)
{
    const struct arrow_type *t = &b->type;
    if (t->kind == ARROW_FIXED_BINARY) {
        if (len != (size_t)t->byte_width)
            return nl_fail(err, NL_INVALID, "%zu bytes in a column of %d bytes a value", len, (int)t->byte_width);
        return append_fixed(b, data, err);
    }
    if (t->kind != ARROW_STRING && t->kind != ARROW_BINARY)
        return wrong_kind("a string", err);
    if (t->layout == ARROW_VIEW)
        return append_view(b, data, len, err);
    if (t->layout == ARROW_OFFSETS32 && (len > INT32_MAX || len > INT32_MAX - b->data.len))
        return nl_fail(err, NL_INVALID, "a column of strings with 32-bit offsets and more than 2 GiB of text");
    int rc = prepare(b, true, len, err);
    if (rc)
        return rc;
    put(&b->data, data, len);
    put_offset(b);
    end_row(b, true);
    return NL_OK;
}

/* ── finishing ── */

/* A buffer that is handed out is never absent: a block is made for an empty one. */
static int hand_out(struct growing *g, nl_bytes *out, nl_error *err)
{
    int rc = g->block ? NL_OK : nl_block_new(64, &g->block, err);
    if (rc)
        return rc;
    if (g->len == 0)
        memset(nl_block_data(g->block), 0, 8); /* the one offset of no rows */
    *out = nl_bytes_of(g->block, 0, g->len);
    return NL_OK;
}

/* validity, values, and for strings data, for views data and its size. n: how many. On failure none is held. */
static int collect(struct arrow_builder *b, nl_bytes buffers[static 4], size_t *n, nl_error *err)
{
    bool strings = b->type.kind == ARROW_STRING || b->type.kind == ARROW_BINARY;
    *n = !strings ? 2 : b->type.layout == ARROW_VIEW ? 4 : 3;
    int rc = b->nulls ? hand_out(&b->validity, &buffers[0], err) : NL_OK;
    if (rc == NL_OK)
        rc = hand_out(&b->values, &buffers[1], err);
    if (rc == NL_OK && strings)
        rc = hand_out(&b->data, &buffers[2], err);
    if (rc == NL_OK && *n == 4) {
        struct growing sizes = {0};
        int64_t size = (int64_t)b->data.len;
        rc = reserve(&sizes, sizeof(size), false, err);
        if (rc == NL_OK) {
            put(&sizes, &size, sizeof(size));
            buffers[3] = nl_bytes_of(sizes.block, 0, sizes.len);
        }
        drop(&sizes);
    }
    for (size_t i = 0; i < 4 && rc; i++)
        nl_bytes_release(&buffers[i]);
    return rc;
}

int arrow_builder_finish(struct arrow_builder *b, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    nl_bytes buffers[4] = {{0}};
    size_t n;
    int rc = collect(b, buffers, &n, err);
    if (rc)
        return rc;
    struct arrow_parts parts = {.length = b->length, .null_count = b->nulls, .buffers = buffers, .n_buffers = n};
    rc = arrow_array_make(&parts, out, err);
    if (rc)
        return rc;
    drop(&b->validity);
    drop(&b->values);
    drop(&b->data);
    b->length = b->nulls = 0;
    return NL_OK;
}
