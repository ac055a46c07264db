/* levels.h: definition and repetition levels of nested leaves: from runs to bytes, from bytes to bits.
 *
 *     runs (page) ──pq_levels_unpack──▶ bytes, one an entry ──≥ threshold──▶ bits ──pq_bits_compress──▶ validity
 *                                                                              └──pq_offsets──────────▶ offsets of lists
 *
 *     entries         [ [1, 2], null ], [ ]      as list<list<int>>, both may be null: maximum 2 and 4 … here
 *     repetition      0  2  1         0
 *     definition      4  4  2         1
 *
 * L1  Levels are at most 64 (schema.h, E1): a byte with its highest bit free, eight of them in a word are compared at once.
 * L2  Level arrays may be read 8 bytes beyond their end; bit arrays are whole words of 64 bits, the last one padded with 0.
 */
#ifndef NL_PARQUET_READ_LEVELS_H
#define NL_PARQUET_READ_LEVELS_H

#include "base/io/bytes.h"
#include "parquet/encoding/rle.h"
#include "parquet/read/schema.h"

/* Levels of a page, ready to be unpacked. */
struct pq_levels {
    struct pq_runs runs;
    uint8_t max;
    uint8_t *turned; /* BIT_PACKED ones in the order of runs; NULL: none */
};

/* The levels of a nested leaf's batch, and its dense values. */
struct pq_nested {
    struct pq_levels definition, repetition; /* of the page at hand */
    bool begins_at_row;                      /* pages of version 2 must */
    int64_t page_rows;                       /* of such a page, not yet seen; -1: not known */

    uint8_t *def, *rep; /* entries: those of the batch, then pending ones of the page at hand */
    size_t n, room;
    size_t taken; /* of the batch */

    nl_block *values; /* of the entries that are not null, side by side; bits for booleans */
    size_t dense;
    size_t expected; /* bytes that the slots of the batch before took */
};

/* Empty; NULL: no memory. Freeing NULL is fine. */
struct pq_nested *pq_nested_new(const struct pq_leaf *leaf);
/* With its buffers. */
void pq_nested_free(struct pq_nested *n);

/* Levels in the hybrid (RLE), len bytes. */
void pq_levels_init(struct pq_levels *l, const uint8_t *data, size_t len, uint8_t max);
/* BIT_PACKED, most significant bit first (deprecated): n levels, whose bytes are `len` at most. *used: how many they are. */
int pq_levels_init_bits(struct pq_levels *l, const uint8_t *data, size_t len, size_t n, uint8_t max, size_t *used,
                        nl_error *err);
/* The next n levels as bytes. NL_CORRUPT: fewer are there, or one above the maximum. */
int pq_levels_unpack(struct pq_levels *l, uint8_t *out, size_t n, nl_error *err);
/* BIT_PACKED bytes of n values of width bits as one packed run of the hybrid, malloc'd; NULL: no memory. *len: of it. */
uint8_t *pq_levels_turn(const uint8_t *data, size_t n, unsigned width, size_t *len);

/* Words that n bits take. */
static inline size_t pq_words(size_t n)
{
    return (n + 63) / 64;
}
/* bits[i] = levels[i] ≥ least. */
void pq_levels_at_least(const uint8_t *levels, size_t n, uint8_t least, uint64_t *bits);
/* How many of n levels are 0, and how many ≥ least. */
size_t pq_levels_count_zero(const uint8_t *levels, size_t n);
size_t pq_levels_count_at_least(const uint8_t *levels, size_t n, uint8_t least);
/* Where the zero number `rows` stands (counted from 0); n where there are not so many. */
size_t pq_levels_find_zero(const uint8_t *levels, size_t n, size_t rows);
/* The bits of `bits` where `slots` has ones, side by side, into out (whole words; as many as slots has ones). Returns how many
 * of them are 1. */
size_t pq_bits_compress(const uint64_t *bits, const uint64_t *slots, size_t n, uint64_t *out);
size_t pq_bits_count(const uint64_t *bits, size_t n);
/* For each one in slots, how many ones of elements stand before it; the sum of them all last. elements has fewer than 2^31 ones. */
void pq_offsets(const uint64_t *slots, const uint64_t *elements, size_t n, int32_t *out);

/* ── a batch's levels, seen from a node above the leaf (or the leaf's own) ── */

/* Which entries are slots of node. slots has room for pq_words(n->taken). Returns how many. */
size_t pq_nested_slots(const struct pq_nested *n, const struct pq_node *node, uint64_t *slots);
/* Which entries are elements of node, a list or map. */
void pq_nested_elements(const struct pq_nested *n, const struct pq_node *node, uint64_t *elements);

#endif
