/* split_encode.c: see split_encode.h.
 *
 * 16 values at a time are dealt out by halving: of two registers, the even bytes make one and the odd bytes another.
 * After log2(width) such rounds each register holds one byte of 16 values. Registers of 16 bytes, which every processor
 * that we build for has: vectors of the compiler, one text for all.
 *
 *     width 4    a0 a1 a2 a3 b0 …   →   even: a0 a2 b0 b2 …   →   a0 b0 c0 …   and   a2 b2 c2 …
 *                                       odd:  a1 a3 b1 b3 …   →   a1 b1 c1 …   and   a3 b3 c3 …
 */
#include "parquet/encoding/split_encode.h"

#include <stdint.h>
#include <string.h>

typedef uint8_t lane16 __attribute__((vector_size(16)));

static inline lane16 even(lane16 a, lane16 b)
{
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

static inline lane16 odd(lane16 a, lane16 b)
{
    return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/* 16 values of W bytes, W a power of two: stream k goes to out + k × n. */
static inline __attribute__((always_inline)) void split_16(const uint8_t *in, size_t n, uint8_t *out, const size_t W)
{
    lane16 v[8], half[8];
    memcpy(v, in, 16 * W);
#pragma GCC unroll 4
    for (size_t round = 1; round < W;
         round *= 2) { /* v holds, for each of `round` residues, 16 / round runs in order */
#pragma GCC unroll 8
        for (size_t i = 0; i < W / 2; i++) {
            half[i] = even(v[2 * i], v[2 * i + 1]);
            half[W / 2 + i] = odd(v[2 * i], v[2 * i + 1]);
        }
        memcpy(v, half, 16 * W); /* cppcheck-suppress uninitvar ; filled above, whatever W is */
    }
#pragma GCC unroll 8
    for (size_t k = 0; k < W; k++)
        memcpy(out + k * n, &v[k], 16);
}

/* Values from `from` on, byte by byte. */
static inline void split_rest(const uint8_t *in, size_t from, size_t n, uint8_t *out, size_t width)
{
    for (size_t k = 0; k < width; k++)
        for (size_t i = from; i < n; i++)
            out[k * n + i] = in[i * width + k];
}

#define SPLIT(W)                                                                                                       \
    static void split_##W(const uint8_t *in, size_t n, uint8_t *out)                                                   \
    {                                                                                                                  \
        size_t i = 0;                                                                                                  \
        for (; i + 16 <= n; i += 16)                                                                                   \
            split_16(in + i * (W), n, out + i, W);                                                                     \
        split_rest(in, i, n, out, W);                                                                                  \
    }
SPLIT(2)
SPLIT(4)
SPLIT(8)

/* Any width; a piece at a time, so that what is read again for the next byte is still near. */
static void split_any(const uint8_t *in, size_t n, uint8_t *out, size_t width)
{
    enum { PIECE = 256 };
    for (size_t at = 0; at < n; at += PIECE)
        for (size_t k = 0; k < width; k++)
            for (size_t i = at; i < n && i < at + PIECE; i++)
                out[k * n + i] = in[i * width + k];
}

int pq_split_encode(const void *values, size_t n, size_t width, nl_buf *out, nl_error *err)
{
    size_t size;
    if (__builtin_mul_overflow(n, width, &size))
        return nl_fail_memory(err);
    int rc = nl_buf_reserve(out, size, err);
    if (rc)
        return rc;
    uint8_t *to = (uint8_t *)out->data + out->len;
    if (width == 8)
        split_8(values, n, to);
    else if (width == 4)
        split_4(values, n, to);
    else if (width == 2)
        split_2(values, n, to);
    else
        split_any(values, n, to, width);
    out->len += size;
    out->data[out->len] = 0;
    return NL_OK;
}
