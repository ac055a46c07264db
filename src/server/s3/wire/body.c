/* body.c: the checks of a body. */
#include "server/s3/wire/body.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

static const char *header(const s3_body_options *o, const char *name)
{
    for (size_t i = 0; i < o->n_headers; i++)
        if (!strcasecmp(o->headers[i].name, name))
            return o->headers[i].value;
    return NULL;
}

static int refuse(s3_body *b, const char *code, int status, nl_error *err, const char *text)
{
    b->code = code;
    return nl_fail(err, status, "%s", text);
}

/* ── opening ── */

/* The kind of a checksum header's name, where it is one that S3 speaks of. */
static bool checksum_of_name(const char *name, enum s3_digest_kind *kind)
{
    return !strncasecmp(name, "x-amz-checksum-", 15) && strcasecmp(name, "x-amz-checksum-type") &&
           strcasecmp(name, "x-amz-checksum-algorithm") && strcasecmp(name, "x-amz-checksum-mode") &&
           s3_digest_find(name, kind) && *kind != S3_MD5;
}

bool s3_body_brings_checksum(const s3_pair *headers, size_t n)
{
    enum s3_digest_kind kind;
    for (size_t i = 0; i < n; i++)
        if (checksum_of_name(strcasecmp(headers[i].name, "x-amz-trailer") ? headers[i].name : headers[i].value, &kind))
            return true;
    return false;
}

/* Is value the base64 of a digest of that kind? */
static bool is_digest(enum s3_digest_kind kind, const char *value)
{
    uint8_t raw[S3_DIGEST_MAX];
    size_t n;
    return s3_unbase64(value, strlen(value), raw, sizeof(raw), &n) && n == s3_digest_size(kind);
}

/* Which checksum to compute: one that was sent, one that a trailer announces, one that was asked for, the default. */
static int choose_checksum(s3_body *b, const s3_body_options *o, nl_error *err)
{
    enum s3_digest_kind kind;
    for (size_t i = 0; i < o->n_headers && !o->checksum_of_object; i++) {
        if (!checksum_of_name(o->headers[i].name, &kind))
            continue;
        if (b->has_checksum)
            return refuse(b, "InvalidRequest", NL_INVALID, err, "Expecting a single x-amz-checksum- header");
        if (!is_digest(kind, o->headers[i].value))
            return refuse(b, "InvalidRequest", NL_INVALID, err, "Value for x-amz-checksum header is invalid.");
        b->has_checksum = true;
        b->kind = kind;
        b->want_checksum = o->headers[i].value;
    }
    const char *trailer = header(o, "x-amz-trailer");
    if (!b->has_checksum && trailer) {
        if (!checksum_of_name(trailer, &kind))
            return refuse(b, "InvalidRequest", NL_INVALID, err, "The value of x-amz-trailer is not supported.");
        if (!b->chunked)
            return refuse(b, "InvalidRequest", NL_INVALID, err, "x-amz-trailer without a chunked payload.");
        b->has_checksum = b->in_trailer = true;
        b->kind = kind;
    }
    if (!b->has_checksum && o->checksum_default) {
        if (!s3_digest_find(o->checksum_default, &kind) || kind == S3_MD5)
            return refuse(b, "InvalidRequest", NL_INVALID, err, "Checksum algorithm provided is unsupported.");
        b->has_checksum = true;
        b->kind = kind;
    }
    if (b->has_checksum)
        s3_digest_open(&b->checksum, b->kind);
    return NL_OK;
}

static int choose_md5(s3_body *b, const s3_body_options *o, nl_error *err)
{
    size_t n;
    const char *md5 = header(o, "Content-MD5");
    if (md5) {
        if (!s3_unbase64(md5, strlen(md5), b->want_md5, sizeof(b->want_md5), &n) || n != 16)
            return refuse(b, "InvalidDigest", NL_INVALID, err, "The Content-MD5 you specified is not valid.");
        b->check_md5 = true;
    }
    b->has_md5 = md5 || o->want_md5;
    if (b->has_md5)
        s3_lane_open(&b->md5, b->length);
    return NL_OK;
}

/* The decoder of chunks, or the hash of a plain body. */
static int choose_payload(s3_body *b, const s3_body_options *o, nl_error *err)
{
    b->payload = s3_payload_kind(o->content_sha256);
    b->length = o->has_length ? o->content_length : UINT64_MAX;
    switch (b->payload) {
    case S3_PAYLOAD_INVALID:
        return refuse(b, "InvalidArgument", NL_INVALID, err,
                      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-UNSIGNED-PAYLOAD-TRAILER, or a valid "
                      "sha256 value.");
    case S3_PAYLOAD_UNSIGNED:
        return NL_OK;
    case S3_PAYLOAD_HASH:
        memcpy(b->want_sha256, o->content_sha256, S3_SHA256_HEX);
        b->has_sha256 = true;
        s3_digest_open(&b->sha256, S3_SHA256);
        return NL_OK;
    case S3_PAYLOAD_STREAM:
    case S3_PAYLOAD_STREAM_TRAILER:
    case S3_PAYLOAD_UNSIGNED_TRAILER:
        break;
    }
    const char *decoded = header(o, "x-amz-decoded-content-length");
    if (!decoded || !nl_parse_u64(decoded, &b->length))
        return refuse(b, "MissingContentLength", NL_INVALID, err, "x-amz-decoded-content-length is missing.");
    b->chunked = true;
    s3_chunked_open(&b->chunks, o->arena, b->payload == S3_PAYLOAD_UNSIGNED_TRAILER ? NULL : o->chain,
                    b->payload != S3_PAYLOAD_STREAM, b->length);
    return NL_OK;
}

int s3_body_open(s3_body *b, const s3_body_options *o, nl_error *err)
{
    *b = (s3_body){.fn = o->fn, .ctx = o->ctx, .code = "InternalError"};
    int rc = choose_payload(b, o, err);
    if (!rc)
        rc = choose_checksum(b, o, err);
    return rc ? rc : choose_md5(b, o, err);
}

/* ── bytes ── */

/* Decoded bytes: hash them and pass them on. */
static int take(void *ctx, const void *data, size_t len, nl_error *err)
{
    s3_body *b = ctx;
    b->received += len;
    if (b->has_sha256)
        s3_digest_update(&b->sha256, data, len);
    if (b->has_md5)
        s3_lane_update(&b->md5, data, len);
    if (b->has_checksum)
        s3_digest_update(&b->checksum, data, len);
    return b->fn ? b->fn(b->ctx, data, len, err) : NL_OK;
}

int s3_body_feed(s3_body *b, const void *data, size_t len, nl_error *err)
{
    if (!b->chunked)
        return take(b, data, len, err);
    int rc = s3_chunked_feed(&b->chunks, data, len, take, b, err);
    if (rc == NL_DENIED)
        b->code = "SignatureDoesNotMatch";
    else if (rc == NL_INVALID)
        b->code = "IncompleteBody";
    return rc;
}

/* ── the end ── */

/* The announced trailer, where the body came in chunks. */
static int find_trailer(s3_body *b, nl_error *err)
{
    int rc = s3_chunked_end(&b->chunks, err);
    if (rc) {
        b->code = rc == NL_DENIED ? "SignatureDoesNotMatch" : "IncompleteBody";
        return rc;
    }
    for (size_t i = 0; i < b->chunks.n_trailers && b->in_trailer; i++) {
        const s3_pair *t = &b->chunks.trailers[i];
        if (strcasecmp(t->name, s3_digest_header(b->kind)))
            continue;
        if (!is_digest(b->kind, t->value))
            return refuse(b, "InvalidRequest", NL_INVALID, err, "Value for the x-amz-checksum trailer is invalid.");
        b->want_checksum = t->value;
    }
    if (b->in_trailer && !b->want_checksum)
        return refuse(b, "InvalidRequest", NL_INVALID, err, "The announced trailer is missing.");
    return NL_OK;
}

static int check_checksum(s3_body *b, nl_arena *arena, nl_error *err)
{
    uint8_t digest[S3_DIGEST_MAX];
    nl_buf text = {0};
    int rc = s3_base64(&text, digest, s3_digest_final(&b->checksum, digest), err);
    if (!rc) {
        b->checksum_text = nl_arena_strdup(arena, text.data);
        rc = b->checksum_text ? NL_OK : nl_fail_memory(err);
    }
    if (!rc && b->want_checksum && strcmp(b->want_checksum, b->checksum_text)) {
        b->code = "BadDigest";
        rc = nl_fail(err, NL_INVALID, "The %s you specified did not match the calculated checksum.",
                     s3_digest_name(b->kind));
    }
    nl_buf_free(&text);
    return rc;
}

int s3_body_end(s3_body *b, nl_arena *arena, nl_error *err)
{
    uint8_t digest[S3_DIGEST_MAX];
    int rc = b->chunked ? find_trailer(b, err) : NL_OK;
    if (rc)
        return rc;
    if (b->length != UINT64_MAX && b->received != b->length)
        return refuse(b, "IncompleteBody", NL_INVALID, err, "The body is not as long as announced.");
    if (b->has_sha256) {
        char hex[S3_SHA256_HEX];
        nl_hex(digest, s3_digest_final(&b->sha256, digest), hex);
        if (strcmp(hex, b->want_sha256))
            return refuse(b, "XAmzContentSHA256Mismatch", NL_INVALID, err,
                          "The provided 'x-amz-content-sha256' header does not match what was computed.");
    }
    if (b->has_md5) {
        s3_lane_final(&b->md5, digest);
        s3_lane_close(&b->md5);
        nl_hex(digest, 16, b->md5_hex);
        if (b->check_md5 && memcmp(digest, b->want_md5, 16))
            return refuse(b, "BadDigest", NL_INVALID, err,
                          "The Content-MD5 you specified did not match what we received.");
    }
    return b->has_checksum ? check_checksum(b, arena, err) : NL_OK;
}

void s3_body_close(s3_body *b)
{
    s3_lane_close(&b->md5);
}
