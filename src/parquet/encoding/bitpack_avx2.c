/* bitpack_avx2.c: 8 values of 32 bits packed in one register, by halves that grow together:
 *
 *     8 × 32 bits   a b c d e f g h       →   4 × 64: ab cd ef gh (2w bits)   →   2 × 128: abcd efgh (4w bits)
 *
 * The second half begins at bit 4w, which is a byte's begin or its middle: there the first half's last 4 bits come along.
 * Widths above 16 take their second step in scalar words of 128 bits.
 */
#include <immintrin.h>
#include <string.h>

#include "parquet/encoding/bitpack.h"

/* Neighbours of 32 bits together: four words of 2 × width bits. */
static inline __m256i pairs(const uint32_t *values, __m256i low, __m128i up)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)values);
    return _mm256_or_si256(_mm256_and_si256(v, low), _mm256_srl_epi64(_mm256_andnot_si256(low, v), up));
}

static void pack_narrow(const uint32_t *values, size_t groups, unsigned width, uint8_t *out)
{
    const __m256i low = _mm256_set1_epi64x(0xFFFFFFFF);
    const __m128i up = _mm_cvtsi32_si128((int)(32 - width)), twice = _mm_cvtsi32_si128((int)(2 * width));
    const size_t half = 4 * width / 8;
    const unsigned odd = width & 1 ? 4 : 0, carry = width & 1 ? 4 * width - 4 : 63;
    for (; groups; groups--, values += 8, out += width) {
        __m256i v = pairs(values, low, up);
        v = _mm256_or_si256(v, _mm256_sll_epi64(_mm256_unpackhi_epi64(v, v), twice));
        uint64_t a = (uint64_t)_mm256_extract_epi64(v, 0), b = (uint64_t)_mm256_extract_epi64(v, 2);
        memcpy(out, &a, sizeof a);
        b = b << odd | (odd ? a >> carry : 0);
        memcpy(out + half, &b, sizeof b);
    }
}

static void pack_wide(const uint32_t *values, size_t groups, unsigned width, uint8_t *out)
{
    const __m256i low = _mm256_set1_epi64x(0xFFFFFFFF);
    const __m128i up = _mm_cvtsi32_si128((int)(32 - width));
    const size_t half = 4 * width / 8;
    const unsigned odd = width & 1 ? 4 : 0, carry = 4 * width - 4;
    for (; groups; groups--, values += 8, out += width) {
        __m256i v = pairs(values, low, up);
        unsigned __int128 a = (uint64_t)_mm256_extract_epi64(v, 1), b = (uint64_t)_mm256_extract_epi64(v, 3);
        a = a << 2 * width | (uint64_t)_mm256_extract_epi64(v, 0);
        b = b << 2 * width | (uint64_t)_mm256_extract_epi64(v, 2);
        memcpy(out, &a, sizeof a);
        b = b << odd | (odd ? a >> carry : 0);
        memcpy(out + half, &b, sizeof b);
    }
}

void pq_pack32_avx2(const uint32_t *values, size_t groups, unsigned width, uint8_t *out)
{
    if (width <= 16)
        pack_narrow(values, groups, width, out);
    else
        pack_wide(values, groups, width, out);
}
