/* md5_lanes_avx2.c: eight streams of MD5 in the lanes of 256 bits.
 *
 *     block of stream i   w0 w1 … w15          eight blocks, turned round in two halves of eight words:
 *     m[k]                word k of stream 0, of stream 1, …, of stream 7
 */
#include <immintrin.h>

#include "s3proto/md5_kernels.h"
#include "s3proto/md5_steps.h"

#define LANES 8

#define MD5_SET(number)     _mm256_set1_epi32((int)(number))
#define MD5_ADD(x, y)       _mm256_add_epi32((x), (y))
#define MD5_ROTATE(x, bits) _mm256_or_si256(_mm256_slli_epi32((x), (bits)), _mm256_srli_epi32((x), 32 - (bits)))
#define MD5_F(x, y, z)      _mm256_xor_si256((z), _mm256_and_si256((x), _mm256_xor_si256((y), (z))))
#define MD5_G(x, y, z)      MD5_F(z, x, y)
#define MD5_H(x, y, z)      _mm256_xor_si256((x), _mm256_xor_si256((y), (z)))
#define MD5_I(x, y, z)      _mm256_xor_si256((y), _mm256_or_si256((x), _mm256_xor_si256((z), MD5_SET(0xFFFFFFFF))))

/* Eight words of each of eight blocks: out[k] gets word k of all of them. */
static inline void turn(const uint8_t *const at[LANES], size_t offset, __m256i out[8])
{
    __m256i r[8], s[8];
    for (int i = 0; i < 8; i++)
        r[i] = _mm256_loadu_si256((const __m256i *)(const void *)(at[i] + offset));
    for (int i = 0; i < 4; i++) {
        s[2 * i] = _mm256_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        s[2 * i + 1] = _mm256_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        r[4 * i] = _mm256_unpacklo_epi64(s[4 * i], s[4 * i + 2]);
        r[4 * i + 1] = _mm256_unpackhi_epi64(s[4 * i], s[4 * i + 2]);
        r[4 * i + 2] = _mm256_unpacklo_epi64(s[4 * i + 1], s[4 * i + 3]);
        r[4 * i + 3] = _mm256_unpackhi_epi64(s[4 * i + 1], s[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        out[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
        out[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
    }
}

void s3_md5_avx2(uint32_t *const state[], const uint8_t *const data[], size_t n, size_t blocks)
{
    uint32_t words[4][LANES];
    const uint8_t *at[LANES];
    for (size_t i = 0; i < LANES; i++) {
        at[i] = data[i < n ? i : 0]; /* lanes that nobody wants work along */
        for (int k = 0; k < 4; k++)
            words[k][i] = state[i < n ? i : 0][k];
    }
    __m256i a, b, c, d, m[16], s[4];
    for (int k = 0; k < 4; k++)
        s[k] = _mm256_loadu_si256((const __m256i *)(const void *)words[k]);
    for (; blocks; blocks--) {
        turn(at, 0, m);
        turn(at, 32, m + 8);
        a = s[0], b = s[1], c = s[2], d = s[3];
        MD5_STEPS;
        s[0] = MD5_ADD(s[0], a);
        s[1] = MD5_ADD(s[1], b);
        s[2] = MD5_ADD(s[2], c);
        s[3] = MD5_ADD(s[3], d);
        for (int i = 0; i < LANES; i++)
            at[i] += 64;
    }
    for (int k = 0; k < 4; k++) {
        _mm256_storeu_si256((__m256i *)(void *)words[k], s[k]);
        for (size_t i = 0; i < n; i++)
            state[i][k] = words[k][i];
    }
}
