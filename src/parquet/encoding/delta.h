/* delta.h: read DELTA_BINARY_PACKED: integers, and the lengths of the two delta encodings of byte arrays. */
#ifndef NL_PARQUET_ENCODING_DELTA_H
#define NL_PARQUET_ENCODING_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct pq_delta {
    const uint8_t *start, *in, *end;
    uint32_t minis, per_mini; /* miniblocks of a block, values of a miniblock */
    uint64_t left;            /* values not yet given, the first included */
    bool begun;               /* the first value was given */
    uint64_t last;            /* the value before the next one; the first one where not begun */
    uint64_t min_delta;
    const uint8_t *widths; /* of the block at hand */
    uint32_t mini;         /* miniblocks of the block that were begun */
    const uint8_t *body;   /* of the miniblock at hand */
    uint32_t at, mini_left;
    unsigned width;
};

/* The bytes must stay, and 64 bytes beyond them be readable. NL_CORRUPT: a header that makes no sense. */
int pq_delta_init(struct pq_delta *d, const uint8_t *data, size_t len, nl_error *err);
/* The next n values as integers of width bytes, 4 or 8 (sums wrap around). NL_CORRUPT: fewer are left, or bytes are. */
int pq_delta_next(struct pq_delta *d, size_t n, void *out, size_t width, nl_error *err);
/* Where the encoding ends: what stands behind it. Passes over what was not read; d is finished. */
int pq_delta_end(struct pq_delta *d, const uint8_t **end, nl_error *err);

#endif
