/* library.h: one row a codec, between codec.c and the files that speak to the libraries. Private to this folder. */
#ifndef NL_PARQUET_CODEC_LIBRARY_H
#define NL_PARQUET_CODEC_LIBRARY_H

#include "parquet/codec/codec.h"

#define PQ_MORE SIZE_MAX /* the bytes hold more than there is room for */

struct pq_codec_row {
    const char *name;
    /* See pq_codec_bound() and pq_codec_max_output(). */
    size_t (*bound)(size_t in_len);
    uint64_t (*max_output)(uint64_t in_len);
    /* Decompress in_len ≥ 1 bytes to at most room bytes of out (which is never NULL); *got: how many, or PQ_MORE. */
    int (*out)(struct pq_codec_ctx *ctx, const uint8_t *in, size_t in_len, uint8_t *out, size_t room, size_t *got,
               nl_error *err);
    /* Compress in_len bytes to at most room ≥ bound(in_len) bytes of out. */
    int (*in)(struct pq_codec_ctx *ctx, int level, const uint8_t *in, size_t in_len, uint8_t *out, size_t room,
              size_t *got, nl_error *err);
};

extern const struct pq_codec_row pq_codec_snappy, pq_codec_gzip, pq_codec_brotli, pq_codec_lz4, pq_codec_lz4_raw,
    pq_codec_zstd;

/* in_len × factor, UINT64_MAX where that overflows. */
static inline uint64_t pq_times(uint64_t in_len, uint64_t factor)
{
    return in_len > UINT64_MAX / factor ? UINT64_MAX : in_len * factor;
}

#endif
