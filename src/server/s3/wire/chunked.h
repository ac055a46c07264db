/* chunked.h: the aws-chunked coding of a body: chunks with lengths, perhaps signatures, perhaps trailing headers.
 *
 *     400;chunk-signature=<64 hex> \r\n  <0x400 bytes> \r\n  …  0;chunk-signature=<64 hex> \r\n
 *     x-amz-checksum-crc32:AAAAAA== \r\n  x-amz-trailer-signature:<64 hex> \r\n  \r\n
 *
 *     ┌────────────────────────────────────────────────┐
 *     ▼                                                │
 *     size line ──n > 0──▶ n bytes ──▶ CR LF ──────────┘
 *         └──────n = 0──▶ trailer lines ──empty line──▶ done
 *
 * W1  A size line is at most 128 bytes, a trailer at most 8 lines of 512: what is longer is refused, not stored.
 * W2  Bytes are passed on as they come; their chunk's signature is checked at its end. So nothing may be published before
 *     s3_chunked_end() has said yes.
 * W3  After a failure everything fails.
 */
#ifndef NL_SERVER_S3_WIRE_CHUNKED_H
#define NL_SERVER_S3_WIRE_CHUNKED_H

#include "base/arena.h"
#include "s3proto/sigv4.h"

#define S3_CHUNK_LINE   128
#define S3_TRAILER_LINE 512
#define S3_TRAILERS     8

typedef int (*s3_bytes_fn)(void *ctx, const void *data, size_t len, nl_error *err);

enum s3_chunked_state {
    S3_CHUNK_SIZE,
    S3_CHUNK_DATA,
    S3_CHUNK_CR,
    S3_CHUNK_LF,
    S3_CHUNK_TRAILER,
    S3_CHUNK_DONE,
    S3_CHUNK_BROKEN
};

typedef struct s3_chunked {
    enum s3_chunked_state state;
    bool is_signed;   /* chunks carry signatures */
    bool has_trailer; /* a trailer is announced */
    s3_chunk_chain chain;
    s3_digest sha256; /* of the current chunk, where signed */
    uint64_t left;    /* bytes of the current chunk to come */
    uint64_t decoded; /* bytes passed on */
    uint64_t limit;   /* decoded may not exceed it */
    bool last;        /* the current chunk is the empty one */
    char line[S3_TRAILER_LINE + 1];
    size_t line_len;
    char signature[S3_SHA256_HEX];
    nl_arena *arena; /* of the trailers; borrowed */
    s3_pair trailers[S3_TRAILERS];
    size_t n_trailers;
    bool trailer_verified;
} s3_chunked;

/* chain: NULL where chunks are not signed; copied. Nothing to release. */
void s3_chunked_open(s3_chunked *c, nl_arena *arena, const s3_chunk_chain *chain, bool has_trailer, uint64_t limit);
/* Decode a piece; the bytes go to fn. NL_INVALID: malformed, or more than limit; NL_DENIED: a signature does not hold; or
 * what fn returned. */
int s3_chunked_feed(s3_chunked *c, const void *data, size_t len, s3_bytes_fn fn, void *ctx, nl_error *err);
/* Is the body whole, and is everything that must be signed? NL_INVALID, NL_DENIED. */
int s3_chunked_end(s3_chunked *c, nl_error *err);

#endif
