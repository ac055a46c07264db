/* decimal_wide.c: decimals of 39 to 76 digits to 256 bits: two's complement, little-endian.
 *
 *     FIXED_LEN_BYTE_ARRAY, BYTE_ARRAY     big-endian, of any length: what is longer than 32 bytes must be sign alone there
 *
 * They are rare: a word at a time, no kernels. Spec: parquet-format, LogicalTypes.md, "DECIMAL".
 */
#include <string.h>

#include "parquet/encoding/byte_array.h"
#include "parquet/encoding/values.h"

enum { WIDE = 32 };

bool pq_decimal256_from_bytes(void *out, const uint8_t *in, size_t len)
{
    uint8_t sign = len && in[0] & 0x80 ? 0xFF : 0, big[WIDE];
    uint64_t words[4];
    for (; len > WIDE; in++, len--)
        if (in[0] != sign || (in[1] & 0x80) != (sign & 0x80))
            return false;
    memset(big, sign, WIDE - len);
    memcpy(big + WIDE - len, in, len);
    for (int i = 0; i < 4; i++) {
        memcpy(&words[i], big + 8 * (3 - i), 8);
        words[i] = __builtin_bswap64(words[i]);
    }
    memcpy(out, words, sizeof words);
    return true;
}

int pq_decimals256_from_fixed(void *out, const uint8_t *in, size_t n, size_t width, nl_error *err)
{
    uint8_t *to = out;
    for (size_t i = 0; i < n; i++)
        if (!pq_decimal256_from_bytes(to + i * WIDE, in + i * width, width))
            return nl_fail(err, NL_CORRUPT, "a decimal of more than 256 bits");
    return NL_OK;
}

int pq_decimals256_from_plain(void *out, size_t n, const uint8_t **in, const uint8_t *end, nl_error *err)
{
    uint8_t *to = out;
    const uint8_t *p = *in;
    for (size_t i = 0; i < n; i++) {
        uint32_t len = 0;
        int rc = pq_byte_array(&p, end, &len, i, n, err);
        if (rc)
            return rc;
        if (!pq_decimal256_from_bytes(to + i * WIDE, p, len))
            return nl_fail(err, NL_CORRUPT, "a decimal of more than 256 bits");
        p += len;
    }
    *in = p;
    return NL_OK;
}
