/* format.c: values as text: integers, decimals and bytes are here, floats in format_float.c, dates and times in format_time.c.
 * Locale plays no part. */
#include "arrow/format.h"

#include <string.h>

/* ── integers and decimals ── */

/* Row `at` (offset added) of fixed width, with its sign. */
static int64_t int_at(const void *values, const struct arrow_type *t, int64_t at)
{
    switch (t->width) {
    case 8:
        return t->is_signed ? ((const int8_t *)values)[at] : ((const uint8_t *)values)[at];
    case 16:
        return t->is_signed ? ((const int16_t *)values)[at] : ((const uint16_t *)values)[at];
    case 32:
        return t->is_signed ? ((const int32_t *)values)[at] : (int64_t)((const uint32_t *)values)[at];
    default:
        return ((const int64_t *)values)[at];
    }
}

int arrow_format_uint(uint64_t v, bool negative, nl_buf *out, nl_error *err)
{
    char text[24], *at = text + sizeof text;
    do
        *--at = (char)('0' + v % 10);
    while (v /= 10);
    if (negative)
        *--at = '-';
    return nl_buf_append(out, at, (size_t)(text + sizeof text - at), err);
}

static int format_int(int64_t v, bool is_signed, nl_buf *out, nl_error *err)
{
    bool negative = is_signed && v < 0;
    return arrow_format_uint(negative ? 0 - (uint64_t)v : (uint64_t)v, negative, out, err);
}

/* n digits, the last one first, with their sign and a point before the last `scale` of them. */
static int put_decimal(const char *digits, size_t n, bool negative, int32_t scale, nl_buf *out, nl_error *err)
{
    bool is_zero = n == 1 && digits[0] == '0';
    size_t zeros = scale < 0 && !is_zero ? (size_t)-scale : 0, fraction = scale > 0 ? (size_t)scale : 0;
    int rc = nl_buf_reserve(out, (n > fraction ? n : fraction) + zeros + 3, err);
    if (rc)
        return rc;
    char *to = out->data + out->len;
    if (negative)
        *to++ = '-';
    for (size_t i = n > fraction ? n : fraction + 1; i-- > 0;) { /* zeros fill up to one digit before the point */
        if (i + 1 == fraction)
            *to++ = '.';
        *to++ = i < n ? digits[i] : '0';
    }
    memset(to, '0', zeros);
    to += zeros;
    *to = '\0';
    out->len = (size_t)(to - out->data);
    return NL_OK;
}

int arrow_format_decimal(__int128 v, int32_t scale, nl_buf *out, nl_error *err)
{
    char digits[40]; /* 2^127 has 39 */
    size_t n = 0;
    unsigned __int128 u = v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v;
    for (; u >> 64; u /= 10)
        digits[n++] = (char)('0' + (int)(u % 10));
    uint64_t low = (uint64_t)u;
    do
        digits[n++] = (char)('0' + (int)(low % 10));
    while (low /= 10);
    return put_decimal(digits, n, v < 0, scale, out, err);
}

/* 256 bits, least significant word first. */
static int format_decimal256(const uint8_t *bytes, int32_t scale, nl_buf *out, nl_error *err)
{
    uint64_t words[4];
    memcpy(words, bytes, sizeof words);
    bool negative = words[3] >> 63;
    for (int i = 0, carry = 1; i < 4 && negative; i++) {
        words[i] = ~words[i] + (uint64_t)carry;
        carry = carry && words[i] == 0;
    }
    char digits[80]; /* 2^255 has 77 */
    size_t n = 0;
    do {
        unsigned __int128 left = 0;
        for (int i = 3; i >= 0; i--) {
            left = left << 64 | words[i];
            words[i] = (uint64_t)(left / 10);
            left %= 10;
        }
        digits[n++] = (char)('0' + (int)left);
    } while (words[0] | words[1] | words[2] | words[3]);
    return put_decimal(digits, n, negative, scale, out, err);
}

static int format_decimal(const uint8_t *values, const struct arrow_type *t, int64_t at, nl_buf *out, nl_error *err)
{
    const uint8_t *bytes = values + at * (t->width / 8);
    __int128 v;
    if (t->width == 256)
        return format_decimal256(bytes, t->scale, out, err);
    if (t->width == 128)
        memcpy(&v, bytes, sizeof v);
    else
        v = int_at(values, t, at);
    return arrow_format_decimal(v, t->scale, out, err);
}

/* ── bytes ── */

int arrow_format_base64(const uint8_t *data, size_t len, nl_buf *out, nl_error *err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (len > SIZE_MAX / 8)
        return nl_fail_memory(err);
    int rc = nl_buf_reserve(out, (len + 2) / 3 * 4, err);
    if (rc)
        return rc;
    char *to = out->data + out->len;
    for (size_t i = 0; i < len; i += 3, to += 4) {
        uint32_t b = (uint32_t)data[i] << 16;
        b |= i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0;
        b |= i + 2 < len ? data[i + 2] : 0;
        to[0] = letters[b >> 18];
        to[1] = letters[b >> 12 & 63];
        to[2] = i + 1 < len ? letters[b >> 6 & 63] : '=';
        to[3] = i + 2 < len ? letters[b & 63] : '=';
    }
    *to = '\0';
    out->len = (size_t)(to - out->data);
    return NL_OK;
}

static int format_bytes(const struct ArrowArray *a, const struct arrow_type *t, int64_t row, nl_buf *out, nl_error *err)
{
    size_t len;
    const uint8_t *s = arrow_bytes_at(a, t, row, &len);
    return t->kind == ARROW_STRING ? nl_buf_append(out, s, len, err) : arrow_format_base64(s, len, out, err);
}

/* An interval of any of the three layouts; what a layout lacks is 0. */
static int format_interval(const uint8_t *values, const struct arrow_type *t, int64_t at, nl_buf *out, nl_error *err)
{
    int32_t parts[2] = {0, 0};
    int64_t nanos = 0;
    const uint8_t *v = values + at * (t->width / 8);
    memcpy(parts, v, t->width == 32 ? 4 : 8);
    if (t->width == 64)
        return arrow_format_interval(0, parts[0], (int64_t)parts[1] * 1000000, out, err);
    if (t->width == 128)
        memcpy(&nanos, v + 8, sizeof(nanos));
    return arrow_format_interval(parts[0], parts[1], nanos, out, err);
}

static int format_float(const void *values, int width, int64_t at, nl_buf *out, nl_error *err)
{
    if (width == 64)
        return arrow_format_double(((const double *)values)[at], false, out, err);
    if (width == 32)
        return arrow_format_double((double)((const float *)values)[at], true, out, err);
    return arrow_format_half(((const uint16_t *)values)[at], out, err);
}

int arrow_format_value(const struct ArrowArray *a, const struct arrow_type *t, int64_t row, nl_buf *out, nl_error *err)
{
    if (!arrow_is_valid(a, row))
        return NL_OK;
    if (t->kind >= ARROW_STRUCT)
        return nl_fail(err, NL_UNSUPPORTED, "a nested value cannot be shown as text");
    const void *values = a->n_buffers > 1 ? a->buffers[1] : NULL;
    if (!values)
        return nl_fail(err, NL_INVALID, "an array without its values");
    int64_t at = a->offset + row;
    switch (t->kind) {
    case ARROW_BOOL:
        return nl_buf_puts(out, arrow_bit(values, at) ? "true" : "false", err);
    case ARROW_INT:
        return format_int(int_at(values, t, at), t->is_signed, out, err);
    case ARROW_FLOAT:
        return format_float(values, t->width, at, out, err);
    case ARROW_DECIMAL:
    case ARROW_DECIMAL_OTHER:
        return format_decimal(values, t, at, out, err);
    case ARROW_STRING:
    case ARROW_BINARY:
    case ARROW_FIXED_BINARY:
        return format_bytes(a, t, row, out, err);
    case ARROW_DATE:
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
    case ARROW_DURATION:
        return arrow_format_time(int_at(values, t, at), t, out, err);
    case ARROW_INTERVAL:
        return format_interval(values, t, at, out, err);
    default:
        return NL_OK; /* the null type has nothing but nulls */
    }
}
