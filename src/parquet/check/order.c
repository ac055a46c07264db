/* order.c: comparisons of stored values, one line a type. */
#include "parquet/check/order.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static enum pq_check_order bytes_order(const struct pq_schema_element *e)
{
    if (e->logical.kind == PQ_LOGICAL_DECIMAL || e->converted == PQ_CONVERTED_DECIMAL)
        return PQ_CHECK_DECIMAL;
    switch (e->logical.kind) {
    case PQ_LOGICAL_NONE:
        return e->converted == PQ_CONVERTED_INTERVAL ? PQ_CHECK_UNORDERED : PQ_CHECK_BYTES;
    case PQ_LOGICAL_STRING:
    case PQ_LOGICAL_ENUM:
    case PQ_LOGICAL_JSON:
    case PQ_LOGICAL_BSON:
    case PQ_LOGICAL_UUID:
        return PQ_CHECK_BYTES;
    case PQ_LOGICAL_FLOAT16:
        return e->type_length == 2 ? PQ_CHECK_FLOAT16 : PQ_CHECK_UNORDERED;
    default:
        return PQ_CHECK_UNORDERED;
    }
}

static bool is_unsigned(const struct pq_schema_element *e)
{
    if (e->logical.kind == PQ_LOGICAL_INTEGER)
        return !e->logical.is_signed;
    return e->converted >= PQ_CONVERTED_UINT_8 && e->converted <= PQ_CONVERTED_UINT_64;
}

enum pq_check_order pq_check_order_of(const struct pq_schema_element *e)
{
    switch (e->type) {
    case PQ_BOOLEAN:
        return PQ_CHECK_BOOL;
    case PQ_INT32:
        return is_unsigned(e) ? PQ_CHECK_UINT32 : PQ_CHECK_INT32;
    case PQ_INT64:
        return is_unsigned(e) ? PQ_CHECK_UINT64 : PQ_CHECK_INT64;
    case PQ_FLOAT:
        return PQ_CHECK_FLOAT;
    case PQ_DOUBLE:
        return PQ_CHECK_DOUBLE;
    case PQ_BYTE_ARRAY:
    case PQ_FIXED_LEN_BYTE_ARRAY:
        return bytes_order(e);
    default:
        return PQ_CHECK_UNORDERED;
    }
}

bool pq_check_order_is_signed(enum pq_check_order o)
{
    return o == PQ_CHECK_BOOL || o == PQ_CHECK_INT32 || o == PQ_CHECK_INT64 || o == PQ_CHECK_FLOAT ||
           o == PQ_CHECK_DOUBLE;
}

bool pq_check_order_fits(enum pq_check_order o, struct pq_slice s)
{
    static const uint8_t widths[] = {[PQ_CHECK_BOOL] = 1,   [PQ_CHECK_INT32] = 4,  [PQ_CHECK_INT64] = 8,
                                     [PQ_CHECK_UINT32] = 4, [PQ_CHECK_UINT64] = 8, [PQ_CHECK_FLOAT16] = 2,
                                     [PQ_CHECK_FLOAT] = 4,  [PQ_CHECK_DOUBLE] = 8, [PQ_CHECK_DECIMAL] = 0};
    if (o == PQ_CHECK_DECIMAL)
        return s.len > 0;
    return o == PQ_CHECK_BYTES || (o != PQ_CHECK_UNORDERED && s.len == widths[o]);
}

/* IEEE 754 binary16 as a double. */
static double half(const uint8_t *p)
{
    uint16_t bits = (uint16_t)(p[0] | p[1] << 8);
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double v = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
               : exponent == 0 ? ldexp(fraction, -24)
                               : ldexp(1024 + fraction, exponent - 25);
    return bits & 0x8000 ? -v : v;
}

static double float_of(enum pq_check_order o, struct pq_slice s)
{
    float single;
    double wide;
    if (o == PQ_CHECK_FLOAT16)
        return half(s.data);
    if (o == PQ_CHECK_FLOAT) {
        memcpy(&single, s.data, sizeof single);
        return single;
    }
    memcpy(&wide, s.data, sizeof wide);
    return wide;
}

static int64_t integer_of(enum pq_check_order o, struct pq_slice s)
{
    int32_t narrow;
    int64_t wide;
    if (o == PQ_CHECK_BOOL)
        return s.data[0];
    if (o == PQ_CHECK_INT64 || o == PQ_CHECK_UINT64) {
        memcpy(&wide, s.data, sizeof wide);
        return wide;
    }
    memcpy(&narrow, s.data, sizeof narrow);
    return o == PQ_CHECK_UINT32 ? (int64_t)(uint32_t)narrow : narrow;
}

bool pq_check_is_nan(enum pq_check_order o, struct pq_slice s)
{
    bool is_float = o == PQ_CHECK_FLOAT16 || o == PQ_CHECK_FLOAT || o == PQ_CHECK_DOUBLE;
    return is_float && pq_check_order_fits(o, s) && isnan(float_of(o, s));
}

/* Two's complement, big-endian: the shorter one is extended by its sign. */
static int compare_decimals(struct pq_slice a, struct pq_slice b)
{
    bool a_negative = a.data[0] & 0x80, b_negative = b.data[0] & 0x80;
    if (a_negative != b_negative)
        return a_negative ? -1 : 1;
    size_t len = a.len > b.len ? a.len : b.len;
    uint8_t fill = a_negative ? 0xFF : 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t x = i + a.len < len ? fill : a.data[i + a.len - len];
        uint8_t y = i + b.len < len ? fill : b.data[i + b.len - len];
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

int pq_check_compare(enum pq_check_order o, struct pq_slice a, struct pq_slice b)
{
    switch (o) {
    case PQ_CHECK_FLOAT16:
    case PQ_CHECK_FLOAT:
    case PQ_CHECK_DOUBLE: {
        double x = float_of(o, a), y = float_of(o, b);
        return (x > y) - (x < y);
    }
    case PQ_CHECK_BYTES: {
        size_t len = a.len < b.len ? a.len : b.len;
        int c = len ? memcmp(a.data, b.data, len) : 0;
        return c ? c : (a.len > b.len) - (a.len < b.len);
    }
    case PQ_CHECK_DECIMAL:
        return compare_decimals(a, b);
    case PQ_CHECK_UINT64: {
        uint64_t x = (uint64_t)integer_of(o, a), y = (uint64_t)integer_of(o, b);
        return (x > y) - (x < y);
    }
    case PQ_CHECK_UNORDERED:
        return 0;
    default: {
        int64_t x = integer_of(o, a), y = integer_of(o, b);
        return (x > y) - (x < y);
    }
    }
}

const char *pq_check_show(enum pq_check_order o, struct pq_slice s, char out[static 64])
{
    bool fits = pq_check_order_fits(o, s);
    if (fits && (o == PQ_CHECK_FLOAT16 || o == PQ_CHECK_FLOAT || o == PQ_CHECK_DOUBLE)) {
        snprintf(out, 64, "%.9g", float_of(o, s));
    } else if (fits && o == PQ_CHECK_UINT64) {
        snprintf(out, 64, "%" PRIu64, (uint64_t)integer_of(o, s));
    } else if (fits && o != PQ_CHECK_BYTES && o != PQ_CHECK_DECIMAL) {
        snprintf(out, 64, "%" PRId64, integer_of(o, s));
    } else if (o == PQ_CHECK_BYTES && nl_utf8_valid(s.data, s.len)) {
        out[0] = '\'';
        size_t len = nl_printable((const char *)s.data, s.len, out + 1, 48);
        out[len + 1] = '\'';
        out[len + 2] = 0;
    } else {
        out[0] = '0';
        out[1] = 'x';
        nl_hex(s.data, s.len < 24 ? s.len : 24, out + 2);
    }
    return out;
}

static int keep(nl_buf *b, struct pq_slice s, nl_error *err)
{
    nl_buf_clear(b);
    return nl_buf_append(b, s.data, s.len, err);
}

static struct pq_slice kept(const nl_buf *b)
{
    return (struct pq_slice){(const uint8_t *)b->data, b->len};
}

int pq_check_range_add(struct pq_check_range *r, enum pq_check_order o, const struct pq_slice *values, size_t n,
                       nl_error *err)
{
    const struct pq_slice *min = NULL, *max = NULL;
    if (o == PQ_CHECK_UNORDERED)
        return NL_OK;
    for (size_t i = 0; i < n; i++) {
        if (!pq_check_order_fits(o, values[i]))
            continue;
        if (pq_check_is_nan(o, values[i])) {
            r->nans++;
            continue;
        }
        if (!min || pq_check_compare(o, values[i], *min) < 0)
            min = &values[i];
        if (!max || pq_check_compare(o, values[i], *max) > 0)
            max = &values[i];
    }
    if (!min)
        return NL_OK;
    int rc = NL_OK;
    if (!r->any || pq_check_compare(o, *min, kept(&r->min)) < 0)
        rc = keep(&r->min, *min, err);
    if (rc == NL_OK && (!r->any || pq_check_compare(o, *max, kept(&r->max)) > 0))
        rc = keep(&r->max, *max, err);
    r->any = r->any || rc == NL_OK;
    return rc;
}

int pq_check_range_join(struct pq_check_range *r, enum pq_check_order o, const struct pq_check_range *more,
                        nl_error *err)
{
    struct pq_slice both[] = {kept(&more->min), kept(&more->max)};
    r->nans += more->nans;
    return more->any ? pq_check_range_add(r, o, both, 2, err) : NL_OK;
}

void pq_check_range_clear(struct pq_check_range *r)
{
    nl_buf_clear(&r->min);
    nl_buf_clear(&r->max);
    r->any = false;
    r->nans = 0;
}

void pq_check_range_free(struct pq_check_range *r)
{
    nl_buf_free(&r->min);
    nl_buf_free(&r->max);
}
