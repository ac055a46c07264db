/* bloom.h: the split block bloom filter of a column chunk.
 *
 *     file   │ BloomFilterHeader (thrift) │ blocks of 32 bytes │          hash  │ block: high 32 bits │ bits: low 32 bits │
 *     block  8 words of 32 bits, one bit set in each by (low × salt[i]) >> 27
 *
 * F1  A value that was put in is always found: pq_bloom_may_hold() is false only for values that are not there.
 * F2  The size in a header is hostile until it was held against the bytes that are there.
 *
 * Spec: parquet-format, BloomFilter.md (SBBF, XXH64 with seed 0 of the value's PLAIN bytes without a length).
 */
#ifndef NL_PARQUET_INDEX_BLOOM_H
#define NL_PARQUET_INDEX_BLOOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define PQ_BLOOM_MOST ((size_t)128 << 20) /* bytes of the largest filter: the specification's */

/* A filter's bits: ours, or a slice of a file's. */
struct pq_bloom {
    uint8_t *own;        /* to be filled; NULL: read only */
    const uint8_t *bits; /* n_blocks × 32 bytes */
    size_t n_blocks;
};

/* Bytes for so many distinct values at a rate of false positives: a power of two, 32 to PQ_BLOOM_MOST. */
size_t pq_bloom_size(uint64_t distinct, double fpp);
/* Empty, of size bytes (a multiple of 32). NL_NO_MEMORY. */
int pq_bloom_new(struct pq_bloom *b, size_t size, nl_error *err);
void pq_bloom_free(struct pq_bloom *b);
/* The hash of a value: its PLAIN bytes, without the length of a byte array. */
uint64_t pq_bloom_hash(const void *value, size_t len);
void pq_bloom_put(struct pq_bloom *b, const uint64_t *hashes, size_t n);
bool pq_bloom_may_hold(const struct pq_bloom *b, uint64_t hash);
/* Halve it while that keeps the rate of false positives of `distinct` values below fpp: for a filter that was sized by a
 * guess. */
void pq_bloom_fold(struct pq_bloom *b, uint64_t distinct, double fpp);

/* Append header and bits. NL_NO_MEMORY. */
int pq_bloom_encode(const struct pq_bloom *b, nl_buf *out, nl_error *err);
/* A filter at data: *out borrows. NL_CORRUPT; NL_UNSUPPORTED: another algorithm, hash or compression, which it names.
 * *need: bytes of header and bits, also where len is too short for them (then NL_OK with bits NULL). Where it is too short
 * for the header, PQ_BLOOM_HEADER_MOST. */
#define PQ_BLOOM_HEADER_MOST 64
int pq_bloom_decode(const void *data, size_t len, struct pq_bloom *out, size_t *need, nl_error *err);

#endif
