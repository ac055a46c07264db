/* chunk.c: the chain of signatures over a streamed body.
 *
 *     AWS4-HMAC-SHA256-PAYLOAD \n time \n scope \n previous signature \n sha256("") \n sha256(chunk)
 *     AWS4-HMAC-SHA256-TRAILER \n time \n scope \n previous signature \n sha256(trailer)
 *
 * Spec: "Signature calculations for the Authorization header: transferring payload in multiple chunks". */
#include <stdio.h>
#include <string.h>

#include "s3proto/sigv4.h"

/* Room for both forms: the longest scope is 9 + 64 + 16 + 12 bytes, the rest three hashes and two short lines. */
enum { text_max = 512 };

void s3_chunk_chain_init(s3_chunk_chain *c, const uint8_t key[static 32], const s3_scope *scope, const char *time,
                         const char *seed)
{
    memcpy(c->key, key, sizeof c->key);
    c->scope = *scope;
    snprintf(c->time, sizeof c->time, "%s", time);
    snprintf(c->previous, sizeof c->previous, "%s", seed);
}

static void sign(s3_chunk_chain *c, const char *kind, const char *hashes, char out[static S3_SHA256_HEX])
{
    char text[text_max];
    int n = snprintf(text, sizeof text, S3_ALGORITHM "-%s\n%s\n%s/%s/%s/aws4_request\n%s\n%s", kind, c->time,
                     c->scope.date, c->scope.region, c->scope.service, c->previous, hashes);
    s3_signature(c->key, text, (size_t)n, out);
    memcpy(c->previous, out, S3_SHA256_HEX);
}

void s3_chunk_sign(s3_chunk_chain *c, const char *sha256_hex, char out[static S3_SHA256_HEX])
{
    char hashes[2 * S3_SHA256_HEX];
    snprintf(hashes, sizeof hashes, "%s\n%s", S3_EMPTY_SHA256, sha256_hex);
    sign(c, "PAYLOAD", hashes, out);
}

void s3_trailer_sign(s3_chunk_chain *c, const char *trailer, size_t len, char out[static S3_SHA256_HEX])
{
    char sha[S3_SHA256_HEX];
    s3_sha256_hex(trailer, len, sha);
    sign(c, "TRAILER", sha, out);
}

int s3_chunk_verify(s3_chunk_chain *c, const char *sha256_hex, const char *signature, nl_error *err)
{
    char want[S3_SHA256_HEX];
    s3_chunk_sign(c, sha256_hex, want);
    return s3_equal_text(want, signature) ? NL_OK : nl_fail(err, NL_DENIED, "the signature of a chunk does not match");
}

int s3_trailer_verify(s3_chunk_chain *c, const char *trailer, size_t len, const char *signature, nl_error *err)
{
    char want[S3_SHA256_HEX];
    s3_trailer_sign(c, trailer, len, want);
    return s3_equal_text(want, signature) ? NL_OK
                                          : nl_fail(err, NL_DENIED, "the signature of the trailer does not match");
}
