/* prefixes.c: DELTA_BYTE_ARRAY put together.
 *
 *     prefixes 0 2 0, lengths 4 4 6, suffixes axis│le│babble   →   axis│axle│babble
 *
 * Most pieces are short: they are copied as 32 bytes, whatever their length, and what is too much is written over by the
 * next piece. The last values, behind which there is no room for that, are copied exactly.
 *
 * Spec: parquet-format, Encodings.md, "DELTA_BYTE_ARRAY = 7".
 */
#include <string.h>

#include "parquet/encoding/values.h"

enum { AT_ONCE = 32 };

typedef uint64_t half __attribute__((vector_size(16)));

/* len bytes, and up to AT_ONCE may be written and read; the two may overlap behind the first len. */
static inline void copy_piece(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len > AT_ONCE) {
        memcpy(to, from, len);
        return;
    }
    half low, high;
    memcpy(&low, from, sizeof low);
    memcpy(&high, from + sizeof low, sizeof high);
    memcpy(to, &low, sizeof low);
    memcpy(to + sizeof low, &high, sizeof high);
}

const uint8_t *pq_prefixes_join(uint8_t *to, size_t total, const uint8_t *before, const uint8_t *suffixes,
                                const int32_t *prefixes, const int32_t *lengths, size_t n)
{
    const uint8_t *end = to + total;
    if (!before)
        before = to;
    for (size_t i = 0; i < n; i++) {
        size_t prefix = (size_t)prefixes[i], length = (size_t)lengths[i], suffix = length - prefix;
        if ((size_t)(end - to) >= length + AT_ONCE) {
            copy_piece(to, before, prefix);
            copy_piece(to + prefix, suffixes, suffix);
        } else {
            if (prefix)
                memcpy(to, before, prefix);
            if (suffix)
                memcpy(to + prefix, suffixes, suffix);
        }
        suffixes += suffix;
        before = to;
        to += length;
    }
    return suffixes;
}
