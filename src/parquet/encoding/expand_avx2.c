/* expand_avx2.c: dense numbers to where nulls leave gaps, 32 bytes at a time, from the back.
 *
 * The numbers of eight lanes are dealt out to the ones of the mask by pdep, byte by byte, and permute the register.
 */
#include <immintrin.h>
#include <string.h>

#include "parquet/encoding/kernel.h"

/* Eight lanes of 4 bytes, from `from` on, to the ones of mask; to may overlap from. */
static inline void lanes(uint8_t *to, const uint8_t *from, uint64_t mask)
{
    uint64_t bytes = _pdep_u64(mask, 0x0101010101010101) * 0xFF;
    __m128i numbers = _mm_cvtsi64_si128((long long)_pdep_u64(0x0706050403020100, bytes));
    __m256i keep = _mm256_cvtepi8_epi32(_mm_cvtsi64_si128((long long)bytes));
    __m256i v = _mm256_loadu_si256((const __m256i *)from);
    v = _mm256_permutevar8x32_epi32(v, _mm256_cvtepu8_epi32(numbers));
    _mm256_storeu_si256((__m256i *)to, _mm256_and_si256(v, keep));
}

size_t pq_expand4_avx2(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k)
{
    /* A load ends at most where the store does, or 32 bytes behind it: within what is there, for p ≤ at + k. */
    if (k % 8) {
        size_t rest = k % 8;
        p = pq_expand4_scalar(values, p, mask >> (k - rest), at + k - rest, rest);
        k -= rest;
    }
    while (k) {
        k -= 8;
        uint64_t some = mask >> k & 0xFF;
        p -= (size_t)_mm_popcnt_u64(some);
        lanes(values + (at + k) * 4, values + p * 4, some);
    }
    return p;
}

size_t pq_expand8_avx2(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k)
{
    if (k % 4) {
        size_t rest = k % 4;
        p = pq_expand8_scalar(values, p, mask >> (k - rest), at + k - rest, rest);
        k -= rest;
    }
    while (k) {
        k -= 4;
        uint64_t some = mask >> k & 0xF;
        p -= (size_t)_mm_popcnt_u64(some);
        lanes(values + (at + k) * 8, values + p * 8, _pdep_u64(some, 0x55) * 3); /* two lanes a number */
    }
    return p;
}
