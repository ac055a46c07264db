/* bitunpack_avx2.c: bit-packed values to 32-bit integers, a group of 8 values in one register.
 *
 *     lanes 0–3   from 16 bytes at the group's start       value k begins at bit k × w
 *     lanes 4–7   from 16 bytes at byte 4w / 8             value k begins at bit 4w % 8 + (k - 4) × w
 *
 * Each lane takes the four bytes in which its value begins (a byte shuffle), moves the value down (a variable shift), and
 * masks it. Four bytes hold a value of up to 25 bits at any of 8 bit positions; wider ones go to the scalar twin.
 */
#include <immintrin.h>
#include <string.h>

#include "parquet/encoding/kernel.h"

enum { WIDEST = 25 };

#define BYTES(bit)   (bit) / 8, (bit) / 8 + 1, (bit) / 8 + 2, (bit) / 8 + 3
#define HALF(w, bit) BYTES(bit), BYTES((bit) + (w)), BYTES((bit) + 2 * (w)), BYTES((bit) + 3 * (w))
#define SHIFTS(w)                                                                                                      \
    0, (w) % 8, 2 * (w) % 8, 3 * (w) % 8, 4 * (w) % 8, (4 * (w) % 8 + (w)) % 8, (4 * (w) % 8 + 2 * (w)) % 8,           \
        (4 * (w) % 8 + 3 * (w)) % 8
#define ROW(w)                                                                                                         \
    {                                                                                                                  \
        {HALF(w, 0), HALF(w, 4 * (w) % 8)},                                                                            \
        {                                                                                                              \
            SHIFTS(w)                                                                                                  \
        }                                                                                                              \
    }

static const struct {
    _Alignas(32) int8_t bytes[32];
    _Alignas(32) int32_t shifts[8];
} table[WIDEST + 1] = {ROW(0),  ROW(1),  ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),  ROW(8),
                       ROW(9),  ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15), ROW(16), ROW(17),
                       ROW(18), ROW(19), ROW(20), ROW(21), ROW(22), ROW(23), ROW(24), ROW(25)};

void pq_unpack_avx2(const uint8_t *in, size_t groups, unsigned width, uint32_t *out)
{
    if (width > WIDEST) {
        pq_unpack_scalar(in, groups, width, out);
        return;
    }
    const __m256i bytes = _mm256_load_si256((const __m256i *)table[width].bytes);
    const __m256i shifts = _mm256_load_si256((const __m256i *)table[width].shifts);
    const __m256i mask = _mm256_set1_epi32((int)((1U << width) - 1));
    const size_t high = 4 * width / 8;
    for (size_t g = 0; g < groups; g++, in += width, out += 8) {
        __m256i v = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)in)),
                                            _mm_loadu_si128((const __m128i *)(in + high)), 1);
        v = _mm256_srlv_epi32(_mm256_shuffle_epi8(v, bytes), shifts);
        _mm256_storeu_si256((__m256i *)out, _mm256_and_si256(v, mask));
    }
}

/* The processor deals 8 × width bits out to bytes by itself. */
void pq_unpack_bytes_avx2(const uint8_t *in, size_t groups, unsigned width, uint8_t *out)
{
    const uint64_t places = UINT64_C(0x0101010101010101) * ((1U << width) - 1);
    for (; groups; groups--, in += width, out += 8) {
        uint64_t v;
        memcpy(&v, in, sizeof v);
        v = _pdep_u64(v, places);
        memcpy(out, &v, sizeof v);
    }
}

uint32_t pq_max_avx2(const uint32_t *values, size_t n)
{
    __m256i max = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        max = _mm256_max_epu32(max, _mm256_loadu_si256((const __m256i *)(values + i)));
    uint32_t lanes[8];
    _mm256_storeu_si256((__m256i *)lanes, max);
    uint32_t a = pq_max_scalar(lanes, 8), b = pq_max_scalar(values + i, n - i);
    return a > b ? a : b;
}
