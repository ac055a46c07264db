/* split.c: BYTE_STREAM_SPLIT back to values.
 *
 *     streams   a0 a1 a2 … │ b0 b1 b2 … │ c0 c1 c2 … │ d0 d1 d2 …      → a0 b0 c0 d0 a1 b1 c1 d1 …
 *
 * 16 values at a time: a register of each stream; two registers zipped give pairs, pairs zipped give fours, and so on. The
 * compiler's own vectors, which are SSE2's on x86-64 and NEON's on arm64, do it faster than memory can follow.
 *
 *     zip(a, c), zip(b, d)   a0 c0 a1 c1 …   b0 d0 b1 d1 …
 *     zip of the two         a0 b0 c0 d0 a1 b1 c1 d1 …            so the second half is always zipped onto the first
 *
 * Spec: parquet-format, Encodings.md, "BYTE_STREAM_SPLIT = 9".
 */
#include <string.h>

#include "parquet/encoding/values.h"

typedef uint8_t v16 __attribute__((vector_size(16)));

static inline v16 zip_low(v16 a, v16 b)
{
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

static inline v16 zip_high(v16 a, v16 b)
{
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/* The registers must have names of their own: a loop over them is written out. */
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* One step: stream k and stream k + half become neighbours. */
static inline __attribute__((always_inline)) void step(v16 *v, const size_t width)
{
    v16 to[16];
    UNROLL for (size_t k = 0; k < width / 2; k++)
    {
        to[2 * k] = zip_low(v[k], v[k + width / 2]);
        to[2 * k + 1] = zip_high(v[k], v[k + width / 2]);
    }
    /* cppcheck-suppress uninitvar ; filled above: width is even */
    UNROLL for (size_t k = 0; k < width; k++) v[k] = to[k];
}

/* Values in groups of 16; returns how many are done. */
static inline __attribute__((always_inline)) size_t join16(uint8_t *out, const uint8_t *streams, size_t n, size_t count,
                                                           const size_t width)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 v[16];
        UNROLL for (size_t k = 0; k < width; k++) memcpy(&v[k], streams + k * count + i, sizeof *v);
        UNROLL for (size_t k = 1; k < width; k *= 2) step(v, width);
        UNROLL for (size_t k = 0; k < width; k++) memcpy(out + i * width + k * sizeof *v, &v[k], sizeof *v);
    }
    return i;
}

static size_t join2(uint8_t *out, const uint8_t *streams, size_t n, size_t count)
{
    return join16(out, streams, n, count, 2);
}

static size_t join4(uint8_t *out, const uint8_t *streams, size_t n, size_t count)
{
    return join16(out, streams, n, count, 4);
}

static size_t join8(uint8_t *out, const uint8_t *streams, size_t n, size_t count)
{
    return join16(out, streams, n, count, 8);
}

static size_t join_16(uint8_t *out, const uint8_t *streams, size_t n, size_t count)
{
    return join16(out, streams, n, count, 16);
}

void pq_values_join(void *out, const uint8_t *streams, size_t n, size_t count, size_t width)
{
    uint8_t *to = out;
    size_t i = width == 2    ? join2(to, streams, n, count)
               : width == 4  ? join4(to, streams, n, count)
               : width == 8  ? join8(to, streams, n, count)
               : width == 16 ? join_16(to, streams, n, count)
                             : 0;
    /* Stream by stream in pieces that the first cache holds: every byte of a line is written while it is there. */
    enum { PIECE = 256 };
    for (size_t end; i < n; i = end) {
        end = n - i < PIECE ? n : i + PIECE;
        for (size_t k = 0; k < width; k++)
            for (size_t at = i; at < end; at++)
                to[at * width + k] = streams[k * count + at];
    }
}
