/* bound_text.c: through a column of one value, so that a bound looks as its values do. */
#include "parquet/read/bound_text.h"

#include <string.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "parquet/encoding/values.h"
#include "parquet/read/schema.h"

/* Little-endian bytes, extended to 64 bits. */
static uint64_t integer_of(struct pq_slice s, bool is_signed)
{
    uint64_t v = 0;
    memcpy(&v, s.data, s.len);
    return s.len == 4 && is_signed ? (uint64_t)(int64_t)(int32_t)(uint32_t)v : v;
}

static int append_float(struct arrow_builder *b, struct pq_slice s)
{
    float narrow;
    double wide;
    if (s.len == sizeof narrow) {
        memcpy(&narrow, s.data, sizeof narrow);
        wide = narrow;
    } else {
        memcpy(&wide, s.data, sizeof wide);
    }
    return arrow_builder_double(b, wide, NULL);
}

/* The value into the builder. NL_INVALID: the bytes are none. */
static int append_value(struct arrow_builder *b, const struct pq_schema_element *e, enum pq_conversion conversion,
                        const char *format, struct pq_slice s)
{
    __int128 decimal;
    bool is_int = e->type == PQ_INT32 || e->type == PQ_INT64, is_unsigned = strchr("CSIL", format[0]) != NULL;
    size_t width = e->type == PQ_INT32 || e->type == PQ_FLOAT ? 4 : 8;
    if (e->type == PQ_BOOLEAN)
        return s.len == 1 ? arrow_builder_int(b, s.data[0] & 1, NULL) : NL_INVALID;
    if (is_int || e->type == PQ_FLOAT || e->type == PQ_DOUBLE) {
        if (s.len != width)
            return NL_INVALID;
        if (!is_int)
            return append_float(b, s);
        uint64_t v = integer_of(s, !is_unsigned);
        if (conversion == PQ_TO_DECIMAL_INT32 || conversion == PQ_TO_DECIMAL_INT64)
            return arrow_builder_decimal(b, (int64_t)v, NULL);
        return is_unsigned ? arrow_builder_uint(b, v, NULL) : arrow_builder_int(b, (int64_t)v, NULL);
    }
    if (conversion == PQ_TO_DECIMAL_FIXED || conversion == PQ_TO_DECIMAL_BYTES)
        return s.len && pq_decimal_from_bytes(&decimal, s.data, s.len) ? arrow_builder_decimal(b, decimal, NULL)
                                                                       : NL_INVALID;
    return arrow_builder_bytes(b, s.data, s.len, NULL);
}

static int hex(struct pq_slice s, nl_buf *out, nl_error *err)
{
    char some[2 * 64 + 1];
    nl_hex(s.data, s.len < 64 ? s.len : 64, some);
    return nl_buf_printf(out, err, "0x%s%s", some, s.len > 64 ? "…" : "");
}

/* A decimal of 256 bits, for which there is no builder. */
static int wide_decimal(const struct arrow_type *type, struct pq_slice s, nl_buf *out)
{
    uint64_t value[4];
    const void *buffers[] = {NULL, value};
    struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
    if (!s.len || !pq_decimal256_from_bytes(value, s.data, s.len))
        return NL_INVALID;
    return arrow_format_value(&array, type, 0, out, NULL);
}

int pq_bound_text(const struct pq_schema_element *e, struct pq_slice s, nl_buf *out, nl_error *err)
{
    struct pq_leaf_type t;
    struct arrow_type type;
    struct arrow_builder *b = NULL;
    struct ArrowArray array = {0};
    size_t before = out->len;
    if (!s.data)
        return NL_OK;
    pq_leaf_type_of(e, &t);
    int rc = arrow_type_parse(t.format, &type, NULL);
    if (rc == NL_OK && type.kind == ARROW_DECIMAL_OTHER) {
        rc = wide_decimal(&type, s, out);
        if (rc == NL_OK)
            return NL_OK;
    }
    if (rc == NL_OK)
        rc = arrow_builder_new(t.format, &b, NULL);
    if (rc == NL_OK)
        rc = append_value(b, e, t.conversion, t.format, s);
    if (rc == NL_OK)
        rc = arrow_builder_finish(b, &array, NULL);
    if (rc == NL_OK)
        rc = arrow_format_value(&array, &type, 0, out, NULL);
    arrow_array_release(&array);
    arrow_builder_free(b);
    if (rc == NL_OK)
        return NL_OK;
    out->len = before;
    return hex(s, out, err);
}
