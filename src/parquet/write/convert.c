/* convert.c: Arrow's values into Parquet's: gather.h's dense blocks, whose values are not null, one loop a conversion. */
#include "parquet/write/convert.h"

#include <string.h>

/* Each takes n values, aligned and dense, and answers how many were fine. */

#define WIDEN(NAME, FROM, TO)                                                                                          \
    static void NAME(const FROM *in, size_t n, TO *out)                                                                \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++)                                                                                 \
            out[i] = in[i];                                                                                            \
    }
WIDEN(widen_i8, int8_t, int32_t)
WIDEN(widen_u8, uint8_t, int32_t)
WIDEN(widen_i16, int16_t, int32_t)
WIDEN(widen_u16, uint16_t, int32_t)

static size_t seconds_4(const int32_t *in, size_t n, int32_t *out)
{
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(in[i], 1000, &out[i]))
            return i;
    return n;
}

static size_t seconds_8(const int64_t *in, size_t n, int64_t *out)
{
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(in[i], 1000, &out[i]))
            return i;
    return n;
}

/* Milliseconds to days, towards the past. */
static size_t days(const int64_t *in, size_t n, int32_t *out)
{
    const int64_t day = 86400000;
    for (size_t i = 0; i < n; i++) {
        int64_t d = in[i] / day - (in[i] % day < 0);
        if (d < INT32_MIN || d > INT32_MAX)
            return i;
        out[i] = (int32_t)d;
    }
    return n;
}

/* ── decimals: first as 128 bits, whatever they were ── */

/* 256 bits into 128 where the value fits. */
static size_t narrow(const uint64_t *in, size_t n, __int128 *out)
{
    for (size_t i = 0; i < n; i++, in += 4) {
        uint64_t sign = in[1] >> 63 ? UINT64_MAX : 0;
        if (in[2] != sign || in[3] != sign)
            return i;
        out[i] = (__int128)((unsigned __int128)in[1] << 64 | in[0]);
    }
    return n;
}

static size_t to_128(const void *in, size_t width, size_t n, __int128 *out)
{
    if (width == 32)
        return narrow(in, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = width == 4 ? ((const int32_t *)in)[i] : ((const int64_t *)in)[i];
    return n;
}

#define DECIMAL(NAME, TO)                                                                                              \
    static size_t NAME(const __int128 *in, size_t n, __int128 bound, TO *out)                                          \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++) {                                                                               \
            if (in[i] >= bound || in[i] <= -bound)                                                                     \
                return i;                                                                                              \
            out[i] = (TO)in[i];                                                                                        \
        }                                                                                                              \
        return n;                                                                                                      \
    }
DECIMAL(decimal_4, int32_t)
DECIMAL(decimal_8, int64_t)

/* The low `width` bytes of each, big-endian, and a slice for each. */
static size_t decimal_flba(const __int128 *in, size_t n, __int128 bound, size_t width, uint8_t *out,
                           struct pq_slice *slices)
{
    for (size_t i = 0; i < n; i++, out += width) {
        if (in[i] >= bound || in[i] <= -bound)
            return i;
        uint64_t half[2] = {__builtin_bswap64((uint64_t)(in[i] >> 64)), __builtin_bswap64((uint64_t)in[i])};
        memcpy(out, (const uint8_t *)half + 16 - width, width);
        slices[i] = (struct pq_slice){out, width};
    }
    return n;
}

static size_t decimals(const struct pq_write_type *t, const void *in, size_t n, struct pq_scratch *s)
{
    size_t fit = n;
    if (t->arrow_width != 16) {
        fit = to_128(in, t->arrow_width, n, s->decimals);
        in = s->decimals;
    }
    if (t->convert == PQ_DECIMAL_4)
        return decimal_4(in, fit, t->bound, (int32_t *)(void *)s->converted);
    if (t->convert == PQ_DECIMAL_8)
        return decimal_8(in, fit, t->bound, (int64_t *)(void *)s->converted);
    return decimal_flba(in, fit, t->bound, t->width, s->converted, s->slices);
}

/* Is |v|, of four words, below the bound? */
static bool below(const uint64_t v[4], const uint64_t bound[4])
{
    uint64_t sign = v[3] >> 63 ? UINT64_MAX : 0, carry = sign & 1, magnitude[4];
    for (int i = 0; i < 4; i++) {
        magnitude[i] = (v[i] ^ sign) + carry;
        carry = carry && !magnitude[i];
    }
    for (int i = 3; i >= 0; i--)
        if (magnitude[i] != bound[i])
            return magnitude[i] < bound[i];
    return false;
}

static size_t decimal_wide(const struct pq_write_type *t, const uint64_t *in, size_t n, struct pq_scratch *s)
{
    uint8_t *out = s->converted;
    for (size_t i = 0; i < n; i++, in += 4, out += t->width) {
        if (!below(in, t->wide))
            return i;
        uint64_t big[4] = {__builtin_bswap64(in[3]), __builtin_bswap64(in[2]), __builtin_bswap64(in[1]),
                           __builtin_bswap64(in[0])};
        memcpy(out, (const uint8_t *)big + 32 - t->width, t->width);
        s->slices[i] = (struct pq_slice){out, t->width};
    }
    return n;
}

/* ── intervals ── */

/* Months, days and milliseconds of one value. False: a part that is negative, or no whole milliseconds. */
static bool interval_parts(const uint8_t *in, size_t width, int32_t part[3])
{
    memset(part, 0, 3 * sizeof(*part));
    if (width == 8) {
        memcpy(part + 1, in, 8);
    } else {
        memcpy(part, in, width == 4 ? 4 : 8);
        int64_t nanos = 0, millis;
        if (width == 16)
            memcpy(&nanos, in + 8, 8);
        millis = nanos / 1000000;
        if (nanos % 1000000 || millis < 0 || millis > UINT32_MAX)
            return false;
        uint32_t low = (uint32_t)millis;
        memcpy(part + 2, &low, 4);
        return part[0] >= 0 && part[1] >= 0;
    }
    return part[1] >= 0 && part[2] >= 0;
}

static size_t intervals(const struct pq_write_type *t, const uint8_t *in, size_t n, struct pq_scratch *s)
{
    for (size_t i = 0; i < n; i++) {
        int32_t part[3];
        if (!interval_parts(in + i * t->arrow_width, t->arrow_width, part))
            return i;
        memcpy(s->converted + 12 * i, part, 12);
        s->slices[i] = (struct pq_slice){s->converted + 12 * i, 12};
    }
    return n;
}

size_t pq_to_parquet(const struct pq_write_type *t, const void *in, size_t n, struct pq_scratch *s, const void **values)
{
    void *out = s->converted;
    *values = t->form == PQ_FORM_SLICES ? (const void *)s->slices : out;
    switch (t->convert) {
    case PQ_AS_IS:
        *values = in;
        return n;
    case PQ_WIDEN_I8:
        widen_i8(in, n, out);
        return n;
    case PQ_WIDEN_U8:
        widen_u8(in, n, out);
        return n;
    case PQ_WIDEN_I16:
        widen_i16(in, n, out);
        return n;
    case PQ_WIDEN_U16:
        widen_u16(in, n, out);
        return n;
    case PQ_SECONDS_4:
        return seconds_4(in, n, out);
    case PQ_SECONDS_8:
        return seconds_8(in, n, out);
    case PQ_DAYS:
        return days(in, n, out);
    case PQ_DECIMAL_4:
    case PQ_DECIMAL_8:
    case PQ_DECIMAL_FLBA:
        return decimals(t, in, n, s);
    case PQ_DECIMAL_WIDE:
        return decimal_wide(t, in, n, s);
    case PQ_INTERVAL:
        return intervals(t, in, n, s);
    case PQ_ALL_NULL:
        break;
    }
    return n;
}
