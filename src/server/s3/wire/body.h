/* body.h: what travels as a body is made into what was meant, and checked.
 *
 *     wire bytes ──▶ (aws-chunked undone) ──▶ SHA-256, MD5, checksum ──▶ fn
 *
 * What is checked at the end: x-amz-content-sha256, the chunks' signatures, Content-MD5, one x-amz-checksum-… in a header
 * or a trailer, and the length.
 */
#ifndef NL_SERVER_S3_WIRE_BODY_H
#define NL_SERVER_S3_WIRE_BODY_H

#include "s3proto/hash.h"
#include "s3proto/sigv4.h"
#include "server/s3/wire/chunked.h"
#include "server/s3/wire/lanes.h"

typedef struct s3_body {
    enum s3_payload payload;
    bool chunked; /* chunks is in use */
    s3_chunked chunks;
    s3_digest sha256, checksum;
    s3_lane md5;
    bool has_sha256, has_md5, has_checksum;
    bool in_trailer; /* the checksum is announced as a trailer */
    char want_sha256[S3_SHA256_HEX];
    uint8_t want_md5[16];
    bool check_md5;
    enum s3_digest_kind kind;  /* of the checksum */
    const char *want_checksum; /* base64; NULL: none was sent, it is computed only */
    uint64_t length;           /* bytes to come, decoded; UINT64_MAX: not known */
    uint64_t received;         /* decoded bytes so far */
    s3_bytes_fn fn;
    void *ctx;
    const char *code; /* S3's code of a failure */
    /* After s3_body_end(): */
    char md5_hex[33];
    const char *checksum_text; /* base64 from the arena; NULL: none */
} s3_body;

/* What of a request concerns its body. */
typedef struct s3_body_options {
    nl_arena *arena;
    const s3_pair *headers;
    size_t n_headers;
    const char *content_sha256;   /* the header's value, or S3_UNSIGNED_PAYLOAD */
    const s3_chunk_chain *chain;  /* where chunks are signed */
    bool has_length;              /* Content-Length was sent … */
    uint64_t content_length;      /* … and is this */
    bool want_md5;                /* compute it even if nobody sent one (ETag) */
    const char *checksum_default; /* "CRC32": compute this one where none was sent; NULL: none */
    bool checksum_of_object;      /* x-amz-checksum-… headers are not of the body, but of what comes of it */
    s3_bytes_fn fn;
    void *ctx;
} s3_body_options;

/* Do the headers bring a checksum of the body, or announce one in a trailer? */
bool s3_body_brings_checksum(const s3_pair *headers, size_t n);
/* On failure b->code is set. It must stay where it is, and be closed. */
int s3_body_open(s3_body *b, const s3_body_options *o, nl_error *err);
int s3_body_feed(s3_body *b, const void *data, size_t len, nl_error *err);
int s3_body_end(s3_body *b, nl_arena *arena, nl_error *err);
/* At any time; one that is zeroed or closed is fine. */
void s3_body_close(s3_body *b);

#endif
