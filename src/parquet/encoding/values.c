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
#include "parquet/encoding/kernel.h"

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

/* Every bit of 32 twice. */
static uint64_t twice(uint64_t mask)
{
    mask = (mask | mask << 16) & 0x0000FFFF0000FFFF;
    mask = (mask | mask << 8) & 0x00FF00FF00FF00FF;
    mask = (mask | mask << 4) & 0x0F0F0F0F0F0F0F0F;
    mask = (mask | mask << 2) & 0x3333333333333333;
    mask = (mask | mask << 1) & 0x5555555555555555;
    return mask * 3;
}

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
        return pq_kernel()->expand4(values, p, mask, at, k);
    case 8:
        return pq_kernel()->expand8(values, p, mask, at, k);
    case 16:
        return pq_kernel()->expand8(values, 2 * p, twice(mask), 2 * at, 2 * k) / 2;
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
        size_t ones = pq_ones(mask);
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

int pq_intervals_widen(void *out, const void *in, size_t n, nl_error *err)
{
    const uint8_t *from = in;
    uint8_t *to = out;
    for (size_t i = 0; i < n; i++, from += 12, to += 16) {
        uint32_t part[3]; /* months, days, milliseconds */
        memcpy(part, from, sizeof part);
        if (part[0] > INT32_MAX || part[1] > INT32_MAX)
            return nl_fail(err, NL_UNSUPPORTED, "an INTERVAL of %u %s does not fit into 31 bits",
                           part[0] > INT32_MAX ? part[0] : part[1], part[0] > INT32_MAX ? "months" : "days");
        int64_t nanos = (int64_t)part[2] * 1000000;
        memcpy(to, part, 8);
        memcpy(to + 8, &nanos, 8);
    }
    return NL_OK;
}
