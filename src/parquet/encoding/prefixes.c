/* prefixes.c: DELTA_BYTE_ARRAY put together.
 *
 *     prefixes 0 2 0, lengths 4 4 6, suffixes axis│le│babble   →   axis│axle│babble
 *
 * A value of up to 16 bytes is put together in a register, in which the one before still is: to load it again from where
 * it was just stored in pieces would wait for memory each time. Longer ones are copied in pieces of up to 32 bytes, whatever
 * their length, and what is too much is written over by the next piece. The last values, behind which there is no room for
 * that, are copied exactly.
 *
 * Spec: parquet-format, Encodings.md, "DELTA_BYTE_ARRAY = 7".
 */
#include <string.h>

#include "parquet/encoding/values.h"

enum { AT_ONCE = 32 };

typedef unsigned __int128 word;

static inline word load(const uint8_t *p)
{
    word v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* len bytes, and up to AT_ONCE may be written and read; the two may overlap behind the first len. */
static inline void copy_piece(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len > AT_ONCE) {
        memcpy(to, from, len);
        return;
    }
    word low = load(from), high = load(from + sizeof low);
    memcpy(to, &low, sizeof low);
    memcpy(to + sizeof low, &high, sizeof high);
}

/* The first prefix ≤ 16 bytes of a value, and the suffix behind them. */
static inline word put_together(word value, word suffix, size_t prefix)
{
    word kept = prefix < sizeof kept ? ((word)1 << 8 * prefix) - 1 : ~(word)0;
    return (value & kept) | (prefix < sizeof suffix ? suffix << 8 * prefix : 0);
}

const uint8_t *pq_prefixes_join(uint8_t *to, size_t total, const uint8_t *before, const uint8_t *suffixes,
                                const int32_t *prefixes, const int32_t *lengths, size_t n)
{
    const uint8_t *end = to + total;
    word value = 0;
    bool held = false; /* value has the first 16 bytes of the value before */
    if (!before)
        before = to;
    for (size_t i = 0; i < n; i++) {
        size_t prefix = (size_t)prefixes[i], length = (size_t)lengths[i], suffix = length - prefix;
        bool is_short = length <= sizeof value, room = (size_t)(end - to) >= length + AT_ONCE;
        if (room && is_short) {
            value = put_together(held ? value : load(before), load(suffixes), prefix);
            memcpy(to, &value, sizeof value);
        } else if (room) {
            copy_piece(to, before, prefix);
            copy_piece(to + prefix, suffixes, suffix);
        } else {
            if (prefix)
                memcpy(to, before, prefix);
            if (suffix)
                memcpy(to + prefix, suffixes, suffix);
        }
        held = room && is_short;
        suffixes += suffix;
        before = to;
        to += length;
    }
    return suffixes;
}
