/* gather.h: rows of an Arrow array as a dense block of Parquet values: nulls out, converted, checked.
 *
 *     Arrow     validity 1 0 1 1      buffer  7 · 8 9        offsets, views, 128-bit decimals, seconds …
 *     block     validity 1 0 1 1      values  7 8 9          uint32_t[], uint64_t[], slices or a bitmap
 *
 * G1  A block has at most PQ_BLOCK rows, and values of at most `most_bytes`, but for a single longer one.
 * G2  Values that need no change are not copied: they point into the array.
 * G3  No value is read whose row is null: what lies below a null may be anything.
 */
#ifndef NL_PARQUET_WRITE_GATHER_H
#define NL_PARQUET_WRITE_GATHER_H

#include "parquet/write/bits.h"
#include "parquet/write/type.h"

#define PQ_BLOCK 1024

struct pq_block {
    size_t rows;             /* rows taken */
    size_t n;                /* values: rows that are not null */
    const uint8_t *validity; /* bitmap of the rows from bit validity_from on; NULL: no nulls */
    size_t validity_from;
    const void *values; /* n of them in the type's form; PQ_FORM_BITS: a bitmap from bit bits_from on */
    size_t bits_from;
    size_t bytes; /* what the values take in PLAIN */
};

/* The memory that blocks live in. One thread at a time; a block is valid until the next call. */
struct pq_scratch {
    _Alignas(16) uint8_t raw[PQ_BLOCK * 32]; /* values without nulls, as Arrow has them */
    _Alignas(16) uint8_t converted[PQ_BLOCK * 32];
    __int128 decimals[PQ_BLOCK];    /* those that Arrow has in another width */
    uint8_t validity[PQ_BLOCK / 8]; /* of rows with a dictionary */
    struct pq_slice slices[PQ_BLOCK];
    struct pq_bits bits;
};

/* Take rows `row` to at most row + rows of array a (before its offset is added). a has been checked by pq_check_array().
 * NL_INVALID names the row: a value that the column's type cannot hold, damaged offsets or views. */
int pq_gather(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, size_t rows, size_t most_bytes,
              struct pq_scratch *scratch, struct pq_block *out, nl_error *err);

/* Is the row (before a's offset is added) null: by itself, or by what a dictionary has for it? */
bool pq_is_null(const struct pq_write_type *t, const struct ArrowArray *a, size_t row);
/* What the rows take in PLAIN, at most; damaged values count nothing. */
size_t pq_gather_bytes(const struct pq_write_type *t, const struct ArrowArray *a, size_t row, size_t rows);

/* Is array a fit for column type t: its buffers there, at least `end` rows, no nulls where required? */
int pq_check_array(const struct pq_write_type *t, const struct ArrowArray *a, size_t first, size_t end, nl_error *err);

#endif
