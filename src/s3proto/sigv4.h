/* sigv4.h: AWS Signature Version 4 as S3 uses it; the same canonical form serves who signs and who verifies.
 *
 *     canonical request = METHOD \n path \n query \n header:value \n … \n \n signed;headers \n payload hash
 *     string to sign    = AWS4-HMAC-SHA256 \n time \n date/region/s3/aws4_request \n hex(sha256(canonical request))
 *     signing key       = hmac(hmac(hmac(hmac("AWS4" secret, date), region), "s3"), "aws4_request")
 *     signature         = hex(hmac(signing key, string to sign))
 *
 * A streamed body is a chain of chunks: each chunk's signature covers the one before; the first covers the header's (the
 * seed), a last one covers the trailing headers.
 *
 * V1  The path is decoded once and encoded again, so that any spelling of a key gives one canonical path.
 * V2  Signatures are compared in constant time.
 * V3  A request that is verified must have signed "host", and every "x-amz-" header that it carries (in a presigned one
 *     x-amz-content-sha256 may be missing).
 *
 * Spec: "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference. Threads: pure, but for the cache of
 * keys, which its owner guards.
 */
#ifndef S3PROTO_SIGV4_H
#define S3PROTO_SIGV4_H

#include "s3proto/hash.h"
#include "s3proto/uri.h"

#define S3_ALGORITHM            "AWS4-HMAC-SHA256"
#define S3_UNSIGNED_PAYLOAD     "UNSIGNED-PAYLOAD"
#define S3_STREAMING            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
#define S3_STREAMING_TRAILER    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
#define S3_STREAMING_UNSIGNED   "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
#define S3_PRESIGN_MAX_SECONDS  604800 /* seven days */
#define S3_CLOCK_WINDOW_SECONDS 900

/* What x-amz-content-sha256 says of the body. */
enum s3_payload {
    S3_PAYLOAD_HASH,             /* 64 hexadecimal digits: the body's SHA-256 */
    S3_PAYLOAD_UNSIGNED,         /* UNSIGNED-PAYLOAD */
    S3_PAYLOAD_STREAM,           /* aws-chunked, each chunk signed */
    S3_PAYLOAD_STREAM_TRAILER,   /* aws-chunked, each chunk and the trailer signed */
    S3_PAYLOAD_UNSIGNED_TRAILER, /* aws-chunked, nothing signed, with a trailer */
    S3_PAYLOAD_INVALID,          /* none of these */
};
/* Classify the header's value; NULL is S3_PAYLOAD_INVALID. */
enum s3_payload s3_payload_kind(const char *content_sha256);

/* A request as the signature sees it; everything borrowed. */
typedef struct s3_sign_request {
    const char *method;   /* "GET" */
    const char *path;     /* raw as on the wire, without the query: "/bucket/a%20b" */
    const s3_pair *query; /* decoded, any order */
    size_t n_query;
    const s3_pair *headers; /* any case, any order; a name that comes twice is joined by "," */
    size_t n_headers;
    const char *payload; /* the value of x-amz-content-sha256; for presigned ones usually S3_UNSIGNED_PAYLOAD */
} s3_sign_request;

/* "20261122/us-east-1/s3/aws4_request" in parts. */
typedef struct s3_scope {
    char date[9];
    char region[64];
    char service[16];
} s3_scope;

/* ── the steps, each alone ── */

/* signed_headers: lower case, sorted, joined by ";". skip_query: left out of the query (X-Amz-Signature), or NULL.
 * NL_INVALID: the path cannot be decoded, or a header of the list is not there. */
int s3_canonical_request(nl_buf *out, const s3_sign_request *r, const char *signed_headers, const char *skip_query,
                         nl_error *err);
/* time: "20261122T154909Z". */
int s3_string_to_sign(nl_buf *out, const char *time, const s3_scope *scope, const char *canonical, size_t canonical_len,
                      nl_error *err);
/* NL_INVALID: a secret of more than 255 bytes. */
int s3_signing_key(const char *secret, const s3_scope *scope, uint8_t key[static 32], nl_error *err);
void s3_signature(const uint8_t key[static 32], const char *text, size_t len, char out[static S3_SHA256_HEX]);

/* The signing key of the last scope: it changes once a day. One cache a secret; its owner guards it. Zeroed: empty. */
typedef struct s3_key_cache {
    s3_scope scope;
    uint8_t key[32];
} s3_key_cache;
int s3_signing_key_cached(s3_key_cache *cache, const char *secret, const s3_scope *scope, uint8_t key[static 32],
                          nl_error *err);

/* ── signing ── */

/* Append the value of the Authorization header. All of r->headers are signed: host, x-amz-date and x-amz-content-sha256
 * must be among them. signature, where not NULL, is the seed of a chunk chain. */
int s3_sign(nl_buf *authorization, const s3_sign_request *r, const char *access_key, const uint8_t key[static 32],
            const s3_scope *scope, const char *time, char signature[S3_SHA256_HEX], nl_error *err);
/* Append a presigned query, canonical and with its signature: r->query and X-Amz-Algorithm, -Credential, -Date,
 * -Expires, -SignedHeaders, -Security-Token (session_token, NULL: none), -Signature. NL_INVALID: expires is not in
 * 1..604800. */
int s3_presign(nl_buf *query, const s3_sign_request *r, const char *access_key, const char *session_token,
               const uint8_t key[static 32], const s3_scope *scope, const char *time, int64_t expires, nl_error *err);

/* ── verifying ── */

/* What a request says of its own signature. */
typedef struct s3_auth {
    bool presigned;
    char access_key[129];
    s3_scope scope;
    char time[17];        /* X-Amz-Date, or Date brought into its form */
    int64_t expires;      /* presigned only: seconds */
    char *signed_headers; /* from the arena; lower case, sorted, no name twice */
    char signature[S3_SHA256_HEX];
} s3_auth;

/* Parse "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…" (parts in any order, spaces after commas free).
 * amz_date is the x-amz-date header (NULL: date, an RFC 1123 or ISO basic Date header, is taken; NULL too: NL_INVALID).
 * NL_INVALID: malformed; message names the part. NL_UNSUPPORTED: another algorithm (AWS4-ECDSA-P256-SHA256, AWS V2). */
int s3_auth_parse_header(nl_arena *arena, const char *authorization, const char *amz_date, const char *date,
                         s3_auth *out, nl_error *err);
/* Does this query carry a presigned signature (X-Amz-Algorithm or X-Amz-Signature)? */
bool s3_auth_in_query(const s3_pair *query, size_t n);
/* The same from the X-Amz-… pairs. NL_INVALID also where Expires is no number in 0..604800 (0 parses: it has expired). */
int s3_auth_parse_query(nl_arena *arena, const s3_pair *query, size_t n, s3_auth *out, nl_error *err);
/* Does the signature hold? NL_OK; NL_DENIED where it does not (message: what was signed, for a log); NL_INVALID where V3
 * is broken or a signed header is missing. Looks at no clock. */
int s3_verify(const s3_sign_request *r, const s3_auth *auth, const uint8_t key[static 32], nl_error *err);
/* Seconds between the request's time and now. NL_INVALID: time does not parse. */
int s3_auth_age(const s3_auth *auth, int64_t now, int64_t *age, nl_error *err);

/* ── streamed bodies ── */

/* The chain of signatures; all inside, nothing to release. */
typedef struct s3_chunk_chain {
    uint8_t key[32];
    char time[17];
    s3_scope scope;
    char previous[S3_SHA256_HEX];
} s3_chunk_chain;

/* Start a chain: seed is the signature of the request's head. */
void s3_chunk_chain_init(s3_chunk_chain *c, const uint8_t key[static 32], const s3_scope *scope, const char *time,
                         const char *seed);
/* The next chunk's signature from the hexadecimal SHA-256 of its bytes; the chain moves on. The last chunk is empty. */
void s3_chunk_sign(s3_chunk_chain *c, const char *sha256_hex, char out[static S3_SHA256_HEX]);
/* The same, compared with what the client sent: NL_OK or NL_DENIED. */
int s3_chunk_verify(s3_chunk_chain *c, const char *sha256_hex, const char *signature, nl_error *err);
/* The signature over trailing headers, after the last chunk's. trailer: "name:value\n" lines, lower-case names. */
void s3_trailer_sign(s3_chunk_chain *c, const char *trailer, size_t len, char out[static S3_SHA256_HEX]);
int s3_trailer_verify(s3_chunk_chain *c, const char *trailer, size_t len, const char *signature, nl_error *err);

#endif
