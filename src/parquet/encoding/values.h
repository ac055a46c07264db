/* values.h: the loops over fixed-width values that every decoder shares: gather, fill, spread, widen, and views of strings.
 *
 * A width is 1, 2, 4, 8, 16 or any other number of bytes of one value. Inputs may be read up to 64 bytes beyond what they
 * hold (base/io/bytes.h, B1); outputs are written exactly.
 */
#ifndef NL_PARQUET_ENCODING_VALUES_H
#define NL_PARQUET_ENCODING_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* out[i] = dictionary[indices[i]]. Every index lies inside: the caller has looked at their maximum. */
void pq_values_gather(void *out, const void *dictionary, const uint32_t *indices, size_t n, size_t width);
/* n times *value. */
void pq_values_fill(void *out, const void *value, size_t n, size_t width);
/* values holds `dense` values at its start: move each to the place of a one in valid (bits from `from` on, n of them,
 * `dense` are ones), in order, and zero the others. In place. */
void pq_values_spread(void *values, size_t dense, const uint8_t *valid, size_t from, size_t n, size_t width);

/* BYTE_STREAM_SPLIT: byte k of value i stands at streams[k × count + i]. */
void pq_values_join(void *out, const uint8_t *streams, size_t n, size_t count, size_t width);
/* INT32 to the 8 or 16 bits that its logical type has: the low ones. */
void pq_values_narrow(void *out, const void *in, size_t n, size_t width);
/* To 128-bit decimals: from integers of 4 or 8 bytes… */
void pq_decimal_from_int32(void *out, const void *in, size_t n);
void pq_decimal_from_int64(void *out, const void *in, size_t n);
/* …and from big-endian bytes, each of its own length, nothing beyond which is read. False: more than 128 bits. */
bool pq_decimal_from_bytes(void *out, const uint8_t *in, size_t len);
/* n of them side by side, width bytes each. False: one has more than 128 bits. */
bool pq_decimal_from_fixed(void *out, const uint8_t *in, size_t n, size_t width);
/* INT96 (nanoseconds of the day, 8 bytes LE; Julian day, 4 bytes LE) to nanoseconds since 1970. NL_CORRUPT where a value
 * lies outside of what 64 bits hold (the years 1677 to 2262). */
int pq_nanos_from_int96(void *out, const void *in, size_t n, nl_error *err);

/* PLAIN byte arrays (a length of 4 bytes LE, then the bytes) into views of 16 bytes. data is the start of the memory
 * that long ones point into, buffer its index. *in is moved on. NL_CORRUPT: a length beyond end. */
int pq_views_from_plain(void *views, size_t n, const uint8_t **in, const uint8_t *end, const uint8_t *data,
                        uint32_t buffer, nl_error *err);
/* n byte arrays that lie side by side at bytes, by their lengths, into views; data and buffer as above. Returns how many
 * bytes they are. The caller has looked at the lengths: none is below 0, all lie within the memory. */
size_t pq_views_from_lengths(void *views, size_t n, const int32_t *lengths, const uint8_t *bytes, const uint8_t *data,
                             uint32_t buffer);
/* DELTA_BYTE_ARRAY put together: value i is the first prefixes[i] bytes of the one before it (before, for the first; NULL: there is none), then
 * lengths[i] - prefixes[i] bytes of suffixes, where those lie side by side. The values come side by side to `to`, which has
 * room for exactly `total` bytes, their sum. The caller has looked at prefixes and lengths. Returns the end of the suffixes. */
const uint8_t *pq_prefixes_join(uint8_t *to, size_t total, const uint8_t *before, const uint8_t *suffixes,
                                const int32_t *prefixes, const int32_t *lengths, size_t n);
/* PLAIN byte arrays into 128-bit decimals, likewise. */
int pq_decimals_from_plain(void *out, size_t n, const uint8_t **in, const uint8_t *end, nl_error *err);
/* decimal_wide.c: the same three to decimals of 256 bits, for 39 digits and more. NL_CORRUPT: one needs more bits. */
bool pq_decimal256_from_bytes(void *out, const uint8_t *in, size_t len);
int pq_decimals256_from_fixed(void *out, const uint8_t *in, size_t n, size_t width, nl_error *err);
int pq_decimals256_from_plain(void *out, size_t n, const uint8_t **in, const uint8_t *end, nl_error *err);
/* INTERVAL (months, days, milliseconds; 4 bytes each, LE, unsigned) to Arrow's months and days of 32 bits, signed, and 64 bits
 * of nanoseconds. NL_UNSUPPORTED names the number that has no place in 31 bits. */
int pq_intervals_widen(void *out, const void *in, size_t n, nl_error *err);
/* One view. */
void pq_view_make(void *view, const uint8_t *bytes, uint32_t len, const uint8_t *data, uint32_t buffer);

#endif
