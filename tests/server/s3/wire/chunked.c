/* tests/server/s3/wire/chunked.c: the aws-chunked decoder: whole bodies in pieces of every size, signatures, hostile bytes. */
#include "server/s3/wire/chunked.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static int collect(void *ctx, const void *data, size_t len, nl_error *err)
{
    return nl_buf_append(ctx, data, len, err);
}

/* Decode text in pieces of `piece` bytes. */
static int decode(const char *text, size_t len, size_t piece, const s3_chunk_chain *chain, bool trailer, uint64_t limit,
                  nl_buf *out, nl_error *err)
{
    nl_arena arena = {0};
    s3_chunked c;
    int rc = NL_OK;
    s3_chunked_open(&c, &arena, chain, trailer, limit);
    nl_buf_clear(out);
    for (size_t at = 0; at < len && !rc; at += piece)
        rc = s3_chunked_feed(&c, text + at, len - at < piece ? len - at : piece, collect, out, err);
    if (!rc)
        rc = s3_chunked_end(&c, err);
    if (rc && c.state == S3_CHUNK_BROKEN) /* W3 */
        CHECK(s3_chunked_feed(&c, "x", 1, collect, out, NULL) != NL_OK);
    if (!rc && trailer) {
        CHECK_INT(c.n_trailers, 1);
        CHECK_STR(c.trailers[0].name, "x-amz-checksum-crc32");
        CHECK_STR(c.trailers[0].value, "AAAAAA==");
    }
    nl_arena_free(&arena);
    return rc;
}

static const struct chunk_case {
    const char *why, *text;
    bool trailer;
    uint64_t limit;
    int want;
    const char *out;
} cases[] = {
    {"one chunk", "5\r\nhello\r\n0\r\n\r\n", false, 5, NL_OK, "hello"},
    {"two chunks", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", false, 6, NL_OK, "hello!"},
    {"nothing", "0\r\n\r\n", false, 0, NL_OK, ""},
    {"upper-case digits, zeros", "0A\r\n0123456789\r\n000\r\n\r\n", false, 10, NL_OK, "0123456789"},
    {"an extension", "1;ext=1\r\nx\r\n0\r\n\r\n", false, 1, NL_OK, "x"},
    {"a trailer", "1\r\nx\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", true, 1, NL_OK, "x"},
    {"a trailer with spaces", "1\r\nx\r\n0\r\nX-Amz-Checksum-CRC32: AAAAAA== \r\n\r\n", true, 1, NL_OK, "x"},
    {"a trailer that ends its line with LF", "1\r\nx\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n", true, 1, NL_OK, "x"},
    {"a trailer not announced", "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", false, 0, NL_INVALID, NULL},
    {"a signature that nobody asked for", "0\r\nx-amz-trailer-signature:00\r\n\r\n", true, 0, NL_INVALID, NULL},
    {"a trailer without a colon", "0\r\nnonsense\r\n\r\n", true, 0, NL_INVALID, NULL},
    {"more than announced", "5\r\nhello\r\n0\r\n\r\n", false, 4, NL_INVALID, NULL},
    {"less than announced", "5\r\nhello\r\n0\r\n\r\n", false, 6, NL_INVALID, NULL},
    {"no size", "\r\nhello\r\n0\r\n\r\n", false, 5, NL_INVALID, NULL},
    {"a negative size", "-5\r\nhello\r\n0\r\n\r\n", false, 5, NL_INVALID, NULL},
    {"a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n", false, 5, NL_INVALID, NULL},
    {"a size of 64 bits", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", false, 5, NL_INVALID, NULL},
    {"a size of 60 bits", "fffffffffffffff\r\nhello\r\n0\r\n\r\n", false, 5, NL_INVALID, NULL},
    {"a chunk that is longer than its size", "4\r\nhello\r\n0\r\n\r\n", false, 5, NL_INVALID, NULL},
    {"a chunk that ends in LF alone", "5\r\nhello\n0\r\n\r\n", false, 5, NL_INVALID, NULL},
    {"bytes behind the end", "0\r\n\r\nx", false, 0, NL_INVALID, NULL},
    {"cut in a chunk", "5\r\nhel", false, 5, NL_INVALID, NULL},
    {"cut before the end", "5\r\nhello\r\n0\r\n", false, 5, NL_INVALID, NULL},
    {"empty", "", false, 0, NL_INVALID, NULL},
};

static void table(void **state)
{
    (void)state;
    nl_buf out = {0};
    for (size_t i = 0; i < NL_LEN(cases); i++)
        for (size_t piece = 1; piece < 40; piece += 3) {
            const struct chunk_case *c = &cases[i];
            nl_error err = {0};
            check_why("%s, in pieces of %zu", c->why, piece);
            CHECK_INT(decode(c->text, strlen(c->text), piece, NULL, c->trailer, c->limit, &out, &err), c->want);
            if (c->out)
                CHECK_STR(out.data ? out.data : "", c->out);
        }
    nl_buf_free(&out);
}

/* W1. */
static void long_lines(void **state)
{
    (void)state;
    nl_buf out = {0}, text = {0};
    nl_error err = {0};
    nl_buf_puts(&text, "1;", NULL);
    for (int i = 0; i < 10000; i++)
        nl_buf_putc(&text, 'x', NULL);
    CHECK_FAILS(decode(text.data, text.len, 64, NULL, false, 1, &out, &err), NL_INVALID, err, "too long");
    nl_buf_clear(&text);
    nl_buf_puts(&text, "0\r\n", NULL);
    for (int i = 0; i < 9; i++)
        nl_buf_printf(&text, NULL, "name-%d:value\r\n", i);
    CHECK_FAILS(decode(text.data, text.len, 64, NULL, true, 0, &out, &err), NL_INVALID, err, "announced");
    nl_buf_free(&text);
    nl_buf_free(&out);
}

static s3_chunk_chain new_chain(void)
{
    s3_chunk_chain chain;
    s3_scope scope = {"20261122", "us-east-1", "s3"};
    uint8_t key[32];
    memset(key, 7, sizeof(key));
    s3_chunk_chain_init(&chain, key, &scope, "20261122T154909Z",
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    return chain;
}

/* Append a chunk and its signature. */
static void add_chunk(nl_buf *text, s3_chunk_chain *chain, const char *data)
{
    char hash[S3_SHA256_HEX], signature[S3_SHA256_HEX];
    size_t len = strlen(data);
    s3_sha256_hex(data, len, hash);
    s3_chunk_sign(chain, hash, signature);
    nl_buf_printf(text, NULL, "%zx;chunk-signature=%s\r\n%s%s", len, signature, data, len ? "\r\n" : "");
}

static void signed_body(nl_buf *text, bool trailer)
{
    static const char line[] = "x-amz-checksum-crc32:AAAAAA==\n";
    char signature[S3_SHA256_HEX];
    s3_chunk_chain chain = new_chain();
    nl_buf_clear(text);
    add_chunk(text, &chain, "hello ");
    add_chunk(text, &chain, "world");
    add_chunk(text, &chain, "");
    if (trailer) {
        s3_trailer_sign(&chain, line, strlen(line), signature);
        nl_buf_printf(text, NULL, "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:%s\r\n", signature);
    }
    nl_buf_puts(text, "\r\n", NULL);
}

static void signatures(void **state)
{
    (void)state;
    nl_buf out = {0}, text = {0};
    nl_error err = {0};
    const s3_chunk_chain chain = new_chain();
    for (int trailer = 0; trailer < 2; trailer++) {
        signed_body(&text, trailer);
        for (size_t piece = 1; piece < 200; piece += 7) {
            check_why("trailer %d, pieces of %zu", trailer, piece);
            CHECK_OK(decode(text.data, text.len, piece, &chain, trailer, 11, &out, &err), err);
            CHECK_STR(out.data, "hello world");
        }
        for (size_t i = 0; i < text.len;
             i++) { /* no byte can be changed unseen, but the case of a size's digit or a name */
            char old = text.data[i];
            text.data[i] = (char)(old ^ 1);
            check_why("trailer %d, byte %zu changed", trailer, i);
            CHECK(decode(text.data, text.len, 50, &chain, trailer, 11, &out, &err) != NL_OK);
            text.data[i] = old;
        }
    }
    signed_body(&text, false);
    CHECK_FAILS(decode(text.data, text.len, 50, &chain, true, 11, &out, &err), NL_DENIED, err, "trailer is not signed");
    CHECK(decode("5\r\nhello\r\n0\r\n\r\n", 15, 50, &chain, false, 5, &out, &err) == NL_INVALID);
    nl_buf_free(&text);
    nl_buf_free(&out);
}

/* Random cuts and changes end in an answer. */
static void hostile(void **state)
{
    (void)state;
    nl_buf out = {0}, text = {0};
    struct rng r = rng_seed("chunked");
    const s3_chunk_chain chain = new_chain();
    signed_body(&text, true);
    for (int i = 0; i < 20000; i++) {
        char copy[1024];
        size_t len = rng_below(&r, text.len + 1);
        memcpy(copy, text.data, text.len);
        for (uint64_t n = rng_below(&r, 4); n > 0; n--)
            copy[rng_below(&r, text.len)] = (char)rng_next(&r);
        decode(copy, len, 1 + rng_below(&r, 99), rng_below(&r, 2) ? &chain : NULL, false, rng_below(&r, 20), &out,
               NULL);
    }
    nl_buf_free(&text);
    nl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(long_lines),
                                       cmocka_unit_test(signatures), cmocka_unit_test(hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
