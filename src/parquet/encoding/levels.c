/* levels.c: levels to bits, bits to fewer bits; the scalar twin.
 *
 *     levels    2 0 2 1 …  ≥ 2  ──▶  1 0 1 0 …
 *     compress  bits 1 0 1 0, slots 1 1 0 0  ──▶  1 0
 */
#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/kernel.h"

size_t pq_at_least_scalar(const uint8_t *levels, size_t n, uint8_t least, uint64_t *bits)
{
    size_t ones = 0;
    for (size_t i = 0; i < n; i += 64) {
        uint64_t word = 0;
        size_t k = n - i < 64 ? n - i : 64;
        for (size_t b = 0; b < k; b++)
            word |= (uint64_t)(levels[i + b] >= least) << b;
        ones += pq_ones(word);
        bits[i / 64] = word;
    }
    return ones;
}

/* The bits of v at the ones of mask, moved down. */
static uint64_t extract(uint64_t v, uint64_t mask)
{
    uint64_t out = 0;
    for (unsigned at = 0; mask; at++, mask &= mask - 1)
        out |= (v >> __builtin_ctzll(mask) & 1) << at;
    return out;
}

size_t pq_compress_scalar(const uint64_t *bits, const uint64_t *slots, size_t n, uint64_t *out)
{
    uint64_t word = 0;
    size_t ones = 0;
    unsigned filled = 0; /* bits of word */
    for (size_t i = 0; i < n; i++) {
        unsigned more = (unsigned)pq_ones(slots[i]);
        uint64_t v = extract(bits[i], slots[i]);
        ones += pq_ones(v);
        word |= v << filled;
        filled += more;
        if (filled >= 64) {
            *out++ = word;
            filled -= 64;
            word = filled ? v >> (more - filled) : 0;
        }
    }
    if (filled)
        *out = word;
    return ones;
}
