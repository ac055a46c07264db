/* delta_encode.h: write the three delta encodings, a whole page's values in one call, from how PLAIN has them.
 *
 *     DELTA_BINARY_PACKED        integers of 4 or 8 bytes
 *     DELTA_LENGTH_BYTE_ARRAY    byte arrays: all lengths as deltas, then all bytes
 *     DELTA_BYTE_ARRAY           byte arrays, or values of one length: what each shares with the one before is left out
 *
 * What a sample would take is found by encoding it: that costs less than a guess that is wrong.
 *
 * Spec: parquet-format, Encodings.md. Whatever fails (NL_NO_MEMORY only) leaves out as it was. Any thread.
 */
#ifndef NL_PARQUET_ENCODING_DELTA_ENCODE_H
#define NL_PARQUET_ENCODING_DELTA_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Append n integers of width bytes, 4 or 8, from values, aligned to nothing. Differences wrap around within the width. */
int pq_delta_encode(const void *values, size_t n, size_t width, nl_buf *out, nl_error *err);

/* Append n byte arrays, which lie at plain each behind its length of 4 bytes, below 2 GiB all together. */
int pq_delta_lengths_encode(const void *plain, size_t n, nl_buf *out, nl_error *err);

/* The same with prefixes. fixed: 0, or the length of every value, which have none in front of them then. */
int pq_delta_strings_encode(const void *plain, size_t n, size_t fixed, nl_buf *out, nl_error *err);

#endif
