/* values.c: gather, fill, spread and widen; one loop a width, so that the compiler sees constants.
 *
 * Spreading goes from the back, so that no value is overwritten before it has moved: the p-th dense value never stands
 * behind its place.
 *
 *     dense   a b c . . .        valid   1 0 1 0 0 1   →   a 0 b 0 0 c
 */
#include "parquet/encoding/values.h"

#include <string.h>

#include "parquet/encoding/bitmap.h"

typedef struct {
    uint64_t low, high;
} wide;

#define GATHER(type)                                                                                                   \
    static void gather_##type(type *restrict out, const type *restrict dictionary, const uint32_t *restrict indices,   \
                              size_t n)                                                                                \
    {                                                                                                                  \
        size_t i = 0;                                                                                                  \
        for (; i + 4 <= n; i += 4) {                                                                                   \
            type a = dictionary[indices[i]], b = dictionary[indices[i + 1]];                                           \
            type c = dictionary[indices[i + 2]], d = dictionary[indices[i + 3]];                                       \
            out[i] = a;                                                                                                \
            out[i + 1] = b;                                                                                            \
            out[i + 2] = c;                                                                                            \
            out[i + 3] = d;                                                                                            \
        }                                                                                                              \
        for (; i < n; i++)                                                                                             \
            out[i] = dictionary[indices[i]];                                                                           \
    }

GATHER(uint8_t)
GATHER(uint16_t)
GATHER(uint32_t)
GATHER(uint64_t)
GATHER(wide)

void pq_values_gather(void *out, const void *dictionary, const uint32_t *indices, size_t n, size_t width)
{
    switch (width) {
    case 1:
        gather_uint8_t(out, dictionary, indices, n);
        break;
    case 2:
        gather_uint16_t(out, dictionary, indices, n);
        break;
    case 4:
        gather_uint32_t(out, dictionary, indices, n);
        break;
    case 8:
        gather_uint64_t(out, dictionary, indices, n);
        break;
    case 16:
        gather_wide(out, dictionary, indices, n);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            memcpy((uint8_t *)out + i * width, (const uint8_t *)dictionary + indices[i] * width, width);
    }
}

#define FILL(type)                                                                                                     \
    static void fill_##type(type *out, type value, size_t n)                                                           \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++)                                                                                 \
            out[i] = value;                                                                                            \
    }

FILL(uint16_t)
FILL(uint32_t)
FILL(uint64_t)
FILL(wide)

void pq_values_fill(void *out, const void *value, size_t n, size_t width)
{
    union {
        uint8_t u1;
        uint16_t u2;
        uint32_t u4;
        uint64_t u8;
        wide u16;
    } v = {0};
    if (width <= sizeof v)
        memcpy(&v, value, width);
    switch (width) {
    case 1:
        memset(out, v.u1, n);
        break;
    case 2:
        fill_uint16_t(out, v.u2, n);
        break;
    case 4:
        fill_uint32_t(out, v.u4, n);
        break;
    case 8:
        fill_uint64_t(out, v.u8, n);
        break;
    case 16:
        fill_wide(out, v.u16, n);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            memcpy((uint8_t *)out + i * width, value, width);
    }
}

/* A block of k ≤ 32 places at `at`, of which `mask` are valid; p dense values are left. Returns how many are after it.
 * Without a branch a place: an invalid one reads some value and stores zero. p - 1 may be -1 only where mask has no bits
 * left: the load is then from values[0]. */
#define SPREAD(type, ZERO)                                                                                             \
    static size_t spread_##type(type *values, size_t p, uint64_t mask, size_t at, size_t k)                            \
    {                                                                                                                  \
        for (size_t b = k; b-- > 0;) {                                                                                 \
            uint64_t bit = mask >> b & 1;                                                                              \
            type v = values[p ? p - 1 : 0];                                                                            \
            ZERO;                                                                                                      \
            values[at + b] = v;                                                                                        \
            p -= bit;                                                                                                  \
        }                                                                                                              \
        return p;                                                                                                      \
    }

SPREAD(uint8_t, v &= (uint8_t)-bit)
SPREAD(uint16_t, v &= (uint16_t)-bit)
SPREAD(uint32_t, v &= (uint32_t)-bit)
SPREAD(uint64_t, v &= -bit)
SPREAD(wide, v.low &= -bit; v.high &= -bit)

static size_t spread_any(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k, size_t width)
{
    for (size_t b = k; b-- > 0;)
        if (mask >> b & 1)
            memmove(values + (at + b) * width, values + --p * width, width);
        else
            memset(values + (at + b) * width, 0, width);
    return p;
}

static size_t spread_block(void *values, size_t p, uint64_t mask, size_t at, size_t k, size_t width)
{
    switch (width) {
    case 1:
        return spread_uint8_t(values, p, mask, at, k);
    case 2:
        return spread_uint16_t(values, p, mask, at, k);
    case 4:
        return spread_uint32_t(values, p, mask, at, k);
    case 8:
        return spread_uint64_t(values, p, mask, at, k);
    case 16:
        return spread_wide(values, p, mask, at, k);
    default:
        return spread_any(values, p, mask, at, k, width);
    }
}

void pq_values_spread(void *values, size_t dense, const uint8_t *valid, size_t from, size_t n, size_t width)
{
    uint8_t *bytes = values;
    size_t p = dense;
    while (n && p < n) { /* p == n: what is left stands in its place already */
        size_t k = n % 32 ? n % 32 : 32;
        uint64_t mask = pq_bitmap_word(valid, from + n - k, k);
        size_t ones = (size_t)__builtin_popcountll(mask);
        n -= k;
        if (!ones) {
            memset(bytes + n * width, 0, k * width);
        } else if (ones == k) {
            p -= k;
            memmove(bytes + n * width, bytes + p * width, k * width);
        } else {
            p = spread_block(values, p, mask, n, k, width);
        }
    }
}

static inline __attribute__((always_inline)) void join(uint8_t *out, const uint8_t *streams, size_t n, size_t count,
                                                       const size_t width)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < width; k++)
            out[i * width + k] = streams[k * count + i];
}

void pq_values_join(void *out, const uint8_t *streams, size_t n, size_t count, size_t width)
{
    if (width == 4)
        join(out, streams, n, count, 4);
    else if (width == 8)
        join(out, streams, n, count, 8);
    else
        join(out, streams, n, count, width);
}

void pq_values_narrow(void *out, const void *in, size_t n, size_t width)
{
    const uint8_t *from = in; /* aligned to nothing: a page's bytes */
    uint8_t *to8 = out;
    uint16_t *to16 = out;
    if (width == 1)
        for (size_t i = 0; i < n; i++)
            to8[i] = from[i * 4];
    else
        for (size_t i = 0; i < n; i++)
            memcpy(&to16[i], from + i * 4, sizeof *to16);
}

void pq_decimal_from_int32(void *out, const void *in, size_t n)
{
    wide *to = out;
    for (size_t i = 0; i < n; i++) {
        int32_t v;
        memcpy(&v, (const uint8_t *)in + i * sizeof v, sizeof v);
        to[i] = (wide){(uint64_t)(int64_t)v, v < 0 ? UINT64_MAX : 0};
    }
}

void pq_decimal_from_int64(void *out, const void *in, size_t n)
{
    wide *to = out;
    for (size_t i = 0; i < n; i++) {
        int64_t v;
        memcpy(&v, (const uint8_t *)in + i * sizeof v, sizeof v);
        to[i] = (wide){(uint64_t)v, v < 0 ? UINT64_MAX : 0};
    }
}

bool pq_decimal_from_bytes(void *out, const uint8_t *in, size_t len)
{
    uint8_t sign = len && in[0] & 0x80 ? 0xFF : 0;
    for (; len > 16; in++, len--) /* longer ones must be sign alone above bit 127 */
        if (in[0] != sign || (in[1] & 0x80) != (sign & 0x80))
            return false;
    unsigned __int128 v = sign ? ~(unsigned __int128)0 : 0;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | in[i];
    memcpy(out, &v, sizeof v);
    return true;
}

int pq_nanos_from_int96(void *out, const void *in, size_t n, nl_error *err)
{
    enum { JULIAN_1970 = 2440588 };
    const int64_t day_nanos = INT64_C(86400000000000);
    int64_t *to = out;
    for (size_t i = 0; i < n; i++) {
        int64_t nanos, total;
        uint32_t julian;
        memcpy(&nanos, (const uint8_t *)in + i * 12, sizeof nanos);
        memcpy(&julian, (const uint8_t *)in + i * 12 + 8, sizeof julian);
        /* The day alone may lie outside where the sum lies inside: 128 bits for the way there. */
        __int128 sum = (__int128)((int64_t)julian - JULIAN_1970) * day_nanos + nanos;
        total = (int64_t)sum;
        if (total != sum)
            return nl_fail(err, NL_UNSUPPORTED,
                           "an INT96 time of Julian day %u does not fit into 64 bits of nanoseconds", julian);
        to[i] = total;
    }
    return NL_OK;
}

/* The lowest len ≤ 8 bytes of a word. */
static uint64_t low_bytes(uint64_t v, uint32_t len)
{
    static const uint64_t masks[] = {0,          0xFF,         0xFFFF,         0xFFFFFF,
                                     0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF,
                                     UINT64_MAX};
    return v & masks[len < 8 ? len : 8];
}

/* Both forms of a view are computed and one is taken, without a branch: lengths around 12 would mispredict. */
static inline void make_view(wide *view, const uint8_t *bytes, uint32_t len, uint32_t offset, uint32_t buffer)
{
    uint32_t prefix;
    uint64_t rest;
    memcpy(&prefix, bytes, sizeof prefix);
    memcpy(&rest, bytes + 4, sizeof rest);
    uint32_t inside = len > 4 ? len - 4 : 0;
    view->low = len | (len < 4 ? low_bytes(prefix, len) : (uint64_t)prefix) << 32;
    view->high = len <= 12 ? low_bytes(rest, inside) : buffer | (uint64_t)offset << 32;
}

void pq_view_make(void *view, const uint8_t *bytes, uint32_t len, const uint8_t *data, uint32_t buffer)
{
    wide v;
    make_view(&v, bytes, len, (uint32_t)(bytes - data), buffer);
    memcpy(view, &v, sizeof v);
}

/* The next byte array: its length is read and held against what is left. */
static inline int byte_array(const uint8_t **p, const uint8_t *end, uint32_t *len, size_t i, size_t n, nl_error *err)
{
    if (end - *p < 4)
        return nl_fail(err, NL_CORRUPT, "value %zu of %zu: its length lies beyond the page's end", i, n);
    memcpy(len, *p, sizeof *len);
    if (*len > (size_t)(end - *p - 4))
        return nl_fail(err, NL_CORRUPT, "value %zu of %zu: %u bytes, %td are left", i, n, *len, end - *p - 4);
    *p += 4;
    return NL_OK;
}

int pq_views_from_plain(void *views, size_t n, const uint8_t **in, const uint8_t *end, const uint8_t *data,
                        uint32_t buffer, nl_error *err)
{
    wide *view = views;
    const uint8_t *p = *in;
    for (size_t i = 0; i < n; i++) {
        uint32_t len = 0;
        int rc = byte_array(&p, end, &len, i, n, err);
        if (rc)
            return rc;
        make_view(&view[i], p, len, (uint32_t)(p - data), buffer);
        p += len;
    }
    *in = p;
    return NL_OK;
}

int pq_decimals_from_plain(void *out, size_t n, const uint8_t **in, const uint8_t *end, nl_error *err)
{
    uint8_t *to = out;
    for (size_t i = 0; i < n; i++, to += 16) {
        uint32_t len = 0;
        int rc = byte_array(in, end, &len, i, n, err);
        if (rc)
            return rc;
        if (!pq_decimal_from_bytes(to, *in, len))
            return nl_fail(err, NL_CORRUPT, "a decimal of more than 128 bits");
        *in += len;
    }
    return NL_OK;
}
