/* dict_encode.h: a column chunk's dictionary: values in, indices out.
 *
 *     slots   [ ·  3  ·  ·  1  ·  2  · ]   open addressing over 64-bit hashes; index + 1, 0 is empty
 *     body    v0 v1 v2 …                    the dictionary page's bytes, PLAIN, as they will be written
 *     at      0  9  14 …                    byte arrays only: where each value begins in body (behind its length)
 *
 * D1  Entries are in the order of first appearance, and every entry appeared in the chunk: its statistics are the
 *     chunk's.
 * D2  Values are equal where their bytes are: NaN payloads and signed zeros stay apart, and come back as they were.
 * D3  body never passes `limit`: the value that would pass it is not taken.
 * D4  At most half of the slots are taken.
 */
#ifndef NL_PARQUET_ENCODING_DICT_ENCODE_H
#define NL_PARQUET_ENCODING_DICT_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "parquet/format/thrift.h"

#define PQ_DICT_BATCH 1024 /* the most values of one call */

enum pq_dict_kind { PQ_DICT_4, PQ_DICT_8, PQ_DICT_BYTES, PQ_DICT_FIXED };

struct pq_dict_slot {
    uint32_t next;  /* index + 1 */
    uint32_t check; /* byte arrays: the hash's other half, so that most comparisons are of equal values */
};

struct pq_dict {
    enum pq_dict_kind kind;
    size_t width; /* PQ_DICT_FIXED: bytes of one value */
    size_t limit; /* D3; below 2^31 */
    uint32_t n;   /* entries */
    nl_buf body;
    uint32_t *at;
    size_t at_cap;
    struct pq_dict_slot *slots;
    unsigned slot_bits; /* log2 of how many */
};

/* Empty, without memory yet. width is for PQ_DICT_FIXED. */
void pq_dict_init(struct pq_dict *d, enum pq_dict_kind kind, size_t width, size_t limit);
void pq_dict_free(struct pq_dict *d);
/* No entries any more; memory is kept for the next row group. */
void pq_dict_clear(struct pq_dict *d);

/* Look up n ≤ PQ_DICT_BATCH values (numbers of 4 or 8 bytes, or slices, by kind), adding those that are new.
 * indices  room for n; the first *taken are filled. *taken < n: the next value would pass the limit (D3). */
int pq_dict_put(struct pq_dict *d, const void *values, size_t n, uint32_t *indices, size_t *taken, nl_error *err);

/* Append the values of n indices to out in PLAIN: how a page that was not worth a dictionary is taken back. */
int pq_dict_to_plain(const struct pq_dict *d, const uint32_t *indices, size_t n, nl_buf *out, nl_error *err);
/* Entry i as bytes. Borrowed until the next put. */
struct pq_slice pq_dict_entry(const struct pq_dict *d, uint32_t i);

#endif
