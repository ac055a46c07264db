/* expand_avx512.c: dense numbers to where nulls leave gaps, 64 bytes at a time, from the back: one instruction does it.
 * Loads and stores are masked: they touch the numbers that are meant alone. */
#include <immintrin.h>

#include "parquet/encoding/kernel.h"

size_t pq_expand4_avx512(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k)
{
    while (k) {
        size_t n = k % 16 ? k % 16 : 16;
        k -= n;
        uint32_t places = _bzhi_u32((uint32_t)(mask >> k), (unsigned)n);
        unsigned ones = (unsigned)_mm_popcnt_u32(places);
        p -= ones;
        __m512i v = _mm512_maskz_loadu_epi32((__mmask16)_bzhi_u32(0xFFFF, ones), values + p * 4);
        v = _mm512_maskz_expand_epi32((__mmask16)places, v);
        _mm512_mask_storeu_epi32(values + (at + k) * 4, (__mmask16)_bzhi_u32(0xFFFF, (unsigned)n), v);
    }
    return p;
}

size_t pq_expand8_avx512(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k)
{
    while (k) {
        size_t n = k % 8 ? k % 8 : 8;
        k -= n;
        uint32_t places = _bzhi_u32((uint32_t)(mask >> k), (unsigned)n);
        unsigned ones = (unsigned)_mm_popcnt_u32(places);
        p -= ones;
        __m512i v = _mm512_maskz_loadu_epi64((__mmask8)_bzhi_u32(0xFF, ones), values + p * 8);
        v = _mm512_maskz_expand_epi64((__mmask8)places, v);
        _mm512_mask_storeu_epi64(values + (at + k) * 8, (__mmask8)_bzhi_u32(0xFF, (unsigned)n), v);
    }
    return p;
}
