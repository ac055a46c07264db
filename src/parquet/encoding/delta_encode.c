/* delta_encode.c: see delta_encode.h; the layout of DELTA_BINARY_PACKED is drawn in delta.c.
 *
 * A block is 128 deltas in 4 miniblocks of 32. A last block that is not full is filled up with the smallest delta, which
 * packs as 0 and widens nothing; miniblocks without any value have width 0 and no body.
 *
 * L3  Deltas, and what they are above the smallest, are taken modulo 2^32 for integers of 4 bytes: no width is above 32,
 *     which readers count on.
 * L4  What room() reserves is enough for every width, so that the loops need no checks.
 */
#include "parquet/encoding/delta_encode.h"

#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/bitpack.h"
#include "parquet/encoding/plain_encode.h"

enum { BLOCK = 128, MINI = 32, MINIS = BLOCK / MINI, HEADER = 2 + 1 + 10 + 10, BLOCK_HEADER = 10 + MINIS };

static uint8_t *put_varint(uint8_t *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *out++ = (uint8_t)(v | 0x80);
    *out++ = (uint8_t)v;
    return out;
}

static uint8_t *put_zigzag(uint8_t *out, int64_t v)
{
    return put_varint(out, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

static uint8_t *put_header(uint8_t *out, size_t n, int64_t first)
{
    out = put_varint(out, BLOCK);
    out = put_varint(out, MINIS);
    out = put_varint(out, n);
    return put_zigzag(out, first);
}

/* L4: for so many times n deltas, and `more` bytes. */
static int room(size_t n, size_t width, size_t streams, size_t more, nl_buf *out, nl_error *err)
{
    size_t most;
    if (__builtin_mul_overflow(n / BLOCK + 1, (BLOCK_HEADER + BLOCK * width) * streams, &most) ||
        __builtin_add_overflow(most, HEADER * streams + PQ_PACK_SLACK, &most) ||
        __builtin_add_overflow(most, more, &most))
        return nl_fail_memory(err);
    return nl_buf_reserve(out, most, err);
}

/* One block of n ≥ 1 deltas in d, which holds BLOCK and is overwritten. */
static uint8_t *put_block_32(uint32_t *d, size_t n, uint8_t *out)
{
    int32_t min = (int32_t)d[0];
    for (size_t i = 1; i < n; i++)
        min = (int32_t)d[i] < min ? (int32_t)d[i] : min;
    for (size_t i = n; i < BLOCK; i++)
        d[i] = (uint32_t)min;
    uint8_t *widths = put_zigzag(out, min);
    out = widths + MINIS;
    for (size_t m = 0; m < MINIS; m++) {
        uint32_t *v = d + m * MINI, all = 0;
        for (size_t i = 0; i < MINI; i++) {
            v[i] -= (uint32_t)min;
            all |= v[i];
        }
        widths[m] = (uint8_t)(all ? 32 - __builtin_clz(all) : 0);
        if (all)
            pq_packer_32()(v, MINI / 8, widths[m], out);
        out += widths[m] * (MINI / 8);
    }
    return out;
}

static uint8_t *put_block_64(uint64_t *d, size_t n, uint8_t *out)
{
    int64_t min = (int64_t)d[0];
    for (size_t i = 1; i < n; i++)
        min = (int64_t)d[i] < min ? (int64_t)d[i] : min;
    for (size_t i = n; i < BLOCK; i++)
        d[i] = (uint64_t)min;
    uint8_t *widths = put_zigzag(out, min);
    out = widths + MINIS;
    for (size_t m = 0; m < MINIS; m++) {
        uint64_t *v = d + m * MINI, all = 0;
        uint32_t narrow[MINI];
        for (size_t i = 0; i < MINI; i++) {
            v[i] -= (uint64_t)min;
            all |= v[i];
            narrow[i] = (uint32_t)v[i];
        }
        widths[m] = (uint8_t)(all ? 64 - __builtin_clzll(all) : 0);
        if (widths[m] > 32)
            pq_pack64(v, MINI / 8, widths[m], out);
        else if (all)
            pq_packer_32()(narrow, MINI / 8, widths[m], out);
        out += widths[m] * (MINI / 8);
    }
    return out;
}

/* n integers behind their header; where there is room for them (L4). Returns the end. */
#define ENCODE(NAME, TYPE, SIGNED, PUT_BLOCK)                                                                          \
    static uint8_t *NAME(const uint8_t *in, size_t n, uint8_t *out)                                                    \
    {                                                                                                                  \
        TYPE v[BLOCK + 1], d[BLOCK]; /* v[0]: the value before the block */                                            \
        v[0] = 0;                                                                                                      \
        if (n)                                                                                                         \
            memcpy(v, in, sizeof *v);                                                                                  \
        out = put_header(out, n, (SIGNED)v[0]);                                                                        \
        for (size_t at = 1; at < n; at += BLOCK) {                                                                     \
            size_t k = n - at < BLOCK ? n - at : BLOCK;                                                                \
            memcpy(v, in + (at - 1) * sizeof *v, (k + 1) * sizeof *v);                                                 \
            for (size_t i = 0; i < k; i++)                                                                             \
                d[i] = v[i + 1] - v[i];                                                                                \
            out = PUT_BLOCK(d, k, out);                                                                                \
        }                                                                                                              \
        return out;                                                                                                    \
    }
ENCODE(encode_32, uint32_t, int32_t, put_block_32)
ENCODE(encode_64, uint64_t, int64_t, put_block_64)

/* What was written up to `end` belongs to out now. */
static void written(nl_buf *out, const uint8_t *end)
{
    out->len = (size_t)(end - (const uint8_t *)out->data);
    out->data[out->len] = 0;
}

int pq_delta_encode(const void *values, size_t n, size_t width, nl_buf *out, nl_error *err)
{
    int rc = room(n, width, 1, 0, out, err);
    if (rc)
        return rc;
    uint8_t *at = (uint8_t *)out->data + out->len;
    written(out, (width == 4 ? encode_32 : encode_64)(values, n, at));
    return NL_OK;
}

/* ── byte arrays ── */

/* A value of PLAIN: *at stands behind it afterwards. */
static inline struct pq_slice next_value(const uint8_t **at, size_t fixed)
{
    uint32_t len = (uint32_t)fixed;
    if (!fixed) {
        memcpy(&len, *at, sizeof len);
        *at += sizeof len;
    }
    struct pq_slice v = {*at, len};
    *at += len;
    return v;
}

/* How many bytes two values begin with together. */
static uint32_t shared_prefix(struct pq_slice a, struct pq_slice b)
{
    size_t n = a.len < b.len ? a.len : b.len, i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t x, y;
        memcpy(&x, a.data + i, sizeof x);
        memcpy(&y, b.data + i, sizeof y);
        if (x != y)
            return (uint32_t)(i + (size_t)__builtin_ctzll(x ^ y) / 8);
    }
    while (i < n && a.data[i] == b.data[i])
        i++;
    return (uint32_t)i;
}

/* Fill how long each value's own bytes are, and with prefixes what it shares with the one before. Returns the sum of the
 * former. */
static size_t measure(const uint8_t *plain, size_t n, size_t fixed, uint32_t *prefixes, uint32_t *lengths)
{
    struct pq_slice before = {plain, 0};
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        struct pq_slice v = next_value(&plain, fixed);
        uint32_t shared = 0;
        if (prefixes)
            prefixes[i] = shared = shared_prefix(before, v);
        lengths[i] = (uint32_t)v.len - shared;
        sum += lengths[i];
        before = v;
    }
    return sum;
}

/* Lengths and bytes of both encodings. prefixes NULL: all bytes of every value. */
static int encode_bytes(const uint8_t *plain, size_t n, size_t fixed, uint32_t *prefixes, uint32_t *lengths,
                        nl_buf *out, nl_error *err)
{
    size_t sum = measure(plain, n, fixed, prefixes, lengths);
    int rc = room(n, 4, prefixes ? 2 : 1, sum + 16, out, err); /* 16: pq_copy_short() */
    if (rc)
        return rc;
    uint8_t *p = (uint8_t *)out->data + out->len;
    if (prefixes)
        p = encode_32((const uint8_t *)prefixes, n, p);
    p = encode_32((const uint8_t *)lengths, n, p);
    for (size_t i = 0; i < n; i++) {
        struct pq_slice v = next_value(&plain, fixed);
        pq_copy_short(p, v.data + (v.len - lengths[i]), lengths[i]);
        p += lengths[i];
    }
    written(out, p);
    return NL_OK;
}

int pq_delta_lengths_encode(const void *plain, size_t n, nl_buf *out, nl_error *err)
{
    uint32_t *lengths = calloc(n + 1, sizeof *lengths);
    int rc = lengths ? encode_bytes(plain, n, 0, NULL, lengths, out, err) : nl_fail_memory(err);
    free(lengths);
    return rc;
}

int pq_delta_strings_encode(const void *plain, size_t n, size_t fixed, nl_buf *out, nl_error *err)
{
    uint32_t *both = calloc(n + 1, 2 * sizeof *both);
    int rc = both ? encode_bytes(plain, n, fixed, both, both + n, out, err) : nl_fail_memory(err);
    free(both);
    return rc;
}
