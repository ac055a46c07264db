/* tests/parquet/codec/snappy_decode.c: our decoder of Snappy against the library: the same bytes or the same refusal, for
 * every element by itself, for random streams of elements, and for damaged ones. */
#include "parquet/codec/snappy_decode.h"

#include <stdlib.h>

#include <snappy-c.h>

#include "base/buf.h"
#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

enum { MOST = 1 << 16 };

/* Decode with both; what they say and what comes out is equal. Memory is exact, so that ASan sees a step beyond it. */
static bool both(const uint8_t *stream, size_t len)
{
    static uint8_t want[MOST];
    uint8_t *in = malloc(len ? len : 1), *out;
    size_t lib_len = sizeof want;
    uint32_t length = 0;
    const uint8_t *elements = NULL;
    CHECK(in != NULL);
    memcpy(in, stream, len);
    bool lib = snappy_uncompress((const char *)in, len, (char *)want, &lib_len) == SNAPPY_OK;
    bool ours = pq_snappy_length(in, len, &length, &elements) && length <= MOST;
    if (ours) {
        out = malloc(length ? length : 1);
        CHECK(out != NULL);
        ours = pq_snappy_decode(elements, in + len, out, length);
        if (ours && lib) {
            CHECK_INT(length, lib_len);
            CHECK_MEM(out, want, length);
        }
        free(out);
    }
    CHECK_INT(ours, lib);
    free(in);
    return ours;
}

/* ── building streams ── */

static nl_buf elements; /* without the length */
static size_t made;     /* how much they give */

static void byte(unsigned v)
{
    nl_error err = {0};
    CHECK_OK(nl_buf_putc(&elements, (char)v, &err), err);
}

static void bytes(size_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        byte((unsigned)(v >> 8 * i & 0xFF));
}

/* A literal whose length takes `extra` bytes behind the tag; 0: none, len ≤ 60. */
static void literal(struct rng *r, size_t len, size_t extra)
{
    byte((unsigned)((extra ? 59 + extra : len - 1) << 2));
    bytes(len - 1, extra);
    for (size_t i = 0; i < len; i++)
        byte((unsigned)rng_below(r, 256));
    made += len;
}

/* A copy of kind 1 (4 to 11 bytes, offset below 2048), 2, 3 (1 to 64). */
static void copy(unsigned kind, size_t len, size_t offset)
{
    byte(kind == 1 ? (unsigned)(1 | (len - 4) << 2 | offset >> 8 << 5) : (unsigned)(kind | (len - 1) << 2));
    bytes(offset, kind == 1 ? 1 : kind == 2 ? 2 : 4);
    made += len;
}

static bool stream_agrees(size_t says)
{
    nl_buf stream = {0};
    nl_error err = {0};
    for (; says >= 0x80; says >>= 7)
        CHECK_OK(nl_buf_putc(&stream, (char)(says | 0x80), &err), err);
    CHECK_OK(nl_buf_putc(&stream, (char)says, &err), err);
    CHECK_OK(nl_buf_append(&stream, elements.data, elements.len, &err), err);
    bool ok = both((const uint8_t *)stream.data, stream.len);
    nl_buf_free(&stream);
    return ok;
}

static void begin(void)
{
    nl_buf_clear(&elements);
    made = 0;
}

/* ── the tests ── */

/* Each copy by itself, near the end and with room behind it, from every near offset. */
static void every_copy(void **state)
{
    (void)state;
    struct rng r = rng_seed("snappy copies");
    for (unsigned kind = 1; kind <= 3; kind++)
        for (size_t len = 1; len <= 64; len++)
            for (size_t offset = 0; offset <= 80; offset++)
                for (size_t behind = 0; behind <= 300; behind += 150) {
                    if (kind == 1 && (len < 4 || len > 11))
                        continue;
                    check_why("kind %u, %zu bytes from %zu before, %zu behind it", kind, len, offset, behind);
                    begin();
                    literal(&r, 60, 0);
                    literal(&r, 10, 1);
                    copy(kind, len, offset);
                    if (behind)
                        literal(&r, behind, 2);
                    CHECK_INT(stream_agrees(made), offset && offset <= 70);
                }
}

static void every_literal(void **state)
{
    (void)state;
    struct rng r = rng_seed("snappy literals");
    for (size_t len = 1; len <= 300; len++)
        for (size_t extra = len > 256 ? 2 : len > 60; extra <= 4; extra++) {
            check_why("%zu bytes, the length in %zu", len, extra);
            begin();
            literal(&r, len, extra);
            CHECK(stream_agrees(made));
            literal(&r, 300, 2);
            literal(&r, len, extra);
            copy(2, 5, len);
            CHECK(stream_agrees(made));
            CHECK(!stream_agrees(made + 1));
            CHECK(!stream_agrees(made - 1));
            elements.len--;
            CHECK(!stream_agrees(made));
        }
    begin();
    CHECK(stream_agrees(0));
    CHECK(!stream_agrees(1));
}

static void random_element(struct rng *r)
{
    size_t most = made < 2047 ? made : 2047;
    switch (made ? rng_below(r, 8) : 0) {
    case 0:
        literal(r, 1 + rng_below(r, 60), 0);
        break;
    case 1:
        literal(r, 1 + rng_below(r, 200), 1 + rng_below(r, 4));
        break;
    case 2:
    case 3:
    case 4:
        copy(1, 4 + rng_below(r, 8), 1 + rng_below(r, rng_below(r, 2) && most > 20 ? 20 : most));
        break;
    case 5:
    case 6:
        copy(2, 1 + rng_below(r, 64), 1 + rng_below(r, made));
        break;
    default:
        copy(3, 1 + rng_below(r, 64), 1 + rng_below(r, made));
    }
}

static void random_streams_and_damaged_ones(void **state)
{
    (void)state;
    struct rng r = rng_seed("snappy streams");
    int taken = 0;
    for (int round = 0; round < 3000; round++) {
        begin();
        for (size_t i = rng_below(&r, 200); i > 0; i--)
            random_element(&r);
        check_why("round %d", round);
        CHECK(stream_agrees(made));
        check_why("round %d, damaged", round);
        for (size_t i = rng_below(&r, 4); elements.len && i > 0; i--)
            elements.data[rng_below(&r, elements.len)] = (char)rng_next(&r);
        if (elements.len && rng_below(&r, 3) == 0)
            elements.len -= rng_below(&r, elements.len);
        taken += stream_agrees(made);
    }
    check_why("damage within literals changes bytes alone");
    CHECK(taken > 0);
}

/* What the library compresses, of many lengths and kinds. */
static void what_the_library_writes(void **state)
{
    (void)state;
    struct rng r = rng_seed("snappy library");
    static char data[MOST], packed[MOST * 2];
    for (int round = 0; round < 600; round++) {
        size_t len = rng_below(&r, round % 3 ? MOST : 300), period = 1 + rng_below(&r, 100), n = sizeof packed;
        for (size_t i = 0; i < len; i++)
            data[i] = rng_below(&r, 1 + (unsigned)round % 40) && i >= period ? data[i - period] : (char)rng_next(&r);
        check_why("round %d, %zu bytes", round, len);
        CHECK(snappy_compress(data, len, packed, &n) == SNAPPY_OK);
        CHECK(both((const uint8_t *)packed, n));
    }
}

static void lengths(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t len;
        uint8_t in[6];
        bool ok;
        uint32_t want;
    } cases[] = {
        {"nothing", 0, {0}, false, 0},
        {"zero", 1, {0}, true, 0},
        {"cut", 2, {0x80, 0x80}, false, 0},
        {"300", 2, {0xAC, 0x02}, true, 300},
        {"the largest", 5, {0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, true, UINT32_MAX},
        {"33 bits", 5, {0xFF, 0xFF, 0xFF, 0xFF, 0x1F}, false, 0},
        {"six bytes", 6, {0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, false, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        uint32_t length = 0;
        const uint8_t *at = NULL;
        check_why("%s", cases[i].why);
        CHECK_INT(pq_snappy_length(cases[i].in, cases[i].len, &length, &at), cases[i].ok);
        if (cases[i].ok) {
            CHECK_INT(length, cases[i].want);
            CHECK(at == cases[i].in + cases[i].len);
        }
    }
}

static int end(void **state)
{
    (void)state;
    nl_buf_free(&elements);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_copy),
        cmocka_unit_test(every_literal),
        cmocka_unit_test(random_streams_and_damaged_ones),
        cmocka_unit_test(what_the_library_writes),
        cmocka_unit_test(lengths),
    };
    return cmocka_run_group_tests_name("parquet_codec_snappy_decode", tests, NULL, end);
}
