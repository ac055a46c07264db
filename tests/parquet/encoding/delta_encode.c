/* tests/parquet/encoding/delta_encode.c: exact bytes for small inputs; everything there and back through the decoder. */
#include "parquet/encoding/delta_encode.h"

#include <stdlib.h>

#include "base/str.h"
#include "parquet/encoding/delta.h"
#include "parquet/encoding/plain_encode.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

enum { PADDING = 64 }; /* that decoders may read */

/* ── exact bytes ── */

static const struct integers_case {
    const char *why;
    size_t width, n;
    int64_t in[8];
    size_t len; /* of out; packed bytes behind it are compared by the round trips */
    uint8_t out[24];
} integers_cases[] = {
    {"nothing", 4, 0, {0}, 5, {0x80, 1, 4, 0, 0}},
    {"one value has no block", 8, 1, {-3}, 5, {0x80, 1, 4, 1, 5}},
    {"equal steps have no bits: 1 2 3 4 5", 4, 5, {1, 2, 3, 4, 5}, 10, {0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0}},
    {"the specification's second example, padded to whole miniblocks",
     8,
     8,
     {7, 5, 3, 1, 2, 3, 4, 5},
     18,
     {0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0, 0, 0}},
    {"a step from end to end is 1, modulo 2^32",
     4,
     3,
     {INT32_MAX, INT32_MIN, INT32_MAX},
     18,
     {0x80, 1, 4, 3, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 1, 2, 0, 0, 0, 2, 0, 0, 0}},
};

static void small_inputs_have_these_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(integers_cases); i++) {
        const struct integers_case *c = &integers_cases[i];
        nl_buf in = {0}, out = {0};
        nl_error err = {0};
        check_why("%s", c->why);
        for (size_t k = 0; k < c->n; k++)
            CHECK_OK(nl_buf_append(&in, &c->in[k], c->width, &err), err);
        CHECK_OK(pq_delta_encode(in.data, c->n, c->width, &out, &err), err);
        CHECK_MEM(out.data, c->out, c->len < out.len ? c->len : out.len);
        CHECK(out.len >= c->len);
        nl_buf_free(&in);
        nl_buf_free(&out);
    }
}

/* Values of PLAIN from strings. */
static nl_buf plain_of(const char *const *values, size_t n)
{
    nl_buf plain = {0};
    nl_error err = {0};
    for (size_t i = 0; i < n; i++) {
        struct pq_slice v = {(const uint8_t *)values[i], strlen(values[i])};
        CHECK_OK(pq_plain_byte_arrays(&v, 1, &plain, &err), err);
    }
    return plain;
}

static void strings_of_the_specification(void **state)
{
    (void)state;
    static const char *const words[] = {"Hello", "World", "Foobar", "ABCDEF"};
    static const char *const axes[] = {"axis", "axle", "babble", "babyhood"};
    /* 5 5 6 6: the first, then steps 0 1 0; bits 010. Prefixes 0 2 0 3: steps 2 -2 3, from -2: 4 0 5 in 3 bits. Suffixes
     * 4 2 6 5: steps -2 4 -1, from -2: 0 6 1 in 3 bits. */
    static const uint8_t lengths[] = {0x80, 1, 4, 4, 10, 0, 1, 0, 0, 0, 0x02, 0, 0, 0};
    static const uint8_t prefixes[] = {0x80, 1, 4, 4, 0, 3, 3, 0, 0, 0, 0x44, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t suffixes[] = {0x80, 1, 4, 4, 8, 3, 3, 0, 0, 0, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    nl_buf plain = plain_of(words, 4), out = {0};
    nl_error err = {0};
    CHECK_OK(pq_delta_lengths_encode(plain.data, 4, &out, &err), err);
    CHECK_INT(out.len, sizeof lengths + 22);
    CHECK_MEM(out.data, lengths, sizeof lengths);
    CHECK_STR(out.data + sizeof lengths, "HelloWorldFoobarABCDEF");
    nl_buf_free(&plain);
    nl_buf_clear(&out);

    plain = plain_of(axes, 4);
    CHECK_OK(pq_delta_strings_encode(plain.data, 4, 0, &out, &err), err);
    CHECK_INT(out.len, sizeof prefixes + sizeof suffixes + 17);
    CHECK_MEM(out.data, prefixes, sizeof prefixes);
    CHECK_MEM(out.data + sizeof prefixes, suffixes, sizeof suffixes);
    CHECK_STR(out.data + sizeof prefixes + sizeof suffixes, "axislebabbleyhood");
    nl_buf_free(&plain);
    nl_buf_free(&out);
}

/* ── there and back ── */

/* What is random about a row of integers. */
static const struct shape {
    const char *why;
    unsigned bits; /* of a step; 65: the ends, in turn */
} shapes[] = {{"equal", 0},    {"small steps", 3}, {"16 bits", 16}, {"17 bits", 17},  {"31 bits", 31},
              {"33 bits", 33}, {"50 bits", 50},    {"63 bits", 63}, {"anything", 64}, {"ends", 65}};
static const size_t counts[] = {0, 1, 2, 8, 32, 33, 34, 65, 128, 129, 130, 257, 1000, 4097};

static int64_t next_of(struct rng *rng, unsigned bits, int64_t before, size_t i)
{
    if (bits > 64)
        return i % 2 ? INT64_MIN : INT64_MAX;
    uint64_t step = bits ? rng_next(rng) >> (64 - bits) : 0;
    return (int64_t)((uint64_t)before + step - (bits ? UINT64_C(1) << (bits - 1) : 0));
}

/* Encode n integers, decode them, compare. */
static void there_and_back(const uint8_t *in, size_t n, size_t width)
{
    nl_buf out = {0};
    nl_error err = {0};
    struct pq_delta d;
    uint8_t *back = malloc(n * width + 1);
    const uint8_t *end;
    CHECK(back != NULL);
    CHECK_OK(nl_buf_puts(&out, "x", &err), err);
    CHECK_OK(pq_delta_encode(in, n, width, &out, &err), err);
    size_t len = out.len;
    CHECK_MAX(len, 1 + 23 + (n / 128 + 1) * (14 + 128 * width));
    CHECK_OK(nl_buf_reserve(&out, PADDING, &err), err);
    const uint8_t *from = (const uint8_t *)out.data + 1;
    CHECK_OK(pq_delta_init(&d, from, len - 1, &err), err);
    CHECK_INT(d.left, n);
    CHECK_OK(pq_delta_next(&d, n, back, width, &err), err);
    CHECK_MEM(back, in, n * width);
    CHECK_OK(pq_delta_init(&d, from, len - 1, &err), err);
    CHECK_OK(pq_delta_end(&d, &end, &err), err);
    CHECK(end == from + len - 1);
    free(back);
    nl_buf_free(&out);
}

static void integers_come_back(void **state)
{
    (void)state;
    struct rng rng = rng_seed("delta_encode");
    for (size_t s = 0; s < NL_LEN(shapes); s++)
        for (size_t c = 0; c < NL_LEN(counts); c++)
            for (size_t width = 4; width <= 8; width += 4) {
                static uint8_t in[4097 * 8 + 1]; /* from an odd address on */
                int64_t v = (int64_t)rng_next(&rng);
                check_why("%s, %zu values of %zu bytes", shapes[s].why, counts[c], width);
                for (size_t i = 0; i < counts[c]; i++) {
                    v = next_of(&rng, shapes[s].bits, v, i);
                    int32_t end = i % 2 ? INT32_MIN : INT32_MAX;
                    memcpy(in + 1 + i * width, width == 4 && shapes[s].bits > 64 ? (void *)&end : (void *)&v, width);
                }
                there_and_back(in + 1, counts[c], width);
            }
}

static void widths_of_32_bit_integers_stay_within_32(void **state)
{
    (void)state;
    struct rng rng = rng_seed("delta_encode L3");
    int32_t in[129];
    nl_buf out = {0};
    nl_error err = {0};
    for (size_t i = 0; i < 129; i++)
        in[i] = (int32_t)rng_next(&rng);
    CHECK_OK(pq_delta_encode(in, 129, 4, &out, &err), err);
    struct pq_delta d;
    CHECK_OK(pq_delta_init(&d, (const uint8_t *)out.data, out.len, &err), err);
    const uint8_t *at = d.in; /* the smallest delta, then the widths */
    while (*at++ & 0x80)
        ;
    for (size_t i = 0; i < 4; i++)
        CHECK_MAX(at[i], 32);
    nl_buf_free(&out);
}

/* A reader of the two encodings as plain as the specification's text: strings at out, side by side, must be plain's. */
static void strings_come_back(const nl_buf *plain, size_t n, size_t fixed, const nl_buf *encoded, bool prefixed)
{
    nl_error err = {0};
    struct pq_delta d;
    const uint8_t *bytes = (const uint8_t *)encoded->data, *end = bytes + encoded->len;
    int32_t *prefixes = calloc(n + 1, 4), *lengths = calloc(n + 1, 4);
    CHECK(prefixes && lengths);
    for (int stream = prefixed ? 0 : 1; stream < 2; stream++) {
        CHECK_OK(pq_delta_init(&d, bytes, (size_t)(end - bytes), &err), err);
        CHECK_OK(pq_delta_next(&d, n, stream ? lengths : prefixes, 4, &err), err);
        CHECK_OK(pq_delta_end(&d, &bytes, &err), err);
    }
    const uint8_t *p = (const uint8_t *)plain->data, *before = NULL;
    for (size_t i = 0; i < n; i++) {
        uint32_t len = (uint32_t)fixed;
        if (!fixed) {
            memcpy(&len, p, 4);
            p += 4;
        }
        CHECK_INT(prefixes[i] + lengths[i], len);
        CHECK(i || prefixes[i] == 0);
        CHECK(!prefixes[i] || memcmp(p, before, (size_t)prefixes[i]) == 0);
        CHECK_MEM(bytes, p + prefixes[i], (size_t)lengths[i]);
        bytes += lengths[i];
        before = p;
        p += len;
    }
    CHECK(bytes == end);
    free(prefixes);
    free(lengths);
}

static void byte_arrays_come_back(void **state)
{
    (void)state;
    struct rng rng = rng_seed("delta_encode strings");
    static const size_t most[] = {1, 3, 20, 300};
    for (size_t m = 0; m < NL_LEN(most); m++)
        for (size_t c = 0; c < NL_LEN(counts); c++)
            for (size_t fixed = 0; fixed <= 12; fixed += 12) {
                nl_buf plain = {0}, out = {0};
                nl_error err = {0};
                check_why("%zu values of up to %zu bytes, fixed %zu", counts[c], most[m], fixed);
                for (size_t i = 0; i < counts[c]; i++) {
                    uint8_t text[300];
                    for (size_t k = 0; k < sizeof text; k++) /* mostly alike */
                        text[k] = (uint8_t)('a' + (rng_below(&rng, 16) == 0));
                    struct pq_slice v = {text, fixed ? fixed : rng_below(&rng, most[m] + 1)};
                    CHECK_OK((fixed ? pq_plain_fixed : pq_plain_byte_arrays)(&v, 1, &plain, &err), err);
                }
                CHECK_OK(pq_delta_strings_encode(plain.data, counts[c], fixed, &out, &err), err);
                CHECK_OK(nl_buf_reserve(&out, PADDING, &err), err);
                strings_come_back(&plain, counts[c], fixed, &out, true);
                nl_buf_clear(&out);
                CHECK_OK(fixed ? NL_OK : pq_delta_lengths_encode(plain.data, counts[c], &out, &err), err);
                CHECK_OK(nl_buf_reserve(&out, PADDING, &err), err);
                if (!fixed)
                    strings_come_back(&plain, counts[c], fixed, &out, false);
                nl_buf_free(&plain);
                nl_buf_free(&out);
            }
}

static void no_memory_leaves_the_buffer(void **state)
{
    (void)state;
    static const char *const words[] = {"Hello", "World"};
    nl_buf plain = plain_of(words, 2), out = {0};
    nl_error err = {0};
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        size_t was = out.len;
        int rc = pq_delta_strings_encode(plain.data, 2, 0, &out, &err);
        if (rc == NL_OK)
            rc = pq_delta_encode(plain.data, 2, 4, &out, &err);
        if (rc == NL_OK)
            rc = pq_delta_lengths_encode(plain.data, 2, &out, &err);
        CHECK(fault_off(&f) ? rc == NL_NO_MEMORY : rc == NL_OK);
        CHECK(rc == NL_OK || out.len >= was);
        nl_buf_free(&out);
    }
    CHECK_FAILS(pq_delta_encode("", SIZE_MAX, 8, &out, &err), NL_NO_MEMORY, err, NULL);
    nl_buf_free(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_inputs_have_these_bytes),
        cmocka_unit_test(strings_of_the_specification),
        cmocka_unit_test(integers_come_back),
        cmocka_unit_test(widths_of_32_bit_integers_stay_within_32),
        cmocka_unit_test(byte_arrays_come_back),
        cmocka_unit_test(no_memory_leaves_the_buffer),
    };
    return cmocka_run_group_tests_name("parquet/encoding/delta_encode", tests, NULL, NULL);
}
