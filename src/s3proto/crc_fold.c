/* crc_fold.c: see crc_fold.h. x86-64 with PCLMULQDQ; elsewhere the tables do it all.
 *
 *     bytes    [ 16 ][ 16 ][ 16 ][ 16 ] [ 16 ][ 16 ][ 16 ][ 16 ] …
 *                 └──── times x^512 ────▶ + …        four blocks side by side, then one by one: times x^128
 *
 * A block is low * x^64 + high, low being its first eight bytes; reflected, bit i of a word stands for x^(63 - i). The product
 * of two reflected words comes out one power too high: the constants are one power lower.
 *
 * Method: "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Gopal et al., Intel, 2009). Instead of
 * its last reduction the 16 bytes that remain go through the tables.
 */
#include "s3proto/crc_fold.h"

#if defined(__x86_64__)
#include <immintrin.h>

bool s3_crc_can_fold(void)
{
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

/* a moved on by what k's powers say, plus b. */
__attribute__((target("pclmul,sse4.1"))) static inline __m128i fold(__m128i a, __m128i k, __m128i b)
{
    __m128i low = _mm_clmulepi64_si128(a, k, 0x00), high = _mm_clmulepi64_si128(a, k, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), b);
}

static inline __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

__attribute__((target("pclmul,sse4.1"))) void s3_crc_fold(const struct crc_fold *k, uint64_t crc, const uint8_t *p,
                                                          size_t len, uint8_t out[static 16])
{
    const __m128i far = _mm_set_epi64x((long long)k->far_high, (long long)k->far_low);
    const __m128i near = _mm_set_epi64x((long long)k->near_high, (long long)k->near_low);
    __m128i a = _mm_xor_si128(load(p), _mm_set_epi64x(0, (long long)crc));
    __m128i b = load(p + 16), c = load(p + 32), d = load(p + 48);
    for (p += 64, len -= 64; len >= 64; p += 64, len -= 64) {
        a = fold(a, far, load(p));
        b = fold(b, far, load(p + 16));
        c = fold(c, far, load(p + 32));
        d = fold(d, far, load(p + 48));
    }
    a = fold(fold(fold(a, near, b), near, c), near, d);
    for (; len >= 16; p += 16, len -= 16)
        a = fold(a, near, load(p));
    _mm_storeu_si128((__m128i *)(void *)out, a);
}

#else

bool s3_crc_can_fold(void)
{
    return false;
}

void s3_crc_fold(const struct crc_fold *k, uint64_t crc, const uint8_t *p, size_t len, uint8_t out[static 16])
{
    (void)k, (void)crc, (void)p, (void)len;
    for (int i = 0; i < 16; i++)
        out[i] = 0;
}

#endif
