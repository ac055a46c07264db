/* fill.c: copy, convert, or point. */
#include "sql/fill.h"

#include <string.h>

#include "base/str.h"

/* One column on its way; first is the array's row including its offset. */
struct fill {
    const struct sql_duckdb *duck;
    const struct ArrowArray *a;
    const struct arrow_type *t;
    int64_t first;
    size_t n;
    duckdb_vector v;
    void *out;
    bool has_nulls;
};

static bool is_null(const struct fill *f, size_t i)
{
    return f->has_nulls && !arrow_bit(f->a->buffers[0], f->first + (int64_t)i);
}

/* ── validity ── */

static void all_null(struct fill *f)
{
    f->duck->vector_ensure_validity_writable(f->v);
    memset(f->duck->vector_get_validity(f->v), 0, (f->n + 63) / 64 * 8);
}

static void fill_validity(struct fill *f)
{
    const uint8_t *bits = f->a->n_buffers ? f->a->buffers[0] : NULL;
    f->has_nulls = f->a->null_count != 0 && bits;
    if (!f->has_nulls)
        return;
    f->duck->vector_ensure_validity_writable(f->v);
    uint64_t *to = f->duck->vector_get_validity(f->v);
    if (f->first % 8 == 0) {
        to[(f->n - 1) / 64] = 0;
        memcpy(to, bits + f->first / 8, (f->n + 7) / 8);
        return;
    }
    memset(to, 0, (f->n + 63) / 64 * 8);
    for (size_t i = 0; i < f->n; i++)
        to[i / 64] |= (uint64_t)arrow_bit(bits, f->first + (int64_t)i) << (i % 64);
}

/* ── fixed width ── */

static void fill_same(struct fill *f)
{
    size_t width = f->t->width / 8;
    memcpy(f->out, (const uint8_t *)f->a->buffers[1] + (size_t)f->first * width, f->n * width);
}

static void fill_bool(struct fill *f)
{
    uint8_t *to = f->out;
    for (size_t i = 0; i < f->n; i++)
        to[i] = arrow_bit(f->a->buffers[1], f->first + (int64_t)i);
}

/* A half float's value: sign, 5 bits of exponent, 10 of fraction. */
static float half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023, bits;
    float value;
    if (exponent == 0) {
        value = (float)fraction / 16777216.0F; /* subnormal: fraction × 2^-24 */
        return sign ? -value : value;
    }
    bits = sign | (exponent == 31 ? 255U : exponent + 112) << 23 | fraction << 13;
    memcpy(&value, &bits, 4);
    return value;
}

static void fill_half(struct fill *f)
{
    const uint16_t *from = (const uint16_t *)f->a->buffers[1] + f->first;
    float *to = f->out;
    for (size_t i = 0; i < f->n; i++)
        to[i] = half_to_float(from[i]);
}

/* DuckDB stores a decimal in the smallest integer that holds its precision. */
static void fill_decimal(struct fill *f)
{
    const uint8_t *from = (const uint8_t *)f->a->buffers[1] + f->first * 16;
    size_t width = f->t->precision <= 4 ? 2 : f->t->precision <= 9 ? 4 : f->t->precision <= 18 ? 8 : 16;
    for (size_t i = 0; i < f->n; i++)
        memcpy((uint8_t *)f->out + i * width, from + i * 16, width); /* little-endian: the low bytes */
}

/* ── dates, times, timestamps in another unit ── */

static int64_t integer_at(const struct fill *f, size_t i)
{
    if (f->t->width == 64)
        return ((const int64_t *)f->a->buffers[1])[f->first + (int64_t)i];
    return ((const int32_t *)f->a->buffers[1])[f->first + (int64_t)i];
}

static int64_t divide_down(int64_t v, int64_t by)
{
    return v / by - (v % by < 0);
}

static void fill_date_ms(struct fill *f)
{
    int32_t *to = f->out;
    for (size_t i = 0; i < f->n; i++)
        to[i] = (int32_t)divide_down(integer_at(f, i), 86400000);
}

/* Into microseconds: times, and timestamps with a time zone. */
static int fill_micros(struct fill *f, nl_error *err)
{
    int64_t times = f->t->unit == ARROW_SECOND ? 1000000 : f->t->unit == ARROW_MILLI ? 1000 : 1;
    int64_t *to = f->out;
    for (size_t i = 0; i < f->n; i++) {
        int64_t v = integer_at(f, i);
        if (f->t->unit == ARROW_NANO)
            to[i] = divide_down(v, 1000);
        else if (__builtin_mul_overflow(v, times, &to[i]) && !is_null(f, i))
            return nl_fail(err, NL_INVALID, "timestamp %lld is out of SQL's range", (long long)v);
    }
    return NL_OK;
}

/* ── strings ── */

#define HIGH_BITS 0x8080808080808080U

/* Most strings are short and plain: looked at eight bytes at a time, the last eight perhaps twice. */
static bool is_ascii(const uint8_t *s, size_t len)
{
    uint64_t all = 0, word;
    if (len < 8) {
        for (size_t i = 0; i < len; i++)
            all |= s[i];
        return !(all & 0x80);
    }
    for (size_t i = 0; i + 8 <= len; i += 8) {
        memcpy(&word, s + i, 8);
        all |= word;
    }
    memcpy(&word, s + len - 8, 8);
    return !((all | word) & HIGH_BITS);
}

static int check_text(const uint8_t *s, size_t len, nl_error *err)
{
    if (is_ascii(s, len) || nl_utf8_valid(s, len))
        return NL_OK;
    nl_fail(err, NL_INVALID, "a string is not valid UTF-8");
    nl_hint(err, "a column of bytes must be declared binary, not string, by who writes the file");
    return NL_INVALID;
}

static void put_string(duckdb_string_t *to, const uint8_t *s, size_t len)
{
    memset(to, 0, sizeof *to); /* DuckDB compares the unused bytes too */
    to->length = (uint32_t)len;
    if (len <= sizeof to->inlined) {
        if (len)
            memcpy(to->inlined, s, len);
        return;
    }
    memcpy(to->far.prefix, s, sizeof to->far.prefix);
    to->far.pointer = (const char *)s;
}

/* Views agree with DuckDB's strings up to 12 bytes (both are zero-padded), and in the first 8 bytes of longer ones. */
static int fill_views(struct fill *f, nl_error *err)
{
    const uint8_t *views = (const uint8_t *)f->a->buffers[1] + f->first * 16;
    duckdb_string_t *to = f->out;
    bool text = f->t->kind == ARROW_STRING;
    for (size_t i = 0; i < f->n; i++, views += 16) {
        uint64_t half[2];
        memcpy(half, views, sizeof half);
        if (is_null(f, i)) {
            put_string(&to[i], NULL, 0);
            continue;
        }
        memcpy(&to[i], views, sizeof to[i]);
        size_t len = to[i].length;
        const uint8_t *s = views + 4;
        if (len > sizeof to->inlined) {
            s = (const uint8_t *)f->a->buffers[2 + (uint32_t)half[1]] + (half[1] >> 32);
            to[i].far.pointer = (const char *)s;
        } else if (!((half[0] >> 32 | half[1]) & HIGH_BITS)) {
            continue;
        }
        int rc = text ? check_text(s, len, err) : NL_OK;
        if (rc)
            return rc;
    }
    return NL_OK;
}

static int fill_strings(struct fill *f, nl_error *err)
{
    duckdb_string_t *to = f->out;
    bool text = f->t->kind == ARROW_STRING;
    for (size_t i = 0; i < f->n; i++) {
        if (is_null(f, i)) {
            put_string(&to[i], NULL, 0);
            continue;
        }
        size_t len;
        const uint8_t *s = arrow_bytes_at(f->a, f->t, f->first - f->a->offset + (int64_t)i, &len);
        if (len > UINT32_MAX)
            return nl_fail(err, NL_UNSUPPORTED, "a string of %zu bytes: SQL has room for 4 GiB", len);
        int rc = text ? check_text(s, len, err) : NL_OK;
        if (rc)
            return rc;
        put_string(&to[i], s, len);
    }
    return NL_OK;
}

int sql_fill(const struct sql_duckdb *duck, const struct ArrowArray *a, const struct arrow_type *t, int64_t from,
             size_t n, duckdb_vector v, nl_error *err)
{
    struct fill f = {duck, a, t, a->offset + from, n, v, duck->vector_get_data(v), false};
    if (n == 0)
        return NL_OK;
    fill_validity(&f);
    switch (t->kind) {
    case ARROW_NULL:
        all_null(&f);
        return NL_OK;
    case ARROW_BOOL:
        fill_bool(&f);
        return NL_OK;
    case ARROW_DECIMAL:
        fill_decimal(&f);
        return NL_OK;
    case ARROW_STRING:
    case ARROW_BINARY:
        return t->layout == ARROW_VIEW ? fill_views(&f, err) : fill_strings(&f, err);
    case ARROW_FIXED_BINARY:
        return fill_strings(&f, err);
    case ARROW_FLOAT:
        if (t->width == 16)
            fill_half(&f);
        else
            fill_same(&f);
        return NL_OK;
    case ARROW_DATE:
        if (t->unit == ARROW_MILLI)
            fill_date_ms(&f);
        else
            fill_same(&f);
        return NL_OK;
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
        if ((t->kind == ARROW_TIME && t->unit != ARROW_NANO) || (t->kind == ARROW_TIMESTAMP && *t->timezone))
            return fill_micros(&f, err);
        fill_same(&f);
        return NL_OK;
    default:
        fill_same(&f);
        return NL_OK;
    }
}
