/* sigv4.c: the canonical request, the string to sign, the key, the signature; and signing and verifying by them. */
#include "s3proto/sigv4.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/time.h"

enum { max_signed = 128, max_secret = 255 };

enum s3_payload s3_payload_kind(const char *content_sha256)
{
    static const struct {
        const char *text;
        enum s3_payload kind;
    } known[] = {{S3_UNSIGNED_PAYLOAD, S3_PAYLOAD_UNSIGNED},
                 {S3_STREAMING, S3_PAYLOAD_STREAM},
                 {S3_STREAMING_TRAILER, S3_PAYLOAD_STREAM_TRAILER},
                 {S3_STREAMING_UNSIGNED, S3_PAYLOAD_UNSIGNED_TRAILER}};
    if (!content_sha256)
        return S3_PAYLOAD_INVALID;
    for (size_t i = 0; i < NL_LEN(known); i++)
        if (!strcmp(content_sha256, known[i].text))
            return known[i].kind;
    return strlen(content_sha256) == 64 && strspn(content_sha256, "0123456789abcdef") == 64 ? S3_PAYLOAD_HASH
                                                                                            : S3_PAYLOAD_INVALID;
}

/* Append a header's value without outer spaces, runs of spaces inside as one. */
static int put_trimmed(nl_buf *out, const char *value, nl_error *err)
{
    int rc = NL_OK;
    bool gap = false, any = false;
    for (const char *p = value; !rc && *p; p++) {
        if (*p == ' ' || *p == '\t') {
            gap = true;
            continue;
        }
        if (gap && any)
            rc = nl_buf_putc(out, ' ', err);
        if (!rc)
            rc = nl_buf_putc(out, *p, err);
        gap = false;
        any = true;
    }
    return rc;
}

/* Append "name:value,value\n" for all headers of that name. NL_INVALID: there is none. */
static int put_header(nl_buf *out, const s3_sign_request *r, const char *name, size_t len, nl_error *err)
{
    bool found = false;
    int rc = nl_buf_append(out, name, len, err);
    for (size_t i = 0; !rc && i < r->n_headers; i++) {
        const s3_pair *h = &r->headers[i];
        if (strncasecmp(h->name, name, len) != 0 || h->name[len])
            continue;
        rc = nl_buf_putc(out, found ? ',' : ':', err);
        if (!rc)
            rc = put_trimmed(out, h->value, err);
        found = true;
    }
    if (!rc && !found)
        return nl_fail(err, NL_INVALID, "header \"%.*s\" is signed, and is not there", (int)len, name);
    return rc ? rc : nl_buf_putc(out, '\n', err);
}

/* V1: append the path decoded once and encoded again. */
static int put_path(nl_buf *out, const char *path, nl_error *err)
{
    nl_buf plain = {0};
    int rc = s3_uri_decode(&plain, path, strlen(path), false, err);
    if (!rc)
        rc = plain.len ? s3_uri_encode(out, plain.data, plain.len, true, err) : nl_buf_putc(out, '/', err);
    nl_buf_free(&plain);
    return rc;
}

int s3_canonical_request(nl_buf *out, const s3_sign_request *r, const char *signed_headers, const char *skip_query,
                         nl_error *err)
{
    int rc = nl_buf_printf(out, err, "%s\n", r->method);
    if (!rc)
        rc = put_path(out, r->path, err);
    if (!rc)
        rc = nl_buf_putc(out, '\n', err);
    if (!rc)
        rc = s3_query_canonical(out, r->query, r->n_query, skip_query, err);
    if (!rc)
        rc = nl_buf_putc(out, '\n', err);
    for (const char *p = signed_headers; !rc && *p;) {
        size_t len = strcspn(p, ";");
        rc = put_header(out, r, p, len, err);
        p += len + (p[len] == ';');
    }
    return rc ? rc : nl_buf_printf(out, err, "\n%s\n%s", signed_headers, r->payload);
}

int s3_string_to_sign(nl_buf *out, const char *time, const s3_scope *scope, const char *canonical, size_t canonical_len,
                      nl_error *err)
{
    char sha[S3_SHA256_HEX];
    s3_sha256_hex(canonical, canonical_len, sha);
    return nl_buf_printf(out, err, S3_ALGORITHM "\n%s\n%s/%s/%s/aws4_request\n%s", time, scope->date, scope->region,
                         scope->service, sha);
}

int s3_signing_key(const char *secret, const s3_scope *scope, uint8_t key[static 32], nl_error *err)
{
    char start[4 + max_secret] = "AWS4";
    size_t len = strlen(secret);
    if (len > max_secret)
        return nl_fail(err, NL_INVALID, "a secret key of %zu bytes: at most %d are taken", len, max_secret);
    memcpy(start + 4, secret, len);
    s3_hmac_sha256(start, 4 + len, scope->date, strlen(scope->date), key);
    s3_hmac_sha256(key, 32, scope->region, strlen(scope->region), key);
    s3_hmac_sha256(key, 32, scope->service, strlen(scope->service), key);
    s3_hmac_sha256(key, 32, "aws4_request", strlen("aws4_request"), key);
    return NL_OK;
}

void s3_signature(const uint8_t key[static 32], const char *text, size_t len, char out[static S3_SHA256_HEX])
{
    uint8_t mac[32];
    s3_hmac_sha256(key, 32, text, len, mac);
    nl_hex(mac, sizeof mac, out);
}

int s3_signing_key_cached(s3_key_cache *cache, const char *secret, const s3_scope *scope, uint8_t key[static 32],
                          nl_error *err)
{
    const s3_scope *have = &cache->scope;
    if (strcmp(have->date, scope->date) != 0 || strcmp(have->region, scope->region) != 0 ||
        strcmp(have->service, scope->service) != 0) {
        int rc = s3_signing_key(secret, scope, cache->key, err);
        if (rc) {
            cache->scope.date[0] = 0;
            return rc;
        }
        cache->scope = *scope;
    }
    memcpy(key, cache->key, 32);
    return NL_OK;
}

/* The signature of r over these headers. */
static int sign_request(const s3_sign_request *r, const char *signed_headers, const char *skip_query,
                        const uint8_t key[static 32], const s3_scope *scope, const char *time,
                        char out[static S3_SHA256_HEX], nl_error *err)
{
    nl_buf canonical = {0}, text = {0};
    int rc = s3_canonical_request(&canonical, r, signed_headers, skip_query, err);
    if (!rc)
        rc = s3_string_to_sign(&text, time, scope, canonical.data, canonical.len, err);
    if (!rc)
        s3_signature(key, text.data, text.len, out);
    nl_buf_free(&canonical);
    nl_buf_free(&text);
    return rc;
}

static int compare_names(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Append the names of all headers: lower case, sorted, once each, joined by ";". */
static int put_all_names(nl_buf *out, const s3_sign_request *r, nl_error *err)
{
    const char *names[max_signed];
    if (r->n_headers > max_signed)
        return nl_fail(err, NL_INVALID, "%zu headers to sign; at most %d are taken", r->n_headers, max_signed);
    for (size_t i = 0; i < r->n_headers; i++)
        names[i] = r->headers[i].name;
    qsort(names, r->n_headers, sizeof names[0], compare_names);
    int rc = NL_OK;
    for (size_t i = 0; !rc && i < r->n_headers; i++) {
        if (i && !strcasecmp(names[i], names[i - 1]))
            continue;
        if (i)
            rc = nl_buf_putc(out, ';', err);
        for (const char *p = names[i]; !rc && *p; p++)
            rc = nl_buf_putc(out, *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p, err);
    }
    return rc ? rc : nl_buf_reserve(out, 0, err);
}

int s3_sign(nl_buf *authorization, const s3_sign_request *r, const char *access_key, const uint8_t key[static 32],
            const s3_scope *scope, const char *time, char signature[S3_SHA256_HEX], nl_error *err)
{
    nl_buf names = {0};
    char own[S3_SHA256_HEX];
    int rc = put_all_names(&names, r, err);
    if (!rc)
        rc = sign_request(r, names.data, NULL, key, scope, time, own, err);
    if (!rc)
        rc = nl_buf_printf(authorization, err,
                           S3_ALGORITHM " Credential=%s/%s/%s/%s/aws4_request,SignedHeaders=%s,Signature=%s",
                           access_key, scope->date, scope->region, scope->service, names.data, own);
    if (!rc && signature)
        memcpy(signature, own, sizeof own);
    nl_buf_free(&names);
    return rc;
}

int s3_presign(nl_buf *query, const s3_sign_request *r, const char *access_key, const char *session_token,
               const uint8_t key[static 32], const s3_scope *scope, const char *time, int64_t expires, nl_error *err)
{
    if (expires < 1 || expires > S3_PRESIGN_MAX_SECONDS)
        return nl_fail(err, NL_INVALID, "a presigned URL lives 1 to %d seconds, not %lld", S3_PRESIGN_MAX_SECONDS,
                       (long long)expires);
    nl_arena arena = {0};
    nl_buf names = {0};
    char signature[S3_SHA256_HEX];
    s3_sign_request with = *r;
    size_t n = r->n_query;
    s3_pair *pairs = nl_arena_array(&arena, n + 6, sizeof *pairs);
    char *credential =
        nl_arena_printf(&arena, "%s/%s/%s/%s/aws4_request", access_key, scope->date, scope->region, scope->service);
    char *lifetime = nl_arena_printf(&arena, "%lld", (long long)expires);
    int rc = pairs && credential && lifetime ? put_all_names(&names, r, err) : nl_fail_memory(err);
    if (rc)
        goto out;
    if (n)
        memcpy(pairs, r->query, n * sizeof *pairs);
    pairs[n++] = (s3_pair){"X-Amz-Algorithm", S3_ALGORITHM};
    pairs[n++] = (s3_pair){"X-Amz-Credential", credential};
    pairs[n++] = (s3_pair){"X-Amz-Date", time};
    pairs[n++] = (s3_pair){"X-Amz-Expires", lifetime};
    pairs[n++] = (s3_pair){"X-Amz-SignedHeaders", names.data};
    if (session_token)
        pairs[n++] = (s3_pair){"X-Amz-Security-Token", session_token};
    with.query = pairs;
    with.n_query = n;
    rc = sign_request(&with, names.data, NULL, key, scope, time, signature, err);
    if (!rc)
        rc = s3_query_canonical(query, pairs, n, NULL, err);
    if (!rc)
        rc = nl_buf_printf(query, err, "&X-Amz-Signature=%s", signature);
out:
    nl_buf_free(&names);
    nl_arena_free(&arena);
    return rc;
}

/* Is name (case ignored) in the list "a;b;c"? */
static bool is_signed(const char *list, const char *name)
{
    size_t want = strlen(name);
    for (const char *p = list; *p;) {
        size_t len = strcspn(p, ";");
        if (len == want && !strncasecmp(p, name, len))
            return true;
        p += len + (p[len] == ';');
    }
    return false;
}

/* V3 */
static int check_signed(const s3_sign_request *r, const s3_auth *auth, nl_error *err)
{
    if (!is_signed(auth->signed_headers, "host"))
        return nl_fail(err, NL_INVALID, "header \"host\" must be signed");
    for (size_t i = 0; i < r->n_headers; i++) {
        const char *name = r->headers[i].name;
        if (strncasecmp(name, "x-amz-", 6) != 0 || is_signed(auth->signed_headers, name))
            continue;
        if (!(auth->presigned && !strcasecmp(name, "x-amz-content-sha256")))
            return nl_fail(err, NL_INVALID, "header \"%s\" must be signed", name);
    }
    return NL_OK;
}

int s3_verify(const s3_sign_request *r, const s3_auth *auth, const uint8_t key[static 32], nl_error *err)
{
    char want[S3_SHA256_HEX];
    int rc = check_signed(r, auth, err);
    if (!rc)
        rc = sign_request(r, auth->signed_headers, auth->presigned ? "X-Amz-Signature" : NULL, key, &auth->scope,
                          auth->time, want, err);
    if (!rc && !s3_equal_text(want, auth->signature))
        rc = nl_fail(err, NL_DENIED, "the signature of %s %s over \"%s\" does not match", r->method, r->path,
                     auth->signed_headers);
    return rc;
}

int s3_auth_age(const s3_auth *auth, int64_t now, int64_t *age, nl_error *err)
{
    int64_t then;
    if (!s3_time_parse_basic(auth->time, &then))
        return nl_fail(err, NL_INVALID, "\"%s\" is not a time of the form 20261122T154909Z", auth->time);
    *age = now - then;
    return NL_OK;
}
