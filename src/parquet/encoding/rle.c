/* rle.c: the RLE / bit-packed hybrid, for levels, dictionary indices and booleans.
 *
 *     header (ULEB128)   low bit 0: repeated   header >> 1 values    body: one value in ceil(width / 8) bytes, LE
 *                        low bit 1: packed     header >> 1 groups    body: groups × width bytes, 8 values each, LSB first
 *
 *     03 | 88 C6 FA      one packed group, width 3: 0 1 2 3 4 5 6 7
 *
 * R1  A run's body lies inside in..end: checked once, here at the header, so that the kernels need no check.
 * R2  Values of the last group beyond the page's count are padding: dropped, never an error. Some writers leave the
 *     padding's bytes out: a last packed run gives the values that its bytes hold whole.
 * R3  Runs of no values are passed over; each costs its header, so that they end.
 *
 * Spec: parquet-format, Encodings.md, "RLE = 3".
 */
#include "parquet/encoding/rle.h"

#include <inttypes.h>
#include <string.h>

#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/kernel.h"

void pq_runs_init(struct pq_runs *r, const uint8_t *data, size_t len, unsigned width)
{
    *r = (struct pq_runs){.start = data, .in = data, .end = data + len, .width = width};
    if (!width)
        r->left = UINT64_MAX;
}

int pq_rle_init(struct pq_rle *d, const uint8_t *data, size_t len, unsigned width, nl_error *err)
{
    d->at = d->buffered = 0;
    pq_runs_init(&d->runs, data, len, width);
    return width <= 32 ? NL_OK : nl_fail(err, NL_CORRUPT, "values of %u bits, at most 32 are possible", width);
}

/* A header is at most 2^32 - 1. On failure r is as it was. */
static int read_header(struct pq_runs *r, uint32_t *out, nl_error *err)
{
    const uint8_t *p = r->in;
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (p == r->end)
            return nl_fail(err, NL_CORRUPT, "runs end at byte %td, more values are expected", p - r->start);
        v |= (uint64_t)(*p & 0x7F) << shift;
        if (!(*p++ & 0x80)) {
            if (v > UINT32_MAX)
                break;
            r->in = p;
            *out = (uint32_t)v;
            return NL_OK;
        }
    }
    return nl_fail(err, NL_CORRUPT, "run at byte %td has a header of more than 32 bits", r->in - r->start);
}

/* Read headers until a run has values, and take its body (R1). */
static int next_run(struct pq_runs *r, nl_error *err)
{
    while (!r->left) {
        const uint8_t *begin = r->in;
        uint32_t header = 0;
        int rc = read_header(r, &header, err);
        if (rc)
            return rc;
        uint64_t here = (uint64_t)(r->end - r->in), count = header >> 1;
        r->packed = header & 1;
        /* 64 bits: a hostile count times the width does not fit in 32. */
        uint64_t body = r->packed ? count * r->width : (r->width + 7) / 8;
        if (r->packed) {
            count *= 8;
            if (body > here) {
                count = here * 8 / r->width;
                body = here;
            }
        }
        if (body > here || (!count && header >> 1))
            return nl_fail(err, NL_CORRUPT, "run at byte %td needs %" PRIu64 " bytes, %" PRIu64 " are left",
                           begin - r->start, body ? body : 1, here);
        r->body = r->in;
        r->value = 0;
        if (!r->packed)
            memcpy(&r->value, r->in, (size_t)body); /* little-endian processors only: see README */
        r->in += body;
        r->left = count;
        r->at = 0;
    }
    return NL_OK;
}

/* Unpack the next values of a packed run into the buffer, whole groups. */
static void refill(struct pq_rle *d)
{
    struct pq_runs *r = &d->runs;
    size_t n = r->left < PQ_RLE_BUFFER ? (size_t)r->left : PQ_RLE_BUFFER;
    pq_kernel()->unpack(r->body + r->at / 8 * r->width, (n + 7) / 8, r->width, d->values);
    r->at += n;
    r->left -= n;
    d->at = 0;
    d->buffered = (uint32_t)n;
}

int pq_rle_next(struct pq_rle *d, size_t max, struct pq_chunk *out, nl_error *err)
{
    struct pq_runs *r = &d->runs;
    if (d->at == d->buffered) {
        if (!r->left) {
            int rc = next_run(r, err);
            if (rc)
                return rc;
        }
        if (!r->packed) {
            size_t n = r->left < max ? (size_t)r->left : max;
            r->left -= n;
            *out = (struct pq_chunk){.n = n, .value = r->value};
            return NL_OK;
        }
        refill(d);
    }
    size_t n = d->buffered - d->at < max ? d->buffered - d->at : max;
    *out = (struct pq_chunk){.n = n, .values = d->values + d->at};
    d->at += (uint32_t)n;
    return NL_OK;
}

int pq_runs_bits(struct pq_runs *r, uint8_t *bits, size_t to, size_t n, size_t *ones, nl_error *err)
{
    *ones = 0;
    while (n) {
        if (!r->left) {
            int rc = next_run(r, err);
            if (rc)
                return rc;
        }
        size_t k = r->left < n ? (size_t)r->left : n;
        if (r->packed) {
            *ones += pq_bitmap_copy(bits, to, r->body, r->at, k);
        } else {
            if (r->value > 1)
                return nl_fail(err, NL_CORRUPT, "a bit of value %" PRIu32, r->value);
            pq_bitmap_fill(bits, to, k, r->value);
            *ones += r->value ? k : 0;
        }
        r->at += k;
        r->left -= k;
        to += k;
        n -= k;
    }
    return NL_OK;
}

/* k levels of the packed run at hand: whole groups go straight to out, cut ones through a little memory. */
static void unpack_levels(struct pq_runs *r, uint8_t *out, size_t k)
{
    while (k) {
        const uint8_t *in = r->body + r->at / 8 * r->width;
        size_t skip = r->at % 8, n = k - k % 8;
        if (!skip && n) {
            pq_kernel()->unpack_bytes(in, n / 8, r->width, out);
        } else {
            uint8_t group[8];
            pq_kernel()->unpack_bytes(in, 1, r->width, group);
            n = k < 8 - skip ? k : 8 - skip;
            memcpy(out, group + skip, n);
        }
        r->at += n;
        out += n;
        k -= n;
    }
}

/* Is one of n levels above max? Without an end in between, so that the compiler takes many at once. */
static bool any_above(const uint8_t *levels, size_t n, uint8_t max)
{
    uint8_t above = 0;
    for (size_t i = 0; i < n; i++)
        above |= (uint8_t)(levels[i] > max);
    return above;
}

int pq_runs_levels(struct pq_runs *r, uint8_t *out, size_t n, uint8_t max, nl_error *err)
{
    bool may_be_above = (1U << r->width) - 1 > max;
    while (n) {
        int rc = next_run(r, err);
        if (rc)
            return rc;
        size_t k = r->left < n ? (size_t)r->left : n;
        if (r->packed) {
            unpack_levels(r, out, k);
        } else {
            memset(out, (int)(r->value & 0xFF), k);
            r->at += k;
        }
        if (r->packed ? may_be_above && any_above(out, k, max) : r->value > max)
            return nl_fail(err, NL_CORRUPT, "a level above %u", (unsigned)max);
        r->left -= k;
        out += k;
        n -= k;
    }
    return NL_OK;
}
