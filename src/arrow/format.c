/* format.c: values as text. Numbers are here, dates and times in format_time.c. Locale plays no part.
 */
#include "arrow/format.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ── floats ── */

/* "d.ddde±xx" of as many digits as tell v from its neighbours.
 *
 * Up to DBL_DIG (FLT_DIG) digits survive the way through the type, so if so many read back, stripping zeros gives the
 * shortest. Below the smallest normal number that does not hold: there every length is tried.
 */
static int shortest(double v, bool narrow, char out[static 40])
{
    bool tiny = fabs(v) < (narrow ? (double)FLT_MIN : DBL_MIN);
    int most = narrow ? 9 : 17, digits = tiny ? 1 : narrow ? FLT_DIG : DBL_DIG;
    for (;; digits++) {
        int n = snprintf(out, 40, "%.*e", digits - 1, v);
        bool same = narrow ? strtof(out, NULL) == (float)v : strtod(out, NULL) == v;
        if (same || digits == most)
            return n;
    }
}

/* The digits of "d,ddde±xx" whatever the locale's point is, without zeros at the end; their number, and the exponent. */
static int take_digits(const char *text, char digits[static 20], int *exponent)
{
    int n = 0;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && n < 19)
            digits[n++] = *text;
    *exponent = *text == 'e' ? (int)strtol(text + 1, NULL, 10) : 0;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

/* Digits and exponent as 123.0, 0.00123 or 1.23e+20. */
static int lay_out(const char *digits, int n, int exponent, char *out)
{
    char *to = out;
    if (exponent < -5 || exponent >= 16) {
        *to++ = digits[0];
        if (n > 1) {
            *to++ = '.';
            memcpy(to, digits + 1, (size_t)n - 1);
            to += n - 1;
        }
        return (int)(to - out) + snprintf(to, 8, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    }
    int before = exponent + 1; /* digits before the point; zero or less: zeros behind it */
    if (before <= 0)
        *to++ = '0';
    for (int i = 0; i < before; i++)
        *to++ = i < n ? digits[i] : '0';
    *to++ = '.';
    for (int i = before; i < 0; i++)
        *to++ = '0';
    for (int i = before > 0 ? before : 0; i < n; i++)
        *to++ = digits[i];
    if (before >= n)
        *to++ = '0';
    return (int)(to - out);
}

int arrow_format_double(double v, bool narrow, nl_buf *out, nl_error *err)
{
    if (isnan(v))
        return nl_buf_puts(out, "NaN", err);
    if (isinf(v))
        return nl_buf_puts(out, v < 0 ? "-Infinity" : "Infinity", err);
    char text[48], e[40] = "", digits[20] = "0";
    int n = 0;
    if (signbit(v))
        text[n++] = '-';
    double positive = fabs(v);
    if (positive < 1e15 && positive == (double)(int64_t)positive) { /* whole numbers need no search */
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%.0f", positive);
        memcpy(text + n, ".0", 2);
        return nl_buf_append(out, text, (size_t)n + 2, err);
    }
    shortest(positive, narrow, e);
    int exponent, n_digits = take_digits(e, digits, &exponent);
    n += lay_out(digits, n_digits, exponent, text + n);
    return nl_buf_append(out, text, (size_t)n, err);
}

/* IEEE half precision: a whole number of 2^-24 below 1, and the same times a power of two above. */
static double from_half(uint16_t h)
{
    unsigned exponent = h >> 10 & 31, fraction = h & 1023;
    double v = exponent == 31 ? (fraction ? NAN : INFINITY)
               : exponent     ? (double)((uint64_t)(1024 + fraction) << (exponent - 1)) / (1 << 24)
                              : (double)fraction / (1 << 24);
    return h & 0x8000 ? -v : v;
}

static int format_float(const struct ArrowArray *a, const struct arrow_type *t, int64_t at, nl_buf *out, nl_error *err)
{
    const void *values = a->buffers[1];
    if (t->width == 64)
        return arrow_format_double(((const double *)values)[at], false, out, err);
    if (t->width == 32)
        return arrow_format_double((double)((const float *)values)[at], true, out, err);
    return arrow_format_double(from_half(((const uint16_t *)values)[at]), true, out, err);
}

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

static int format_int(int64_t v, bool is_signed, nl_buf *out, nl_error *err)
{
    char text[24];
    int n = snprintf(text, sizeof(text), is_signed ? "%" PRId64 : "%" PRIu64, v);
    return nl_buf_append(out, text, (size_t)n, err);
}

int arrow_format_decimal(__int128 v, int32_t scale, nl_buf *out, nl_error *err)
{
    char digits[40]; /* backwards; 2^127 has 39 */
    size_t n = 0;
    unsigned __int128 u = v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v;
    do
        digits[n++] = (char)('0' + (int)(u % 10));
    while (u /= 10);
    size_t zeros = scale < 0 && v ? (size_t)-scale : 0, fraction = scale > 0 ? (size_t)scale : 0;
    int rc = nl_buf_reserve(out, n + zeros + fraction + 3, err);
    if (rc)
        return rc;
    char *to = out->data + out->len;
    if (v < 0)
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

/* ── bytes ── */

static int format_base64(const uint8_t *data, size_t len, nl_buf *out, nl_error *err)
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
    return t->kind == ARROW_STRING ? nl_buf_append(out, s, len, err) : format_base64(s, len, out, err);
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
        return format_float(a, t, at, out, err);
    case ARROW_DECIMAL: {
        __int128 v;
        memcpy(&v, (const uint8_t *)values + at * 16, sizeof(v));
        return arrow_format_decimal(v, t->scale, out, err);
    }
    case ARROW_STRING:
    case ARROW_BINARY:
    case ARROW_FIXED_BINARY:
        return format_bytes(a, t, row, out, err);
    case ARROW_DATE:
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
        return arrow_format_time(int_at(values, t, at), t, out, err);
    case ARROW_INTERVAL:
        return format_interval(values, t, at, out, err);
    default:
        return NL_OK; /* the null type has nothing but nulls */
    }
}
