/* rle_encode.h: write the RLE / bit-packed hybrid, for levels and dictionary indices. The layout is drawn in rle.h's
 * specification: parquet-format, Encodings.md, "RLE = 3". */
#ifndef NL_PARQUET_ENCODING_RLE_ENCODE_H
#define NL_PARQUET_ENCODING_RLE_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The bits that every value up to max needs; 0 for max 0. */
unsigned pq_bit_width(uint32_t max);

/* Append the hybrid of n values, each below 2^width, width 1 to 32. No length, no width byte in front. n 0 appends
 * nothing. NL_NO_MEMORY leaves out as it was. */
int pq_rle_encode(const uint32_t *values, size_t n, unsigned width, nl_buf *out, nl_error *err);

/* Append n ≥ 1 times the same value. */
int pq_rle_encode_run(uint32_t value, size_t n, unsigned width, nl_buf *out, nl_error *err);

/* The same as pq_rle_encode() for n values of width 1 that are bits already, LSB first: a validity bitmap is a column's definition levels.
 * Bits beyond n in the last byte are ignored. */
int pq_rle_encode_bits(const uint8_t *bits, size_t n, nl_buf *out, nl_error *err);

#endif
