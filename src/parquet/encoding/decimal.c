/* decimal.c: decimals in their four representations to 128 bits: two's complement, little-endian.
 *
 *     INT32, INT64             sign-extended
 *     FIXED_LEN_BYTE_ARRAY     big-endian: the head and the tail of a value are loaded as words, turned, and joined
 *     BYTE_ARRAY               the same, each behind its own length
 *
 * Spec: parquet-format, LogicalTypes.md, "DECIMAL".
 */
#include <string.h>

#include "parquet/encoding/byte_array.h"
#include "parquet/encoding/values.h"

typedef struct {
    uint64_t low, high;
} wide;

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

static inline uint64_t big_endian(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

static inline uint64_t shift_signed(uint64_t v, size_t bits)
{
    return (uint64_t)((int64_t)v >> bits);
}

/* 9 to 16 bytes; nothing beside them is read. */
static inline wide from_long(const uint8_t *in, size_t len)
{
    return (wide){big_endian(in + len - 8), shift_signed(big_endian(in), 8 * (16 - len))};
}

/* 1 to 8 bytes, and what lies behind them. */
static inline wide from_short(const uint8_t *in, size_t len)
{
    uint64_t low = shift_signed(big_endian(in), 8 * (8 - len));
    return (wide){low, low >> 63 ? UINT64_MAX : 0};
}

bool pq_decimal_from_bytes(void *out, const uint8_t *in, size_t len)
{
    uint8_t sign = len && in[0] & 0x80 ? 0xFF : 0;
    for (; len > 16; in++, len--) /* longer ones must be sign alone above bit 127 */
        if (in[0] != sign || (in[1] & 0x80) != (sign & 0x80))
            return false;
    wide v;
    if (len > 8) {
        v = from_long(in, len);
    } else {
        uint64_t low = sign ? UINT64_MAX : 0;
        for (size_t i = 0; i < len; i++)
            low = low << 8 | in[i];
        v = (wide){low, sign ? UINT64_MAX : 0};
    }
    memcpy(out, &v, sizeof v);
    return true;
}

bool pq_decimal_from_fixed(void *out, const uint8_t *in, size_t n, size_t width)
{
    wide *to = out;
    if (width > 16) {
        for (size_t i = 0; i < n; i++)
            if (!pq_decimal_from_bytes(&to[i], in + i * width, width))
                return false;
    } else if (width > 8) {
        for (size_t i = 0; i < n; i++, in += width)
            to[i] = from_long(in, width);
    } else if (width) {
        for (size_t i = 0; i < n; i++, in += width)
            to[i] = from_short(in, width);
    } else {
        memset(out, 0, n * sizeof *to);
    }
    return true;
}

int pq_decimals_from_plain(void *out, size_t n, const uint8_t **in, const uint8_t *end, nl_error *err)
{
    wide *to = out;
    const uint8_t *p = *in;
    for (size_t i = 0; i < n; i++) {
        uint32_t len = 0;
        int rc = pq_byte_array(&p, end, &len, i, n, err);
        if (rc)
            return rc;
        if (len - 1 < 8)
            to[i] = from_short(p, len);
        else if (!pq_decimal_from_bytes(&to[i], p, len))
            return nl_fail(err, NL_CORRUPT, "a decimal of more than 128 bits");
        p += len;
    }
    *in = p;
    return NL_OK;
}
