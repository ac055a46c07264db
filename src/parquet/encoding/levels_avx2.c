/* levels_avx2.c: levels to bits, 64 at a time; bits to fewer bits by one instruction a word. */
#include <immintrin.h>

#include "parquet/encoding/kernel.h"

static inline uint64_t at_least32(const uint8_t *levels, __m256i least)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)levels);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(v, least), v));
}

size_t pq_at_least_avx2(const uint8_t *levels, size_t n, uint8_t least, uint64_t *bits)
{
    const __m256i compared = _mm256_set1_epi8((char)least);
    size_t ones = 0;
    for (size_t i = 0; i < n; i += 64) {
        uint64_t word = at_least32(levels + i, compared);
        if (n - i > 32) /* not further beyond the levels than 64 bytes */
            word |= at_least32(levels + i + 32, compared) << 32;
        word = _bzhi_u64(word, n - i < 64 ? (unsigned)(n - i) : 64);
        ones += (size_t)_mm_popcnt_u64(word);
        bits[i / 64] = word;
    }
    return ones;
}

size_t pq_compress_avx2(const uint64_t *bits, const uint64_t *slots, size_t n, uint64_t *out)
{
    uint64_t word = 0;
    size_t ones = 0;
    unsigned filled = 0; /* bits of word */
    for (size_t i = 0; i < n; i++) {
        unsigned more = (unsigned)_mm_popcnt_u64(slots[i]);
        uint64_t v = _pext_u64(bits[i], slots[i]);
        ones += (size_t)_mm_popcnt_u64(v);
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
