/* fill.c: copy, convert, or point. */
#include "sql/fill.h"

#include <string.h>

#include "base/str.h"

/* One level on its way; first is the array's row including its offset. */
struct fill {
    const struct sql_duckdb *duck;
    const struct ArrowArray *a;
    const struct sql_shape *shape;
    const struct arrow_type *t;
    int64_t first;
    size_t n;
    duckdb_vector v;
    void *out;
    const uint64_t *valid; /* the vector's; NULL: no row is null */
};

static bool is_null(const struct fill *f, size_t i)
{
    return f->valid && !(f->valid[i / 64] >> i % 64 & 1);
}

/* ── validity ── */

/* The vector's own bits, all of them to be written. */
static uint64_t *writable_validity(struct fill *f)
{
    f->duck->vector_ensure_validity_writable(f->v);
    uint64_t *bits = f->duck->vector_get_validity(f->v);
    f->valid = bits;
    return bits;
}

static void copy_validity(const struct fill *f, const uint8_t *bits, uint64_t *to)
{
    to[(f->n - 1) / 64] = 0;
    if (f->first % 8 == 0) {
        memcpy(to, bits + f->first / 8, (f->n + 7) / 8);
        return;
    }
    memset(to, 0, (f->n + 63) / 64 * 8);
    for (size_t i = 0; i < f->n; i++)
        to[i / 64] |= (uint64_t)arrow_bit(bits, f->first + (int64_t)i) << (i % 64);
}

/* The array's nulls, and those of the structs around it (F1; NULL: none). */
static void fill_validity(struct fill *f, const uint64_t *around)
{
    const uint8_t *bits = f->a->n_buffers && f->a->null_count ? f->a->buffers[0] : NULL;
    size_t words = (f->n + 63) / 64;
    bool all_null = f->t->kind == ARROW_NULL;
    if (!bits && !around && !all_null)
        return;
    uint64_t *to = writable_validity(f);
    if (bits)
        copy_validity(f, bits, to);
    else if (all_null)
        memset(to, 0, words * 8);
    else
        memcpy(to, around, words * 8);
    for (size_t i = 0; around && i < words; i++)
        to[i] &= around[i];
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

/* Row i in microseconds. Nulls are never out of range. */
static int micros_at(const struct fill *f, size_t i, int64_t *out, nl_error *err)
{
    static const int64_t times[] = {[ARROW_SECOND] = 1000000, [ARROW_MILLI] = 1000, [ARROW_MICRO] = 1};
    int64_t v = integer_at(f, i);
    if (f->t->unit == ARROW_NANO)
        *out = divide_down(v, 1000);
    else if (__builtin_mul_overflow(v, times[f->t->unit], out) && !is_null(f, i))
        return nl_fail(err, NL_INVALID, "time %lld is out of SQL's range", (long long)v);
    return NL_OK;
}

/* Times, and timestamps with a time zone. */
static int fill_micros(struct fill *f, nl_error *err)
{
    int64_t *to = f->out;
    int rc = NL_OK;
    for (size_t i = 0; i < f->n && !rc; i++)
        rc = micros_at(f, i, &to[i], err);
    return rc;
}

static int fill_duration(struct fill *f, nl_error *err)
{
    duckdb_interval *to = f->out;
    int rc = NL_OK;
    for (size_t i = 0; i < f->n && !rc; i++) {
        to[i] = (duckdb_interval){0};
        rc = micros_at(f, i, &to[i].micros, err);
    }
    return rc;
}

/* Months; days and milliseconds; months, days and nanoseconds. */
static void fill_interval(struct fill *f)
{
    size_t width = f->t->width / 8;
    const uint8_t *from = (const uint8_t *)f->a->buffers[1] + (size_t)f->first * width;
    duckdb_interval *to = f->out;
    for (size_t i = 0; i < f->n; i++, from += width) {
        int32_t part[2] = {0};
        int64_t nanos = 0;
        memcpy(part, from, width < sizeof part ? width : sizeof part);
        if (width == 16)
            memcpy(&nanos, from + 8, sizeof nanos);
        to[i] = width == 4   ? (duckdb_interval){.months = part[0]}
                : width == 8 ? (duckdb_interval){.days = part[0], .micros = (int64_t)part[1] * 1000}
                             : (duckdb_interval){part[0], part[1], nanos / 1000};
    }
}

/* A UUID is a big-endian number to DuckDB, shifted so that signed ones sort as its bytes do. */
static void fill_uuid(struct fill *f)
{
    const uint8_t *from = (const uint8_t *)f->a->buffers[1] + f->first * 16;
    duckdb_hugeint *to = f->out;
    for (size_t i = 0; i < f->n; i++, from += 16) {
        uint64_t half[2];
        memcpy(half, from, sizeof half);
        to[i].upper = (int64_t)(__builtin_bswap64(half[0]) ^ (1ULL << 63));
        to[i].lower = __builtin_bswap64(half[1]);
    }
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

static int fill_flat(struct fill *f, nl_error *err)
{
    switch (f->t->kind) {
    case ARROW_NULL:
        return NL_OK;
    case ARROW_BOOL:
        fill_bool(f);
        return NL_OK;
    case ARROW_DECIMAL:
        fill_decimal(f);
        return NL_OK;
    case ARROW_STRING:
    case ARROW_BINARY:
        return f->t->layout == ARROW_VIEW ? fill_views(f, err) : fill_strings(f, err);
    case ARROW_FIXED_BINARY:
        if (!f->shape->is_uuid)
            return fill_strings(f, err);
        fill_uuid(f);
        return NL_OK;
    case ARROW_INTERVAL:
        fill_interval(f);
        return NL_OK;
    case ARROW_DURATION:
        return fill_duration(f, err);
    case ARROW_FLOAT:
        if (f->t->width == 16)
            fill_half(f);
        else
            fill_same(f);
        return NL_OK;
    case ARROW_DATE:
        if (f->t->unit == ARROW_MILLI)
            fill_date_ms(f);
        else
            fill_same(f);
        return NL_OK;
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
        if ((f->t->kind == ARROW_TIME && f->t->unit != ARROW_NANO) ||
            (f->t->kind == ARROW_TIMESTAMP && *f->t->timezone))
            return fill_micros(f, err);
        fill_same(f);
        return NL_OK;
    default:
        fill_same(f);
        return NL_OK;
    }
}

/* ── nested ── */

static int fill_rows(struct fill *f, const uint64_t *around, nl_error *err);

/* NOLINTBEGIN(misc-no-recursion): a shape is at most SQL_MAX_DEPTH levels deep */

/* Rows from … from + n of child i (before its own offset), into v. */
static int fill_child(const struct fill *f, size_t i, int64_t from, size_t n, duckdb_vector v, const uint64_t *around,
                      nl_error *err)
{
    const struct ArrowArray *child = f->a->children[i];
    if (n == 0)
        return NL_OK;
    int rc = arrow_array_check(child, &f->shape->children[i].type, err);
    if (!rc && (from > child->length || (int64_t)n > child->length - from))
        rc = nl_fail(err, NL_INVALID, "an array of %lld rows below one that has rows %lld to %lld",
                     (long long)child->length, (long long)from, (long long)from + (long long)n);
    struct fill below = {.duck = f->duck,
                         .a = child,
                         .shape = &f->shape->children[i],
                         .t = &f->shape->children[i].type,
                         .first = child->offset + from,
                         .n = n,
                         .v = v};
    if (!rc)
        rc = fill_rows(&below, around, err);
    if (rc)
        nl_note(err, "%s", f->shape->children[i].name);
    return rc;
}

static int fill_struct(struct fill *f, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < f->shape->n_children && !rc; i++)
        rc = fill_child(f, i, f->first, f->n, f->duck->struct_vector_get_child(f->v, i), f->valid, err);
    return rc;
}

/* Where list i begins in the child array; its end is that of i + 1. */
static int64_t list_start(const struct fill *f, size_t i)
{
    int64_t row = f->first + (int64_t)i;
    if (f->t->kind == ARROW_FIXED_LIST)
        return row * f->t->list_size;
    if (f->t->layout == ARROW_OFFSETS64)
        return ((const int64_t *)f->a->buffers[1])[row];
    return ((const int32_t *)f->a->buffers[1])[row];
}

/* The elements of all rows lie one behind the other, those of null rows too. */
static int fill_list(struct fill *f, nl_error *err)
{
    duckdb_list_entry *to = f->out;
    int64_t start = list_start(f, 0), at = start;
    for (size_t i = 0; i < f->n; i++) {
        int64_t end = list_start(f, i + 1);
        if (start < 0 || end < at)
            return nl_fail(err, NL_INVALID, "a list from %lld to %lld", (long long)at, (long long)end);
        to[i] = (duckdb_list_entry){(uint64_t)(at - start), (uint64_t)(end - at)};
        at = end;
    }
    size_t n = (size_t)(at - start);
    if (f->a->children[0]->length < at) /* before there is room for all of it */
        return nl_fail(err, NL_INVALID, "lists of %lld elements, of which %lld are there", (long long)at,
                       (long long)f->a->children[0]->length);
    if (f->duck->list_vector_reserve(f->v, n) || f->duck->list_vector_set_size(f->v, n))
        return nl_fail(err, NL_NO_MEMORY, "lists of %zu elements", n);
    return fill_child(f, 0, start, n, f->duck->list_vector_get_child(f->v), NULL, err);
}

/* A level with what is below it. */
static int fill_rows(struct fill *f, const uint64_t *around, nl_error *err)
{
    f->out = f->duck->vector_get_data(f->v);
    fill_validity(f, around);
    if (f->shape->n_children == 0)
        return fill_flat(f, err);
    if (f->a->n_children != (int64_t)f->shape->n_children)
        return nl_fail(err, NL_INVALID, "an array of %lld children where its type has %zu", (long long)f->a->n_children,
                       f->shape->n_children);
    return f->t->kind == ARROW_STRUCT ? fill_struct(f, err) : fill_list(f, err);
}

/* NOLINTEND(misc-no-recursion) */

int sql_fill(const struct sql_duckdb *duck, const struct ArrowArray *a, const struct sql_shape *s, int64_t from,
             size_t n, duckdb_vector v, nl_error *err)
{
    struct fill f = {.duck = duck, .a = a, .shape = s, .t = &s->type, .first = a->offset + from, .n = n, .v = v};
    return n ? fill_rows(&f, NULL, err) : NL_OK;
}
