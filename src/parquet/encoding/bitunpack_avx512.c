/* bitunpack_avx512.c: bit-packed values to 32-bit integers, two groups of 8 at a time, and levels to bytes, eight groups.
 *
 *     to 25 bits   16 lanes of 4 bytes: each takes the four bytes in which its value begins (any of the register's 64),
 *                  moves the value down by its own shift, and is masked
 *     to 32 bits   8 lanes of 8 bytes likewise, halved at the end
 *     to bytes     8 lanes of 8 bytes, a group each, from which the processor cuts eight bytes at eight bit positions
 *
 * 1. The load of 64 bytes begins where the values do: at most 62 bytes behind a group (base/io/bytes.h, B1).
 * 2. The rows of byte numbers and shifts are made by arithmetic at the start of each call: a dozen instructions.
 */
#include <immintrin.h>

#include "parquet/encoding/kernel.h"

enum { WIDEST_IN_4_BYTES = 25 };

/* Groups two by two; returns how many are left: 0 or 1. */
static size_t narrow(const uint8_t *in, size_t groups, unsigned width, uint32_t *out)
{
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i begin = _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int)width));
    const __m512i first = _mm512_mullo_epi32(_mm512_srli_epi32(begin, 3), _mm512_set1_epi32(0x01010101));
    const __m512i bytes = _mm512_add_epi32(first, _mm512_set1_epi32(0x03020100));
    const __m512i shifts = _mm512_and_epi32(begin, _mm512_set1_epi32(7));
    const __m512i mask = _mm512_set1_epi32((int)((1U << width) - 1));
    for (; groups >= 2; groups -= 2, in += 2 * width, out += 16) {
        __m512i v = _mm512_permutexvar_epi8(bytes, _mm512_loadu_si512(in));
        _mm512_storeu_si512(out, _mm512_and_epi32(_mm512_srlv_epi32(v, shifts), mask));
    }
    return groups;
}

static void wide(const uint8_t *in, size_t groups, unsigned width, uint32_t *out)
{
    const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i begin = _mm512_mullo_epi64(lanes, _mm512_set1_epi64(width));
    const __m512i first = _mm512_mullo_epi64(_mm512_srli_epi64(begin, 3), _mm512_set1_epi64(0x0101010101010101));
    const __m512i bytes = _mm512_add_epi64(first, _mm512_set1_epi64(0x0706050403020100));
    const __m512i shifts = _mm512_and_epi64(begin, _mm512_set1_epi64(7));
    const __m256i mask = _mm256_set1_epi32((int)((UINT64_C(1) << width) - 1));
    for (; groups; groups--, in += width, out += 8) {
        __m512i v = _mm512_permutexvar_epi8(bytes, _mm512_loadu_si512(in));
        __m256i low = _mm512_cvtepi64_epi32(_mm512_srlv_epi64(v, shifts));
        _mm256_storeu_si256((__m256i *)out, _mm256_and_si256(low, mask));
    }
}

void pq_unpack_avx512(const uint8_t *in, size_t groups, unsigned width, uint32_t *out)
{
    if (width > WIDEST_IN_4_BYTES) {
        wide(in, groups, width, out);
        return;
    }
    size_t left = narrow(in, groups, width, out);
    if (left)
        pq_unpack_avx2(in + (groups - left) * width, left, width, out + (groups - left) * 8);
}

void pq_unpack_bytes_avx512(const uint8_t *in, size_t groups, unsigned width, uint8_t *out)
{
    const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i first = _mm512_mullo_epi64(lanes, _mm512_set1_epi64(width * 0x0101010101010101));
    const __m512i bytes = _mm512_add_epi64(first, _mm512_set1_epi64(0x0706050403020100));
    const __m512i cuts = _mm512_set1_epi64(0x0706050403020100LL * (long long)width); /* below 64 each: no carries */
    const __m512i mask = _mm512_set1_epi8((char)((1U << width) - 1));
    size_t left = groups;
    for (; left >= 8; left -= 8, in += 8 * (size_t)width, out += 64) {
        __m512i v = _mm512_permutexvar_epi8(bytes, _mm512_loadu_si512(in));
        _mm512_storeu_si512(out, _mm512_and_si512(_mm512_multishift_epi64_epi8(cuts, v), mask));
    }
    pq_unpack_bytes_avx2(in, left, width, out);
}
