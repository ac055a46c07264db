/* bits.h: bitmaps, LSB first, as Arrow has them: validity, booleans. */
#ifndef NL_PARQUET_WRITE_BITS_H
#define NL_PARQUET_WRITE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A bitmap that grows. Zeroed is empty. */
struct pq_bits {
    nl_buf bytes;
    size_t n; /* bits; those beyond in the last byte are 0 */
};

static inline bool pq_bit(const uint8_t *bits, size_t i)
{
    return bits[i / 8] >> i % 8 & 1;
}

/* n ≤ 64 bits from bit `from` on; bits above n are 0. Reads no byte that holds none of them. */
uint64_t pq_bits_word(const uint8_t *bits, size_t from, size_t n);
/* How many of n bits from `from` on are set. */
size_t pq_bits_ones(const uint8_t *bits, size_t from, size_t n);
/* Append n bits of another bitmap. NL_NO_MEMORY leaves b as it was. */
int pq_bits_append(struct pq_bits *b, const uint8_t *bits, size_t from, size_t n, nl_error *err);
/* Append n bits that are all 1. */
int pq_bits_append_ones(struct pq_bits *b, size_t n, nl_error *err);
void pq_bits_clear(struct pq_bits *b);
void pq_bits_free(struct pq_bits *b);

#endif
