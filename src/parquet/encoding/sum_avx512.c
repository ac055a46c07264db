/* sum_avx512.c: deltas added up, 16 of 32 bits or 8 of 64 at a time: each lane adds the one 1, 2, 4, 8 before it, and all
 * the value before them. */
#include <immintrin.h>

#include "parquet/encoding/kernel.h"

/* The lanes moved up by n, zeros behind them. */
#define UP32(v, n) _mm512_alignr_epi32((v), _mm512_setzero_si512(), 16 - (n))
#define UP64(v, n) _mm512_alignr_epi64((v), _mm512_setzero_si512(), 8 - (n))

uint32_t pq_sum32_avx512(uint8_t *out, const uint32_t *deltas, size_t n, uint32_t min, uint32_t last)
{
    const __m512i least = _mm512_set1_epi32((int)min), end = _mm512_set1_epi32(15);
    __m512i before = _mm512_set1_epi32((int)last);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512i v = _mm512_add_epi32(_mm512_loadu_si512(deltas + i), least);
        v = _mm512_add_epi32(v, UP32(v, 1));
        v = _mm512_add_epi32(v, UP32(v, 2));
        v = _mm512_add_epi32(v, UP32(v, 4));
        v = _mm512_add_epi32(v, UP32(v, 8));
        __m512i sum = _mm512_add_epi32(v, before);
        _mm512_storeu_si512(out + i * sizeof last, sum);
        before = _mm512_add_epi32(before, _mm512_permutexvar_epi32(end, v)); /* the chain is one addition */
    }
    last = (uint32_t)_mm512_cvtsi512_si32(before);
    return pq_sum32_scalar(out + i * sizeof last, deltas + i, n - i, min, last);
}

uint64_t pq_sum64_avx512(uint8_t *out, const uint32_t *deltas, size_t n, uint64_t min, uint64_t last)
{
    const __m512i least = _mm512_set1_epi64((long long)min), end = _mm512_set1_epi64(7);
    __m512i before = _mm512_set1_epi64((long long)last);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m512i v = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(deltas + i)));
        v = _mm512_add_epi64(v, least);
        v = _mm512_add_epi64(v, UP64(v, 1));
        v = _mm512_add_epi64(v, UP64(v, 2));
        v = _mm512_add_epi64(v, UP64(v, 4));
        _mm512_storeu_si512(out + i * sizeof last, _mm512_add_epi64(v, before));
        before = _mm512_add_epi64(before, _mm512_permutexvar_epi64(end, v));
    }
    last = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(before));
    return pq_sum64_scalar(out + i * sizeof last, deltas + i, n - i, min, last);
}
