/* codec.h: the compression codecs of Parquet pages, one call each way.
 *
 * A page's body is compressed as one unit, without a frame of Parquet's own; its size when decompressed is in the page
 * header and is hostile until pq_codec_allows() said yes.
 *
 * D1  Decompression writes exactly out_len bytes or fails; it never writes beyond out + out_len.
 * D2  No allocation here follows what the compressed bytes say about themselves, but for the window of Brotli (at most
 *     16 MiB) and the blocks of an LZ4 frame (at most 4 MiB): their formats' own limits.
 *
 * Spec: parquet-format, Compression.md; the numbers are those of CompressionCodec in parquet.thrift.
 * Threads  A context belongs to one thread at a time; everything else is free of state.
 */
#ifndef NL_PARQUET_CODEC_CODEC_H
#define NL_PARQUET_CODEC_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum pq_codec {
    PQ_CODEC_UNCOMPRESSED = 0,
    PQ_CODEC_SNAPPY = 1,
    PQ_CODEC_GZIP = 2,
    PQ_CODEC_LZO = 3,
    PQ_CODEC_BROTLI = 4,
    PQ_CODEC_LZ4 = 5, /* deprecated: Hadoop's framing, and what else was written under the name (lz4.c) */
    PQ_CODEC_ZSTD = 6,
    PQ_CODEC_LZ4_RAW = 7,
};

#define PQ_CODEC_SMALL (UINT64_C(8) << 20) /* sizes that pq_codec_allows() gives without a proof, */
#define PQ_CODEC_DENSE 1032                /* and the ratio of sizes */

/* What the codecs want to keep from page to page. Zeroed is valid and empty: filled at the first use. */
struct pq_codec_ctx {
    void *zstd_c, *zstd_d;
    void *deflate_c, *deflate_d;
    int deflate_level;  /* of deflate_c */
    void *snappy_table; /* of the compressor */
};
/* Empty again. */
void pq_codec_ctx_free(struct pq_codec_ctx *ctx);

/* The name as the specification writes it: "SNAPPY". Static; "unknown" for a number without a codec. */
const char *pq_codec_name(int codec);
/* NL_OK where this version can do the codec, else NL_UNSUPPORTED that names it (NL_CORRUPT: a number without a codec). */
int pq_codec_check(int codec, nl_error *err);

/* The most that in_len compressed bytes can decompress to: refuse a page header that asks for more, before allocating.
 * UINT64_MAX where that overflows. A codec that pq_codec_check() refuses gives 0. */
uint64_t pq_codec_max_output(int codec, uint64_t in_len);
/* May a page header ask for size bytes? NL_CORRUPT: these bytes cannot decompress to that. Costs nothing for sizes that
 * are small, or likely for so many bytes; for others (zstd and Brotli: gigabytes from kilobytes) the bytes are
 * decompressed once into memory that grows with what comes out, never beyond 8 times that. */
int pq_codec_allows(struct pq_codec_ctx *ctx, int codec, const void *in, size_t in_len, uint64_t size, nl_error *err);
/* The most that in_len bytes can compress to. */
size_t pq_codec_bound(int codec, size_t in_len);

/* Decompress in_len bytes into exactly out_len bytes of out. NL_CORRUPT: another size, or damaged bytes (out then holds
 * anything). out_len 0 with in_len 0 is fine for every codec. ctx may be NULL: then nothing is kept (slower). */
int pq_decompress(struct pq_codec_ctx *ctx, int codec, const void *in, size_t in_len, void *out, size_t out_len,
                  nl_error *err);

/* Append the compression of in_len bytes to *out; how much is out->len's difference. level: 0 is the codec's default;
 * zstd 1 to 22 (3), gzip 1 to 12 (6), Brotli 1 to 11 (4), beyond them the nearest; others ignore it. A failure leaves
 * out->len as it was. */
int pq_compress(struct pq_codec_ctx *ctx, int codec, int level, const void *in, size_t in_len, nl_buf *out,
                nl_error *err);

/* The CRC-32 of a page's checksum (that of gzip): crc is 0, or what came out for the bytes before. in may be NULL where
 * len is 0. */
uint32_t pq_crc32(uint32_t crc, const void *in, size_t len);

#endif
