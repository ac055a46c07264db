/* delta.c: DELTA_BINARY_PACKED.
 *
 *     header   values of a block (multiple of 128) | miniblocks of a block | all values | first value (zigzag)
 *     block    smallest delta (zigzag) | a byte of width a miniblock | miniblocks
 *     value    the one before + smallest delta + what is packed, modulo 2^64
 *
 * L1  A miniblock's bytes lie inside in..end: those of its last values may be missing, as some writers leave the padding
 *     out, never those of values that are read.
 * L2  Whoever asks for n values has n paid for by a page's count: widths of 0 make values that cost nothing.
 *
 * Spec: parquet-format, Encodings.md, "DELTA_BINARY_PACKED = 5".
 */
#include "parquet/encoding/delta.h"

#include <inttypes.h>
#include <string.h>

#include "parquet/encoding/kernel.h"

enum { STEP = 256 }; /* values unpacked at a time; a multiple of 8 */

static int varint(struct pq_delta *d, uint64_t *out, nl_error *err)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && d->in < d->end; shift += 7) {
        uint8_t b = *d->in++;
        v |= (uint64_t)(b & 0x7F) << shift;
        if (!(b & 0x80)) {
            *out = v;
            return NL_OK;
        }
    }
    return nl_fail(err, NL_CORRUPT, "deltas: a number at byte %td is cut or too long", d->in - d->start);
}

static int zigzag(struct pq_delta *d, uint64_t *out, nl_error *err)
{
    uint64_t v = 0;
    int rc = varint(d, &v, err);
    *out = v >> 1 ^ (0 - (v & 1));
    return rc;
}

int pq_delta_init(struct pq_delta *d, const uint8_t *data, size_t len, nl_error *err)
{
    uint64_t block = 0, minis = 0, count = 0;
    *d = (struct pq_delta){.start = data, .in = data, .end = data + len};
    int rc = varint(d, &block, err);
    if (rc == NL_OK)
        rc = varint(d, &minis, err);
    if (rc == NL_OK)
        rc = varint(d, &count, err);
    if (rc == NL_OK)
        rc = zigzag(d, &d->last, err);
    if (rc)
        return rc;
    if (!minis || block > INT32_MAX || block % minis || block / minis % 8 || !(block / minis))
        return nl_fail(err, NL_CORRUPT, "deltas: blocks of %" PRIu64 " values in %" PRIu64 " miniblocks", block, minis);
    d->minis = d->mini = (uint32_t)minis;
    d->per_mini = (uint32_t)(block / minis);
    d->left = count;
    return NL_OK;
}

/* Begin the next miniblock, and the next block where this one is through. d->left counts values still to come. */
static int next_mini(struct pq_delta *d, nl_error *err)
{
    if (d->mini == d->minis) {
        int rc = zigzag(d, &d->min_delta, err);
        if (rc)
            return rc;
        if (d->minis > (size_t)(d->end - d->in))
            return nl_fail(err, NL_CORRUPT, "deltas: the widths of %" PRIu32 " miniblocks are cut", d->minis);
        d->widths = d->in;
        d->in += d->minis;
        d->mini = 0;
    }
    d->width = d->widths[d->mini++];
    if (d->width > 64)
        return nl_fail(err, NL_CORRUPT, "deltas: values of %u bits", d->width);
    uint64_t values = d->left < d->per_mini ? d->left : d->per_mini;
    uint64_t whole = (uint64_t)d->per_mini * d->width / 8, needed = (values * d->width + 7) / 8;
    uint64_t here = (uint64_t)(d->end - d->in);
    if (needed > here)
        return nl_fail(err, NL_CORRUPT, "deltas: a miniblock at byte %td needs %" PRIu64 " bytes, %" PRIu64 " are left",
                       d->in - d->start, needed, here);
    d->body = d->in;
    d->in += whole < here ? whole : here;
    d->at = 0;
    d->mini_left = (uint32_t)values;
    return NL_OK;
}

/* Value i of width 33 to 64 bits. */
static uint64_t wide(const uint8_t *in, size_t i, unsigned width)
{
    size_t bit = i * width;
    uint64_t v;
    memcpy(&v, in + bit / 8, sizeof v);
    v >>= bit % 8;
    if (bit % 8)
        v |= (uint64_t)in[bit / 8 + 8] << (64 - bit % 8);
    return v & UINT64_MAX >> (64 - width);
}

static void put(uint8_t *out, size_t i, size_t width, uint64_t v)
{
    if (width == 8)
        memcpy(out + i * 8, &v, 8);
    else
        memcpy(out + i * 4, &v, 4); /* little-endian: the low bytes */
}

/* The next k values, all of the miniblock at hand; k + d->at % 8 ≤ STEP. */
static void add_up(struct pq_delta *d, size_t k, uint8_t *out, size_t width)
{
    const struct pq_kernel *kernel = pq_kernel();
    const uint8_t *in = d->body + (size_t)(d->at / 8) * d->width;
    size_t skip = d->at % 8;
    uint64_t v = d->last;
    if (!d->width) { /* a series of equal steps */
        for (size_t i = 0; i < k; i++)
            put(out, i, width, v + (i + 1) * d->min_delta);
        d->last = v + k * d->min_delta;
        return;
    }
    if (d->width > 32) {
        for (size_t i = 0; i < k; i++)
            put(out, i, width, v += d->min_delta + wide(in, skip + i, d->width));
        d->last = v;
        return;
    }
    uint32_t deltas[STEP];
    kernel->unpack(in, (skip + k + 7) / 8, d->width, deltas);
    d->last = width == 8 ? kernel->sum64(out, deltas + skip, k, d->min_delta, v)
                         : kernel->sum32(out, deltas + skip, k, (uint32_t)d->min_delta, (uint32_t)v);
}

int pq_delta_next(struct pq_delta *d, size_t n, void *out, size_t width, nl_error *err)
{
    uint8_t *to = out;
    size_t done = 0;
    if (n > d->left)
        return nl_fail(err, NL_CORRUPT, "deltas: %zu values are wanted, %" PRIu64 " are left", n, d->left);
    if (n && !d->begun) {
        put(to, done++, width, d->last); /* the first value stands in the header */
        d->left--;
        d->begun = true;
    }
    while (done < n) {
        if (!d->mini_left) {
            int rc = next_mini(d, err);
            if (rc)
                return rc;
        }
        size_t room = STEP - d->at % 8, k = n - done < d->mini_left ? n - done : d->mini_left;
        k = k < room ? k : room;
        add_up(d, k, to + done * width, width);
        d->at += (uint32_t)k;
        d->mini_left -= (uint32_t)k;
        d->left -= k;
        done += k;
    }
    return NL_OK;
}

int pq_delta_end(struct pq_delta *d, const uint8_t **end, nl_error *err)
{
    if (d->left && !d->begun) {
        d->left--;
        d->begun = true;
    }
    d->left -= d->mini_left;
    d->mini_left = 0;
    while (d->left) {
        int rc = next_mini(d, err);
        if (rc)
            return rc;
        d->left -= d->mini_left;
        d->mini_left = 0;
    }
    *end = d->in;
    return NL_OK;
}
