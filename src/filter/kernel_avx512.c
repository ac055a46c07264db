/* kernel_avx512.c: kernel.h with 64 bytes a step; comparisons give bits as they are. */
#include <immintrin.h>

#include "filter/kernel.h"

#define SAME(v) (v)

static inline __m512i key32(__m512i v)
{
    return _mm512_xor_si512(v, _mm512_srli_epi32(_mm512_srai_epi32(v, 31), 1));
}

static inline __m512i key64(__m512i v)
{
    return _mm512_xor_si512(v, _mm512_srli_epi64(_mm512_srai_epi64(v, 63), 1));
}

/* 64 values are `bytes` vectors of 64 bytes, of 64 / bytes values each. */
#define LOOP(name, bytes, suffix, type, key)                                                                           \
    void filter_##name##_avx512(const void *values, size_t n, uint64_t lo, uint64_t span, uint64_t *bits)              \
    {                                                                                                                  \
        const uint8_t *v = values;                                                                                     \
        __m512i l = _mm512_set1_epi##suffix((type)lo), s = _mm512_set1_epi##suffix((type)span);                        \
        for (; n >= 64; n -= 64) {                                                                                     \
            uint64_t word = 0;                                                                                         \
            for (size_t i = 0; i < (bytes); i++, v += 64) {                                                            \
                __m512i d = _mm512_sub_epi##suffix(key(_mm512_loadu_si512(v)), l);                                     \
                word |= (uint64_t)_mm512_cmple_epu##suffix##_mask(d, s) << (64 / (bytes)*i % 64);                      \
            }                                                                                                          \
            *bits++ = word;                                                                                            \
        }                                                                                                              \
        filter_##name##_scalar(v, n, lo, span, bits);                                                                  \
    }

LOOP(range8, 1, 8, char, SAME)
LOOP(range16, 2, 16, short, SAME)
LOOP(range32, 4, 32, int, SAME)
LOOP(range64, 8, 64, long long, SAME)
LOOP(keys32, 4, 32, int, key32)
LOOP(keys64, 8, 64, long long, key64)

/* Tables of at most 512 bits are looked up inside of a register. */
void filter_lookup_avx512(const uint32_t *codes, size_t n, const uint32_t *table, size_t size, uint64_t *bits)
{
    uint32_t few[16] = {0};
    bool small = size <= 512;
    for (size_t i = 0; small && i < (size + 31) / 32; i++)
        few[i] = table[i];
    __m512i all = _mm512_loadu_si512(few), low = _mm512_set1_epi32(31), one = _mm512_set1_epi32(1);
    for (; n >= 64; n -= 64, codes += 64) {
        uint64_t word = 0;
        for (size_t i = 0; i < 4; i++) {
            __m512i code = _mm512_loadu_si512(codes + 16 * i), at = _mm512_srli_epi32(code, 5);
            __m512i w = small ? _mm512_permutexvar_epi32(at, all) : _mm512_i32gather_epi32(at, table, 4);
            __mmask16 in = _mm512_test_epi32_mask(w, _mm512_sllv_epi32(one, _mm512_and_si512(code, low)));
            word |= (uint64_t)in << (16 * i);
        }
        *bits++ = word;
    }
    filter_lookup_scalar(codes, n, table, size, bits);
}
