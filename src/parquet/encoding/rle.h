/* rle.h: read the RLE / bit-packed hybrid, for levels, dictionary indices and booleans. Runs stay runs: the caller gets
 * one value and a count, or many values side by side.
 *
 * The bytes must stay, and 64 bytes beyond them be readable (base/io/bytes.h, B1).
 */
#ifndef NL_PARQUET_ENCODING_RLE_H
#define NL_PARQUET_ENCODING_RLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The run that is being read. */
struct pq_runs {
    const uint8_t *start, *in, *end;
    unsigned width;
    bool packed;
    uint32_t value;      /* of a repeated run */
    const uint8_t *body; /* of a packed run */
    uint64_t at, left;   /* values of the run that were taken, and that are left */
};

#define PQ_RLE_BUFFER 1024

struct pq_rle {
    struct pq_runs runs;
    uint32_t at, buffered; /* values[at..buffered) are unpacked and not yet taken */
    uint32_t values[PQ_RLE_BUFFER];
};

/* n values: `values` of them, or n times `value` where values is NULL. */
struct pq_chunk {
    size_t n;
    const uint32_t *values; /* inside the decoder; valid until the next call */
    uint32_t value;
};

/* Width 0 to 32; else NL_CORRUPT. Width 0 needs no bytes: zeros without end. */
int pq_rle_init(struct pq_rle *d, const uint8_t *data, size_t len, unsigned width, nl_error *err);
/* The next 1 to max values. NL_CORRUPT: a run's header or body is cut, or no runs are left. */
int pq_rle_next(struct pq_rle *d, size_t max, struct pq_chunk *out, nl_error *err);

/* Width 1, straight into a bitmap. */
void pq_runs_init(struct pq_runs *r, const uint8_t *data, size_t len, unsigned width);
/* The next n values into bits from `to` on; *ones: how many of them are 1. NL_CORRUPT as above, or a repeated value
 * above 1. */
int pq_runs_bits(struct pq_runs *r, uint8_t *bits, size_t to, size_t n, size_t *ones, nl_error *err);

/* Width 1 to 8 (pq_runs_init() with that), straight into bytes: the next n levels. NL_CORRUPT as above, or one above max. */
int pq_runs_levels(struct pq_runs *r, uint8_t *out, size_t n, uint8_t max, nl_error *err);

#endif
