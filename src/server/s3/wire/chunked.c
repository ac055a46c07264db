/* chunked.c: the decoder, byte by byte over lines, piece by piece over data. */
#include "server/s3/wire/chunked.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

#define SIGNATURE_LEN (S3_SHA256_HEX - 1)

void s3_chunked_open(s3_chunked *c, nl_arena *arena, const s3_chunk_chain *chain, bool has_trailer, uint64_t limit)
{
    *c = (s3_chunked){.arena = arena, .is_signed = chain != NULL, .has_trailer = has_trailer, .limit = limit};
    if (!chain)
        return;
    c->chain = *chain;
    s3_digest_open(&c->sha256, S3_SHA256);
}

/* ── size lines ── */

/* Hexadecimal digits at the start of the line; returns what is behind them, NULL where there are none or too many. */
static const char *parse_size(const char *line, uint64_t *out)
{
    const char *p = line;
    *out = 0;
    for (; isxdigit((unsigned char)*p); p++) {
        if (p - line >= 15)
            return NULL;
        unsigned char d = (unsigned char)tolower((unsigned char)*p);
        *out = *out << 4 | (uint64_t)(d <= '9' ? d - '0' : d - 'a' + 10);
    }
    return p == line ? NULL : p;
}

/* ";chunk-signature=<64 hex>" and nothing else. */
static bool parse_signature(const char *p, char out[static S3_SHA256_HEX])
{
    static const char name[] = ";chunk-signature=";
    size_t n = sizeof(name) - 1;
    if (strncmp(p, name, n) || strlen(p + n) != SIGNATURE_LEN)
        return false;
    memcpy(out, p + n, S3_SHA256_HEX);
    return true;
}

/* The signature of the chunk whose bytes have all been seen. */
static int check_chunk(s3_chunked *c, nl_error *err)
{
    uint8_t digest[S3_DIGEST_MAX];
    char hex[S3_SHA256_HEX];
    if (!c->is_signed)
        return NL_OK;
    nl_hex(digest, s3_digest_final(&c->sha256, digest), hex);
    return s3_chunk_verify(&c->chain, hex, c->signature, err);
}

static int on_size_line(s3_chunked *c, nl_error *err)
{
    uint64_t size;
    const char *rest = parse_size(c->line, &size);
    if (!rest)
        return nl_fail(err, NL_INVALID, "a chunk's size is malformed");
    if (c->is_signed ? !parse_signature(rest, c->signature) : *rest && *rest != ';')
        return nl_fail(err, NL_INVALID, "a chunk's signature is missing or malformed");
    if (size > c->limit - c->decoded)
        return nl_fail(err, NL_INVALID, "the chunks hold more than x-amz-decoded-content-length says");
    c->left = size;
    if (size > 0) {
        c->state = S3_CHUNK_DATA;
        return NL_OK;
    }
    c->state = S3_CHUNK_TRAILER;
    return check_chunk(c, err);
}

/* ── trailers ── */

/* Cut spaces off both ends, in place. */
static char *trim(char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    size_t n = strlen(s);
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        s[--n] = '\0';
    return s;
}

/* The signature over all trailers, as "name:value\n" lines. */
static int check_trailer_signature(s3_chunked *c, const char *signature, nl_error *err)
{
    nl_buf text = {0};
    int rc = NL_OK;
    if (!c->is_signed)
        return nl_fail(err, NL_INVALID, "a trailer's signature on a body that is not signed");
    for (size_t i = 0; i < c->n_trailers && !rc; i++)
        rc = nl_buf_printf(&text, err, "%s:%s\n", c->trailers[i].name, c->trailers[i].value);
    if (!rc)
        rc = s3_trailer_verify(&c->chain, text.data ? text.data : "", text.len, signature, err);
    c->trailer_verified = !rc;
    nl_buf_free(&text);
    return rc;
}

static int on_trailer_line(s3_chunked *c, nl_error *err)
{
    if (c->line_len == 0) {
        c->state = S3_CHUNK_DONE;
        return NL_OK;
    }
    char *colon = strchr(c->line, ':');
    if (!colon)
        return nl_fail(err, NL_INVALID, "a trailing header has no colon");
    *colon = '\0';
    for (char *p = c->line; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    const char *value = trim(colon + 1);
    if (c->trailer_verified)
        return nl_fail(err, NL_INVALID, "a trailing header behind the trailer's signature");
    if (!strcmp(c->line, "x-amz-trailer-signature"))
        return check_trailer_signature(c, value, err);
    if (!c->has_trailer || c->n_trailers == S3_TRAILERS)
        return nl_fail(err, NL_INVALID, "a trailing header that was not announced");
    s3_pair *t = &c->trailers[c->n_trailers++];
    t->name = nl_arena_strdup(c->arena, trim(c->line));
    t->value = nl_arena_strdup(c->arena, value);
    return t->name && t->value ? NL_OK : nl_fail_memory(err);
}

/* ── the machine ── */

/* Take bytes up to the end of a line. Returns how many; at the end the line is handled. */
static size_t take_line(s3_chunked *c, const char *p, size_t len, int *rc, nl_error *err)
{
    const char *end = memchr(p, '\n', len);
    size_t n = end ? (size_t)(end - p) : len;
    size_t most = c->state == S3_CHUNK_SIZE ? S3_CHUNK_LINE : S3_TRAILER_LINE;
    if (c->line_len + n > most || memchr(p, '\0', n)) {
        *rc = nl_fail(err, NL_INVALID, "a line of the chunked body is too long or holds a NUL");
        return n;
    }
    memcpy(c->line + c->line_len, p, n);
    c->line_len += n;
    if (!end)
        return n;
    if (c->line_len > 0 && c->line[c->line_len - 1] == '\r')
        c->line_len--;
    c->line[c->line_len] = '\0';
    *rc = c->state == S3_CHUNK_SIZE ? on_size_line(c, err) : on_trailer_line(c, err);
    c->line_len = 0;
    return n + 1;
}

static size_t take_data(s3_chunked *c, const char *p, size_t len, s3_bytes_fn fn, void *ctx, int *rc, nl_error *err)
{
    size_t n = len < c->left ? len : (size_t)c->left;
    if (c->is_signed)
        s3_digest_update(&c->sha256, p, n);
    c->left -= n;
    c->decoded += n;
    *rc = fn(ctx, p, n, err);
    if (!*rc && c->left == 0) {
        c->state = S3_CHUNK_CR;
        *rc = check_chunk(c, err);
    }
    return n;
}

static int take_one(s3_chunked *c, char got, char want, enum s3_chunked_state next, nl_error *err)
{
    if (got != want)
        return nl_fail(err, NL_INVALID, "a chunk does not end where its size says");
    c->state = next;
    return NL_OK;
}

int s3_chunked_feed(s3_chunked *c, const void *data, size_t len, s3_bytes_fn fn, void *ctx, nl_error *err)
{
    const char *p = data, *end = p + len;
    int rc = NL_OK;
    while (p < end && !rc) {
        size_t left = (size_t)(end - p);
        switch (c->state) {
        case S3_CHUNK_SIZE:
        case S3_CHUNK_TRAILER:
            p += take_line(c, p, left, &rc, err);
            break;
        case S3_CHUNK_DATA:
            p += take_data(c, p, left, fn, ctx, &rc, err);
            break;
        case S3_CHUNK_CR:
            rc = take_one(c, *p++, '\r', S3_CHUNK_LF, err);
            break;
        case S3_CHUNK_LF:
            rc = take_one(c, *p++, '\n', S3_CHUNK_SIZE, err);
            break;
        case S3_CHUNK_DONE:
            rc = nl_fail(err, NL_INVALID, "bytes behind the end of the chunked body");
            break;
        case S3_CHUNK_BROKEN:
            rc = nl_fail(err, NL_INVALID, "the chunked body is broken");
            break;
        }
    }
    if (rc)
        c->state = S3_CHUNK_BROKEN;
    return rc;
}

int s3_chunked_end(s3_chunked *c, nl_error *err)
{
    if (c->state != S3_CHUNK_DONE)
        return nl_fail(err, NL_INVALID, "the chunked body is cut");
    if (c->decoded != c->limit)
        return nl_fail(err, NL_INVALID, "the chunks hold less than x-amz-decoded-content-length says");
    if (c->is_signed && c->has_trailer && !c->trailer_verified)
        return nl_fail(err, NL_DENIED, "the trailer is not signed");
    return NL_OK;
}
