/* bitmap.h: bits, least significant first, as Arrow and the hybrid's width 1 both have them: validity and booleans.
 *
 * Sources may be read up to 8 bytes beyond their last bit (bytes.h, B1). Destinations are written exactly: bits before
 * `to` and from `to + n` on stay as they are, but no byte beyond is touched.
 */
#ifndef NL_PARQUET_ENCODING_BITMAP_H
#define NL_PARQUET_ENCODING_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many bits of v are 1, without the instruction, which the oldest processors lack, and without the library's table. */
static inline size_t pq_ones(uint64_t v)
{
    v -= v >> 1 & 0x5555555555555555;
    v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
    return (size_t)(((v + (v >> 4)) & 0x0F0F0F0F0F0F0F0F) * 0x0101010101010101 >> 56);
}

/* Set n bits from `to` on to value. */
void pq_bitmap_fill(uint8_t *bits, size_t to, size_t n, bool value);
/* Copy n bits; returns how many of them are 1. */
size_t pq_bitmap_copy(uint8_t *bits, size_t to, const uint8_t *src, size_t from, size_t n);
/* n ≤ 57 bits from `from` on, the higher ones 0. */
uint64_t pq_bitmap_word(const uint8_t *src, size_t from, size_t n);
/* Move the first `dense` bits from `to` on to where valid (n bits from `to` on, of which `dense` are 1) has ones, in
 * order; the others become 0. dense_bits and bits do not overlap. */
void pq_bitmap_spread(uint8_t *bits, const uint8_t *dense_bits, const uint8_t *valid, size_t to, size_t n);

#endif
