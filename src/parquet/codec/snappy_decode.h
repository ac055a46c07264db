/* snappy_decode.h: decompress Snappy's raw format. Private to this folder. */
#ifndef NL_PARQUET_CODEC_SNAPPY_DECODE_H
#define NL_PARQUET_CODEC_SNAPPY_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length that the bytes announce, and where the elements begin. False: no number of at most 32 bits is there. */
bool pq_snappy_length(const uint8_t *in, size_t in_len, uint32_t *length, const uint8_t **elements);
/* The elements in..in_end into exactly out_len bytes. False: damaged, or another length; out then holds anything. */
bool pq_snappy_decode(const uint8_t *in, const uint8_t *in_end, uint8_t *out, size_t out_len);

#endif
