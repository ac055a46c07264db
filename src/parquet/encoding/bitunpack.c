/* bitunpack.c: bit-packed values to 32-bit integers, and levels to bytes; the scalar twin.
 *
 *     value k of a group of 8 begins at bit k × width: an unaligned load of 8 bytes holds it whole (7 + 32 ≤ 64)
 *
 * One loop a width, so that shifts and masks are constants.
 */
#include <string.h>

#include "parquet/encoding/kernel.h"

static inline __attribute__((always_inline)) void groups_of(const uint8_t *in, size_t groups, const unsigned width,
                                                            uint32_t *out)
{
    for (size_t g = 0; g < groups; g++, in += width, out += 8)
        for (unsigned k = 0; k < 8; k++) {
            uint64_t v;
            memcpy(&v, in + k * width / 8, sizeof v);
            out[k] = (uint32_t)(v >> k * width % 8 & ((UINT64_C(1) << width) - 1));
        }
}

#define CASE(w)                                                                                                        \
    case w:                                                                                                            \
        groups_of(in, groups, w, out);                                                                                 \
        break;
#define CASES(w) CASE(w) CASE(w + 1) CASE(w + 2) CASE(w + 3) CASE(w + 4) CASE(w + 5) CASE(w + 6) CASE(w + 7)

void pq_unpack_scalar(const uint8_t *in, size_t groups, unsigned width, uint32_t *out)
{
    switch (width) {
        CASES(1)
        CASES(9)
        CASES(17)
        CASES(25)
    default:
        memset(out, 0, groups * 8 * sizeof *out);
    }
}

void pq_unpack_bytes_scalar(const uint8_t *in, size_t groups, unsigned width, uint8_t *out)
{
    const uint64_t mask = (UINT64_C(1) << width) - 1;
    for (; groups; groups--, in += width, out += 8) {
        uint64_t v;
        memcpy(&v, in, sizeof v); /* a group is at most 8 bytes */
        for (unsigned k = 0; k < 8; k++, v >>= width)
            out[k] = (uint8_t)(v & mask);
    }
}

uint32_t pq_max_scalar(const uint32_t *values, size_t n)
{
    uint32_t max = 0;
    for (size_t i = 0; i < n; i++)
        max = values[i] > max ? values[i] : max;
    return max;
}
