/* byte_array.h: PLAIN byte arrays, one after the other, for the loops that turn them into views or numbers.
 *
 *     │ length, 4 bytes LE │ the bytes │ length │ …
 *
 * Spec: parquet-format, Encodings.md, "PLAIN = 0".
 */
#ifndef NL_PARQUET_ENCODING_BYTE_ARRAY_H
#define NL_PARQUET_ENCODING_BYTE_ARRAY_H

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

/* Value i of n: its length into *len, held against what is left; *p moves to its first byte. NL_CORRUPT. */
static inline int pq_byte_array(const uint8_t **p, const uint8_t *end, uint32_t *len, size_t i, size_t n, nl_error *err)
{
    if (end - *p < 4)
        return nl_fail(err, NL_CORRUPT, "value %zu of %zu: its length lies beyond the page's end", i, n);
    memcpy(len, *p, sizeof *len);
    if (*len > (size_t)(end - *p - 4))
        return nl_fail(err, NL_CORRUPT, "value %zu of %zu: %" PRIu32 " bytes, %td are left", i, n, *len, end - *p - 4);
    *p += 4;
    return NL_OK;
}

#endif
