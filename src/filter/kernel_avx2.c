/* kernel_avx2.c: kernel.h with 32 bytes a step; what is left of the last 64 values is the scalar twin's. */
#include <immintrin.h>

#include "filter/kernel.h"

static inline __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* Lanes of ones where v - lo ≤ span; the smaller of two unsigned numbers is the way to compare them. */
static inline __m256i inside8(__m256i v, __m256i lo, __m256i span)
{
    __m256i d = _mm256_sub_epi8(v, lo);
    return _mm256_cmpeq_epi8(_mm256_min_epu8(d, span), d);
}

static inline __m256i inside16(__m256i v, __m256i lo, __m256i span)
{
    __m256i d = _mm256_sub_epi16(v, lo);
    return _mm256_cmpeq_epi16(_mm256_min_epu16(d, span), d);
}

static inline uint64_t inside32(__m256i v, __m256i lo, __m256i span)
{
    __m256i d = _mm256_sub_epi32(v, lo);
    __m256i in = _mm256_cmpeq_epi32(_mm256_min_epu32(d, span), d);
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(in));
}

/* span has its sign flipped already: there is no unsigned comparison of 64 bits. */
static inline uint64_t inside64(__m256i v, __m256i lo, __m256i span)
{
    __m256i d = _mm256_xor_si256(_mm256_sub_epi64(v, lo), _mm256_set1_epi64x(INT64_MIN));
    __m256i out = _mm256_cmpgt_epi64(d, span);
    return ~(uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(out)) & 0xF;
}

static inline __m256i key32(__m256i v)
{
    return _mm256_xor_si256(v, _mm256_srli_epi32(_mm256_srai_epi32(v, 31), 1));
}

static inline __m256i key64(__m256i v)
{
    return _mm256_xor_si256(v, _mm256_srli_epi64(_mm256_cmpgt_epi64(_mm256_setzero_si256(), v), 1));
}

void filter_range8_avx2(const void *values, size_t n, uint64_t lo, uint64_t span, uint64_t *bits)
{
    const uint8_t *v = values;
    __m256i l = _mm256_set1_epi8((char)lo), s = _mm256_set1_epi8((char)span);
    for (; n >= 64; n -= 64, v += 64) {
        uint64_t low = (uint32_t)_mm256_movemask_epi8(inside8(load(v), l, s));
        *bits++ = low | (uint64_t)(uint32_t)_mm256_movemask_epi8(inside8(load(v + 32), l, s)) << 32;
    }
    filter_range8_scalar(v, n, lo, span, bits);
}

void filter_range16_avx2(const void *values, size_t n, uint64_t lo, uint64_t span, uint64_t *bits)
{
    const uint8_t *v = values;
    __m256i l = _mm256_set1_epi16((short)lo), s = _mm256_set1_epi16((short)span);
    for (; n >= 64; n -= 64, v += 128) {
        uint64_t word = 0;
        for (size_t i = 0; i < 2; i++) {
            __m256i a = inside16(load(v + 64 * i), l, s), b = inside16(load(v + 64 * i + 32), l, s);
            __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xD8); /* packing mixes the halves */
            word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(both) << (32 * i);
        }
        *bits++ = word;
    }
    filter_range16_scalar(v, n, lo, span, bits);
}

#define LOOP32(name, key)                                                                                              \
    void filter_##name##_avx2(const void *values, size_t n, uint64_t lo, uint64_t span, uint64_t *bits)                \
    {                                                                                                                  \
        const uint8_t *v = values;                                                                                     \
        __m256i l = _mm256_set1_epi32((int)lo), s = _mm256_set1_epi32((int)span);                                      \
        for (; n >= 64; n -= 64, v += 256) {                                                                           \
            uint64_t word = 0;                                                                                         \
            for (size_t i = 0; i < 8; i++)                                                                             \
                word |= inside32(key(load(v + 32 * i)), l, s) << (8 * i);                                              \
            *bits++ = word;                                                                                            \
        }                                                                                                              \
        filter_##name##_scalar(v, n, lo, span, bits);                                                                  \
    }

#define LOOP64(name, key)                                                                                              \
    void filter_##name##_avx2(const void *values, size_t n, uint64_t lo, uint64_t span, uint64_t *bits)                \
    {                                                                                                                  \
        const uint8_t *v = values;                                                                                     \
        __m256i l = _mm256_set1_epi64x((int64_t)lo), s = _mm256_set1_epi64x((int64_t)span ^ INT64_MIN);                \
        for (; n >= 64; n -= 64, v += 512) {                                                                           \
            uint64_t word = 0;                                                                                         \
            for (size_t i = 0; i < 16; i++)                                                                            \
                word |= inside64(key(load(v + 32 * i)), l, s) << (4 * i);                                              \
            *bits++ = word;                                                                                            \
        }                                                                                                              \
        filter_##name##_scalar(v, n, lo, span, bits);                                                                  \
    }

#define SAME(v) (v)
LOOP32(range32, SAME)
LOOP32(keys32, key32)
LOOP64(range64, SAME)
LOOP64(keys64, key64)

/* Tables of at most 256 bits are looked up inside of a register. */
void filter_lookup_avx2(const uint32_t *codes, size_t n, const uint32_t *table, size_t size, uint64_t *bits)
{
    uint32_t few[8] = {0};
    bool small = size <= 256;
    for (size_t i = 0; small && i < (size + 31) / 32; i++)
        few[i] = table[i];
    __m256i all = load((const uint8_t *)few), low = _mm256_set1_epi32(31);
    for (; n >= 64; n -= 64, codes += 64) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8; i++) {
            __m256i code = load((const uint8_t *)(codes + 8 * i)), at = _mm256_srli_epi32(code, 5);
            __m256i w = small ? _mm256_permutevar8x32_epi32(all, at)
                              : _mm256_i32gather_epi32((const int *)(const void *)table, at, 4);
            /* 31 - (code & 31) places up, the code's bit is the sign */
            w = _mm256_sllv_epi32(w, _mm256_andnot_si256(code, low));
            word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(w)) << (8 * i);
        }
        *bits++ = word;
    }
    filter_lookup_scalar(codes, n, table, size, bits);
}
