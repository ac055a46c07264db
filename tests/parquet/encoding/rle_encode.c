/* tests/parquet/encoding/rle_encode.c: exact bytes for small inputs; every width there and back through the decoder. */
#include "parquet/encoding/rle_encode.h"

#include <stdlib.h>

#include "base/io/bytes.h"
#include "base/str.h"
#include "parquet/encoding/rle.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

static const struct bytes_case {
    const char *why;
    unsigned width;
    size_t n;
    uint32_t in[80];
    size_t len;
    uint8_t out[16];
} bytes_cases[] = {
    {"nothing", 3, 0, {0}, 0, {0}},
    {"the specification's example", 3, 8, {0, 1, 2, 3, 4, 5, 6, 7}, 4, {0x03, 0x88, 0xC6, 0xFA}},
    {"a last group is padded with zeros", 3, 3, {1, 2, 3}, 4, {0x03, 0xD1, 0x00, 0x00}},
    {"eight equal bytes are a run", 8, 8, {7, 7, 7, 7, 7, 7, 7, 7}, 2, {0x10, 0x07}},
    {"a run takes values beyond a group", 8, 11, {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}, 2, {0x16, 0x07}},
    {"a run of wide values has as many bytes as they need",
     17,
     8,
     {0x1ABCD, 0x1ABCD, 0x1ABCD, 0x1ABCD, 0x1ABCD, 0x1ABCD, 0x1ABCD, 0x1ABCD},
     4,
     {0x10, 0xCD, 0xAB, 0x01}},
    {"a short run of bits is cheaper packed",
     1,
     16,
     {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
     3,
     {0x05, 0xFF, 0xFF}},
    {"packed, run, packed",
     8,
     18,
     {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 4},
     20,
     {0x03, 1, 2, 3, 4, 5, 6, 7, 8, 0x12, 9, 0x03, 4}},
};

static void small_inputs_have_these_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(bytes_cases); i++) {
        const struct bytes_case *c = &bytes_cases[i];
        nl_buf out = {0};
        nl_error err = {0};
        check_why("%s", c->why);
        CHECK_OK(pq_rle_encode(c->in, c->n, c->width, &out, &err), err);
        CHECK_INT(out.len, c->len);
        if (c->len)
            CHECK_MEM(out.data, c->out, c->len < 16 ? c->len : 16);
        nl_buf_free(&out);
    }
}

static void widths_are_of_the_largest_value(void **state)
{
    (void)state;
    static const struct {
        uint32_t max;
        unsigned width;
    } cases[] = {{0, 0}, {1, 1}, {2, 2}, {3, 2}, {4, 3}, {255, 8}, {256, 9}, {UINT32_MAX, 32}};
    for (size_t i = 0; i < NL_LEN(cases); i++)
        CHECK_INT(pq_bit_width(cases[i].max), cases[i].width);
}

/* len zero bytes, and one more. */
static void *block(size_t len)
{
    void *p = calloc(len + 1, 1);
    if (!p)
        abort();
    return p;
}

/* Decode n values of out and compare. */
static void check_decodes(const nl_buf *out, unsigned width, const uint32_t *want, size_t n)
{
    nl_block *bytes;
    nl_error err = {0};
    CHECK_OK(nl_block_new(out->len, &bytes, &err), err);
    if (out->len)
        memcpy(nl_block_data(bytes), out->data, out->len);
    struct pq_rle *d = block(sizeof *d);
    CHECK_OK(pq_rle_init(d, nl_block_data(bytes), out->len, width, &err), err);
    for (size_t i = 0; i < n;) {
        struct pq_chunk chunk;
        CHECK_OK(pq_rle_next(d, n - i, &chunk, &err), err);
        CHECK(chunk.n > 0 && chunk.n <= n - i);
        for (size_t k = 0; k < chunk.n; k++, i++)
            CHECK_INT(chunk.values ? chunk.values[k] : chunk.value, want[i]);
    }
    free(d);
    nl_block_unref(bytes);
}

/* Values in stretches: all equal, or all different, of every length. */
static size_t stretches(struct rng *r, unsigned width, uint32_t *out, size_t most)
{
    size_t n = rng_below(r, most), i = 0;
    uint32_t mask = width == 32 ? UINT32_MAX : (1u << width) - 1;
    while (i < n) {
        size_t len = 1 + rng_below(r, rng_below(r, 4) ? 20 : 300);
        bool equal = rng_below(r, 2);
        uint32_t value = (uint32_t)rng_next(r) & mask;
        for (; len && i < n; len--)
            out[i++] = equal ? value : (uint32_t)rng_next(r) & mask;
    }
    return n;
}

static void every_width_comes_back(void **state)
{
    (void)state;
    struct rng r = rng_seed("rle_encode");
    static uint32_t values[3000];
    nl_error err = {0};
    for (unsigned width = 1; width <= 32; width++)
        for (int round = 0; round < 30; round++) {
            nl_buf out = {0};
            size_t n = stretches(&r, width, values, NL_LEN(values));
            check_why("width %u, round %d, %zu values", width, round, n);
            CHECK_OK(pq_rle_encode(values, n, width, &out, &err), err);
            check_decodes(&out, width, values, n);
            nl_buf_free(&out);
        }
}

static void bits_come_back(void **state)
{
    (void)state;
    struct rng r = rng_seed("rle_encode bits");
    static uint32_t values[3000];
    nl_error err = {0};
    for (int round = 0; round < 500; round++) {
        nl_buf out = {0};
        size_t n = stretches(&r, 1, values, round < 100 ? 100 : NL_LEN(values));
        uint8_t *bits = block(n / 8 + 1);
        memset(bits, round % 2 ? 0xFF : 0, n / 8 + 1); /* what is beyond n is ignored */
        for (size_t i = 0; i < n; i++)
            bits[i / 8] = (uint8_t)((bits[i / 8] & ~(1u << i % 8)) | values[i] << i % 8);
        check_why("round %d, %zu bits", round, n);
        CHECK_OK(pq_rle_encode_bits(bits, n, &out, &err), err);
        check_decodes(&out, 1, values, n);
        nl_buf_free(&out);
        free(bits);
    }
}

static void a_column_without_nulls_has_levels_of_three_bytes(void **state)
{
    (void)state;
    uint8_t bits[125];
    memset(bits, 0xFF, sizeof bits);
    for (size_t n = 993; n <= 1000; n++) {
        nl_buf out = {0}, run = {0};
        nl_error err = {0};
        check_why("%zu", n);
        CHECK_OK(pq_rle_encode_bits(bits, n, &out, &err), err);
        CHECK_OK(pq_rle_encode_run(1, n, 1, &run, &err), err);
        CHECK_INT(out.len, 3);
        CHECK_INT(run.len, 3);
        CHECK_MEM(out.data, run.data, 3);
        nl_buf_free(&out);
        nl_buf_free(&run);
    }
}

static void a_failed_allocation_leaves_the_buffer(void **state)
{
    (void)state;
    uint32_t values[64] = {1, 2, 3};
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_buf out = {0};
        nl_error err = {0};
        int rc = pq_rle_encode(values, NL_LEN(values), 2, &out, &err);
        bool failed = fault_off(&f);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        CHECK(!failed || out.len == 0);
        nl_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_inputs_have_these_bytes),
        cmocka_unit_test(widths_are_of_the_largest_value),
        cmocka_unit_test(every_width_comes_back),
        cmocka_unit_test(bits_come_back),
        cmocka_unit_test(a_column_without_nulls_has_levels_of_three_bytes),
        cmocka_unit_test(a_failed_allocation_leaves_the_buffer),
    };
    return cmocka_run_group_tests_name("parquet_rle_encode", tests, NULL, NULL);
}
