/* levels_avx512.c: 64 levels are one register, and their comparison is one word. */
#include <immintrin.h>

#include "parquet/encoding/kernel.h"

size_t pq_at_least_avx512(const uint8_t *levels, size_t n, uint8_t least, uint64_t *bits)
{
    const __m512i compared = _mm512_set1_epi8((char)least);
    size_t ones = 0;
    for (size_t i = 0; i < n; i += 64) {
        uint64_t word = _mm512_cmpge_epu8_mask(_mm512_loadu_si512(levels + i), compared);
        word = _bzhi_u64(word, n - i < 64 ? (unsigned)(n - i) : 64);
        ones += (size_t)_mm_popcnt_u64(word);
        bits[i / 64] = word;
    }
    return ones;
}
