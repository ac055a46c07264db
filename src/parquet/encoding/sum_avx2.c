/* sum_avx2.c: deltas of 32 bits added up, eight at a time. Four of 64 bits are no faster than one after the other.
 *
 *     a b c d │ e f g h      + moved by 1, then by 2, in each half
 *     … abcd  │ … efgh       + the first half's last, in the second; + the value before, everywhere
 */
#include <immintrin.h>

#include "parquet/encoding/kernel.h"

uint32_t pq_sum32_avx2(uint8_t *out, const uint32_t *deltas, size_t n, uint32_t min, uint32_t last)
{
    const __m256i least = _mm256_set1_epi32((int)min), end = _mm256_set1_epi32(7), half = _mm256_set1_epi32(3);
    __m256i before = _mm256_set1_epi32((int)last);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i v = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(deltas + i)), least);
        v = _mm256_add_epi32(v, _mm256_slli_si256(v, 4));
        v = _mm256_add_epi32(v, _mm256_slli_si256(v, 8));
        __m256i first = _mm256_permutevar8x32_epi32(v, half);
        v = _mm256_add_epi32(v, _mm256_blend_epi32(_mm256_setzero_si256(), first, 0xF0));
        v = _mm256_add_epi32(v, before);
        _mm256_storeu_si256((__m256i *)(out + i * sizeof last), v);
        before = _mm256_permutevar8x32_epi32(v, end);
    }
    last = (uint32_t)_mm256_cvtsi256_si32(before);
    return pq_sum32_scalar(out + i * sizeof last, deltas + i, n - i, min, last);
}
