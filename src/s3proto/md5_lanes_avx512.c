/* md5_lanes_avx512.c: sixteen streams of MD5 in the lanes of 512 bits; rotations and the four functions are one instruction
 * each. Blocks are turned round as in md5_lanes_avx2.c, sixteen words of sixteen blocks at once.
 */
#include <immintrin.h>

#include "s3proto/md5_kernels.h"
#include "s3proto/md5_steps.h"

#define LANES 16

#define MD5_SET(number)     _mm512_set1_epi32((int)(number))
#define MD5_ADD(x, y)       _mm512_add_epi32((x), (y))
#define MD5_ROTATE(x, bits) _mm512_rol_epi32((x), (bits))
#define MD5_F(x, y, z)      _mm512_ternarylogic_epi32((x), (y), (z), 0xCA)
#define MD5_G(x, y, z)      _mm512_ternarylogic_epi32((x), (y), (z), 0xE4)
#define MD5_H(x, y, z)      _mm512_ternarylogic_epi32((x), (y), (z), 0x96)
#define MD5_I(x, y, z)      _mm512_ternarylogic_epi32((x), (y), (z), 0x39)

/* The 16 words of each of 16 blocks: out[k] gets word k of all of them. */
static inline void turn(const uint8_t *const at[LANES], __m512i out[LANES])
{
    __m512i r[16], s[16];
    for (int i = 0; i < 16; i++)
        r[i] = _mm512_loadu_si512((const void *)at[i]);
    for (int i = 0; i < 8; i++) {
        s[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        s[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    /* r[4 i + j]: of blocks 4 i to 4 i + 3, word j of each quarter of 128 bits. */
    for (int i = 0; i < 4; i++) {
        r[4 * i] = _mm512_unpacklo_epi64(s[4 * i], s[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(s[4 * i], s[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(s[4 * i + 1], s[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(s[4 * i + 1], s[4 * i + 3]);
    }
    for (int j = 0; j < 4; j++) {
        __m512i low01 = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x44), high01 = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xEE);
        __m512i low23 = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x44);
        __m512i high23 = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xEE);
        out[j] = _mm512_shuffle_i32x4(low01, low23, 0x88);
        out[4 + j] = _mm512_shuffle_i32x4(low01, low23, 0xDD);
        out[8 + j] = _mm512_shuffle_i32x4(high01, high23, 0x88);
        out[12 + j] = _mm512_shuffle_i32x4(high01, high23, 0xDD);
    }
}

void s3_md5_avx512(uint32_t *const state[], const uint8_t *const data[], size_t n, size_t blocks)
{
    uint32_t words[4][LANES];
    const uint8_t *at[LANES];
    for (size_t i = 0; i < LANES; i++) {
        at[i] = data[i < n ? i : 0]; /* lanes that nobody wants work along */
        for (int k = 0; k < 4; k++)
            words[k][i] = state[i < n ? i : 0][k];
    }
    __m512i a, b, c, d, m[16], s[4];
    for (int k = 0; k < 4; k++)
        s[k] = _mm512_loadu_si512(words[k]);
    for (; blocks; blocks--) {
        turn(at, m);
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
        _mm512_storeu_si512(words[k], s[k]);
        for (size_t i = 0; i < n; i++)
            state[i][k] = words[k][i];
    }
}
