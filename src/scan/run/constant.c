/* constant.c: fill buffers with one value, cut arrays from them.
 *
 *     fixed width     validity (only for null) │ value value value …
 *     views           validity                 │ view view view …   │ the string, where longer than 12 │ its size
 */
#include "scan/run/constant.h"

#include <string.h>

#include "arrow/arrow.h"

enum { VIEW = 16, INLINE = 12 };

static int new_buffer(struct scan_constant *c, size_t size, uint8_t **data, nl_error *err)
{
    nl_block *block;
    int rc = nl_block_new(size, &block, err);
    if (rc)
        return rc;
    *data = nl_block_data(block);
    c->buffers[c->n_buffers] = nl_bytes_of(block, 0, size);
    nl_block_unref(block);
    c->n_buffers++;
    return NL_OK;
}

/* The bytes of one value of fixed width. False where kind and type do not fit. */
static bool encode(const struct arrow_type *t, const nl_value *v, uint8_t out[16])
{
    memset(out, 0, 16);
    float f = (float)v->d;
    switch (v->kind) {
    case NL_VALUE_NULL:
        return true;
    case NL_VALUE_INT:
        memcpy(out, &v->i, 8); /* little-endian: the low bytes come first */
        return t->width >= 8 && t->width <= 64 && t->kind != ARROW_FLOAT;
    case NL_VALUE_UINT:
        memcpy(out, &v->u, 8);
        return t->width >= 8 && t->width <= 64 && t->kind != ARROW_FLOAT;
    case NL_VALUE_DOUBLE:
        if (t->width == 32)
            memcpy(out, &f, 4);
        else
            memcpy(out, &v->d, 8);
        return t->kind == ARROW_FLOAT && t->width >= 32;
    case NL_VALUE_DECIMAL:
        memcpy(out, &v->decimal, 16);
        return t->kind == ARROW_DECIMAL;
    default:
        return false;
    }
}

/* Nulls of any width: no partition value is fixed-size binary. */
static int fill_zeros(struct scan_constant *c, size_t width, nl_error *err)
{
    uint8_t *data;
    int rc = new_buffer(c, (size_t)c->rows * width, &data, err);
    if (!rc)
        memset(data, 0, (size_t)c->rows * width);
    return rc;
}

static int fill_fixed(struct scan_constant *c, const struct arrow_type *t, const nl_value *v, nl_error *err)
{
    uint8_t one[16], *data;
    if (t->kind == ARROW_FIXED_BINARY)
        return fill_zeros(c, (size_t)t->byte_width, err);
    size_t width = t->width / 8;
    if (!encode(t, v, one))
        return nl_fail(err, NL_INTERNAL, "a partition value is not of its column's type");
    int rc = new_buffer(c, (size_t)c->rows * width, &data, err);
    for (int64_t i = 0; i < c->rows && !rc; i++)
        memcpy(data + (size_t)i * width, one, width);
    return rc;
}

static int fill_bits(struct scan_constant *c, bool bit, nl_error *err)
{
    uint8_t *data;
    size_t size = ((size_t)c->rows + 7) / 8;
    int rc = new_buffer(c, size, &data, err);
    if (!rc)
        memset(data, bit ? 0xFF : 0, size);
    return rc;
}

/* The view of s, which lies at offset 0 of data buffer 0 where it is long. */
static void make_view(const uint8_t *s, size_t len, uint8_t view[VIEW])
{
    int32_t n = (int32_t)len;
    memset(view, 0, VIEW);
    memcpy(view, &n, 4);
    if (len)
        memcpy(view + 4, s, len <= INLINE ? len : 4);
}

static int fill_views(struct scan_constant *c, const nl_value *v, nl_error *err)
{
    static const uint8_t nothing[1];
    bool is_text = v->kind == NL_VALUE_BYTES;
    const uint8_t *s = is_text ? v->bytes.data : nothing;
    size_t len = is_text ? v->bytes.len : 0;
    if (len > INT32_MAX)
        return nl_fail(err, NL_UNSUPPORTED, "a partition value of %zu bytes", len);

    uint8_t view[VIEW], *views, *data, *sizes;
    make_view(s, len, view);
    int rc = new_buffer(c, (size_t)c->rows * VIEW, &views, err);
    if (!rc)
        rc = new_buffer(c, len, &data, err);
    if (!rc)
        rc = new_buffer(c, sizeof(int64_t), &sizes, err);
    if (rc)
        return rc;
    for (int64_t i = 0; i < c->rows; i++)
        memcpy(views + i * VIEW, view, VIEW);
    if (len)
        memcpy(data, s, len);
    memcpy(sizes, &(int64_t){(int64_t)len}, sizeof(int64_t));
    return NL_OK;
}

int scan_constant_make(struct scan_constant *c, const char *format, const nl_value *value, int64_t rows, nl_error *err)
{
    *c = (struct scan_constant){.rows = rows, .null = value->kind == NL_VALUE_NULL};
    struct arrow_type t;
    int rc = arrow_type_parse(format, &t, err);
    if (rc || t.kind == ARROW_NULL)
        return rc; /* the null type has no buffers */
    if (c->null)
        rc = fill_bits(c, false, err);
    else
        c->n_buffers = 1; /* no validity: nothing is null */
    if (rc)
        return rc;
    if (t.kind == ARROW_BOOL)
        rc = fill_bits(c, !c->null && value->b, err);
    else if (t.kind == ARROW_STRING || t.kind == ARROW_BINARY)
        rc = fill_views(c, value, err);
    else
        rc = fill_fixed(c, &t, value, err);
    if (rc)
        scan_constant_free(c);
    return rc;
}

int scan_constant_array(const struct scan_constant *c, int64_t n, struct ArrowArray *out, nl_error *err)
{
    nl_bytes buffers[4];
    for (size_t i = 0; i < c->n_buffers; i++)
        buffers[i] = nl_bytes_slice(c->buffers[i], 0, c->buffers[i].len);
    struct arrow_parts parts = {.length = n,
                                .null_count = c->null ? n : 0,
                                .buffers = buffers,
                                .n_buffers = c->n_buffers};
    return arrow_array_make(&parts, out, err);
}

void scan_constant_free(struct scan_constant *c)
{
    for (size_t i = 0; i < c->n_buffers; i++)
        nl_bytes_release(&c->buffers[i]);
    *c = (struct scan_constant){0};
}
