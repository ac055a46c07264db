/* tests/parquet/index/bloom.c: filters of DuckDB, every kernel against the same values, folding, hostile headers. */
#include "parquet/index/bloom.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "parquet/index/bloom_kernel.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

/* ── what others write ── */

/* DuckDB 2.0: 40 values each: 0, 7, 14 … 273 as INT64; v0 to v39; 0, 0.5 … 19.5. */
static const uint8_t integers[] = {0x15, 0x80, 0x01, 0x1c, 0x1c, 0x00, 0x00, 0x1c, 0x1c, 0x00, 0x00, 0x1c, 0x1c, 0x00,
                                   0x00, 0x00, 0xb5, 0xc6, 0x87, 0xc3, 0xdd, 0x5b, 0x03, 0xcd, 0xe8, 0xf4, 0x84, 0xbf,
                                   0x36, 0x4e, 0xea, 0x56, 0x5a, 0x1d, 0xd8, 0x4a, 0x7d, 0x20, 0xc6, 0xf7, 0xac, 0x53,
                                   0x38, 0xca, 0x2c, 0x5c, 0xae, 0x93, 0x12, 0x17, 0x08, 0xd1, 0x95, 0x81, 0x74, 0x72,
                                   0x28, 0x8a, 0x98, 0xd6, 0x01, 0x72, 0x0a, 0x57, 0x04, 0x6d, 0x98, 0x00, 0x32, 0x92,
                                   0x8c, 0xda, 0x48, 0x65, 0xa6, 0x0c, 0xb2, 0x10, 0x70, 0x12};
static const uint8_t strings[] = {0x15, 0x80, 0x01, 0x1c, 0x1c, 0x00, 0x00, 0x1c, 0x1c, 0x00, 0x00, 0x1c, 0x1c, 0x00,
                                  0x00, 0x00, 0x75, 0x61, 0x73, 0x88, 0x86, 0xdc, 0x74, 0xc5, 0x6b, 0xdd, 0x81, 0x59,
                                  0x59, 0xd4, 0x0e, 0xd9, 0xcb, 0xab, 0x49, 0xc4, 0xee, 0x22, 0x45, 0xe1, 0xac, 0xc1,
                                  0x64, 0x9f, 0x47, 0xec, 0xb5, 0x44, 0x44, 0xa8, 0xcb, 0xa6, 0x95, 0x03, 0x09, 0xba,
                                  0x89, 0xc5, 0xcc, 0xca, 0x01, 0xb4, 0xdd, 0x26, 0x37, 0x9a, 0x1a, 0x59, 0x17, 0x88,
                                  0x37, 0xbe, 0xbc, 0x24, 0x10, 0x81, 0xa2, 0xc4, 0xd4, 0xf6};
static const uint8_t doubles[] = {0x15, 0x80, 0x01, 0x1c, 0x1c, 0x00, 0x00, 0x1c, 0x1c, 0x00, 0x00, 0x1c, 0x1c, 0x00,
                                  0x00, 0x00, 0x95, 0x4f, 0x08, 0x66, 0x03, 0x05, 0x2d, 0xb6, 0x2a, 0x2b, 0xd6, 0x13,
                                  0x05, 0x68, 0x4e, 0x1f, 0xd9, 0xb0, 0xc3, 0x16, 0xd3, 0x83, 0x41, 0xdc, 0x1d, 0xd1,
                                  0x50, 0x93, 0x18, 0xc0, 0x9c, 0xed, 0x8c, 0xa6, 0x4c, 0x5f, 0xd6, 0xcb, 0x25, 0x89,
                                  0x29, 0xc6, 0xda, 0x57, 0x2b, 0x47, 0xc3, 0xe3, 0x5e, 0x5c, 0x3d, 0xc1, 0xca, 0xbb,
                                  0xcc, 0xc1, 0xab, 0xdf, 0x69, 0x10, 0x54, 0xa9, 0x61, 0x5a};

enum { DUCKDB_VALUES = 40 };

static bool has_integer(const struct pq_bloom *b, int64_t v)
{
    return pq_bloom_may_hold(b, pq_bloom_hash(&v, sizeof v));
}

static bool has_string(const struct pq_bloom *b, int64_t v)
{
    char text[24];
    int len = snprintf(text, sizeof text, "v%lld", (long long)v);
    return pq_bloom_may_hold(b, pq_bloom_hash(text, (size_t)len));
}

static bool has_double(const struct pq_bloom *b, int64_t v)
{
    double half = (double)v * 0.5;
    return pq_bloom_may_hold(b, pq_bloom_hash(&half, sizeof half));
}

static const struct filter_case {
    const char *why;
    const uint8_t *bytes;
    size_t len;
    bool (*has)(const struct pq_bloom *b, int64_t v);
    int64_t step;
} filter_cases[] = {
    {"integers", integers, sizeof integers, has_integer, 7},
    {"strings", strings, sizeof strings, has_string, 1},
    {"doubles", doubles, sizeof doubles, has_double, 1},
};

static void filters_of_duckdb(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(filter_cases); i++) {
        const struct filter_case *c = &filter_cases[i];
        struct pq_bloom b;
        nl_error err = {0};
        size_t need, wrong = 0;
        check_why("%s", c->why);
        CHECK_OK(pq_bloom_decode(c->bytes, c->len, &b, &need, &err), err);
        CHECK_INT(need, c->len);
        CHECK_INT(b.n_blocks, 2);
        for (int64_t v = 0; v < DUCKDB_VALUES; v++) /* F1 */
            CHECK(c->has(&b, v * c->step));
        for (int64_t v = 1000; v < 2000; v++)
            wrong += c->has(&b, v);
        CHECK_MAX(wrong, 150);

        /* The same values make the same bytes with us. */
        struct pq_bloom ours;
        nl_buf out = {0};
        CHECK_OK(pq_bloom_new(&ours, 64, &err), err);
        for (int64_t v = 0; v < DUCKDB_VALUES && c->has == has_integer; v++) {
            int64_t value = v * c->step;
            uint64_t hash = pq_bloom_hash(&value, sizeof value);
            pq_bloom_put(&ours, &hash, 1);
        }
        CHECK_OK(pq_bloom_encode(&ours, &out, &err), err);
        CHECK_INT(out.len, c->len);
        CHECK_MEM(out.data, c->bytes, c->has == has_integer ? c->len : 16);
        nl_buf_free(&out);
        pq_bloom_free(&ours);
    }
}

/* ── kernels, sizes, folding ── */

static void kernels_agree(void **state)
{
    (void)state;
    struct rng rng = rng_seed("bloom");
    static const size_t blocks[] = {1, 2, 3, 64, 1000, 4096};
    for (size_t s = 0; s < NL_LEN(blocks); s++)
        for (const struct pq_bloom_kernel *k = pq_bloom_kernels; k->name; k++) {
            if (!k->usable())
                continue;
            size_t n = blocks[s], size = n * PQ_BLOOM_BLOCK;
            uint8_t *one = calloc(size, 1), *other = calloc(size, 1);
            uint64_t hashes[500];
            check_why("%s, %zu blocks", k->name, n);
            CHECK(one && other);
            for (size_t i = 0; i < NL_LEN(hashes); i++)
                hashes[i] = i ? rng_next(&rng) : UINT64_MAX;
            const struct pq_bloom_kernel *last = k;
            while (last[1].name)
                last++;
            k->put(one, n, hashes, NL_LEN(hashes));
            last->put(other, n, hashes, NL_LEN(hashes));
            CHECK_MEM(one, other, size);
            for (size_t i = 0; i < NL_LEN(hashes); i++) {
                uint64_t strange = rng_next(&rng);
                CHECK(k->may_hold(one, n, hashes[i]));
                CHECK_INT(k->may_hold(one, n, strange), last->may_hold(one, n, strange));
            }
            free(one);
            free(other);
        }
}

static void sizes(void **state)
{
    (void)state;
    CHECK_INT(pq_bloom_size(0, 0.01), 32);
    CHECK_INT(pq_bloom_size(1, 0.01), 32);
    CHECK_INT(pq_bloom_size(1000, 0.01), 2048); /* 9.7 bits a value */
    CHECK_INT(pq_bloom_size(1000, 0), pq_bloom_size(1000, 0.01));
    CHECK_INT(pq_bloom_size(1000, NAN), pq_bloom_size(1000, 0.01));
    CHECK_INT(pq_bloom_size(1000000, 1), 32);
    CHECK(pq_bloom_size(1000000, 0.0001) > pq_bloom_size(1000000, 0.01));
    CHECK_INT(pq_bloom_size(UINT64_MAX, 0.01), PQ_BLOOM_MOST);
    CHECK_INT(pq_bloom_size(UINT64_MAX, 1e-300), PQ_BLOOM_MOST);
}

/* A folded filter is bit for bit the filter that was small from the beginning, and wrong as seldom as it should be. */
static void folding_is_as_if_it_had_been_small(void **state)
{
    (void)state;
    struct rng rng = rng_seed("bloom fold");
    for (size_t distinct = 1; distinct <= 100000; distinct *= 10) {
        struct pq_bloom big, small;
        nl_error err = {0};
        size_t wrong = 0;
        check_why("%zu values", distinct);
        CHECK_OK(pq_bloom_new(&big, 1 << 20, &err), err);
        CHECK_OK(pq_bloom_new(&small, pq_bloom_size(distinct, 0.01), &err), err);
        for (size_t i = 0; i < distinct; i++) {
            uint64_t hash = rng_next(&rng);
            pq_bloom_put(&big, &hash, 1);
            pq_bloom_put(&small, &hash, 1);
        }
        pq_bloom_fold(&big, distinct, 0.01);
        CHECK_INT(big.n_blocks, small.n_blocks);
        CHECK_MEM(big.bits, small.bits, small.n_blocks * PQ_BLOOM_BLOCK);
        for (size_t i = 0; i < 100000; i++)
            wrong += pq_bloom_may_hold(&big, rng_next(&rng));
        CHECK_MAX(wrong, 2500); /* 1 % is wanted; blocks fill unevenly */
        pq_bloom_free(&big);
        pq_bloom_free(&small);
    }
}

/* ── hostile bytes ── */

static const struct header_case {
    const char *why, *part; /* part NULL: NL_OK */
    int want;
    uint8_t in[64 + 16];
    size_t len, need;
} header_cases[] = {
    {"nothing", NULL, NL_OK, {0}, 0, PQ_BLOOM_HEADER_MOST},
    {"a cut header", NULL, NL_OK, {0x15, 0x40, 0x1C}, 3, PQ_BLOOM_HEADER_MOST},
    {"bits that are not there yet",
     NULL,
     NL_OK,
     {0x15, 0x40, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C, 0},
     20,
     47},
    {"another algorithm",
     "algorithm 2",
     NL_UNSUPPORTED,
     {0x15, 0x40, 0x1C, 0x2C, 0, 0, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C},
     64,
     0},
    {"another hash", "hash 2", NL_UNSUPPORTED, {0x15, 0x40, 0x1C, 0x1C, 0, 0, 0x1C, 0x2C, 0, 0, 0x1C, 0x1C}, 64, 0},
    {"compressed",
     "compression 2",
     NL_UNSUPPORTED,
     {0x15, 0x40, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C, 0, 0, 0x1C, 0x2C},
     64,
     0},
    {"no algorithm", "algorithm 0", NL_UNSUPPORTED, {0x15, 0x40, 0}, 64, 0},
    {"no size", "0 bytes", NL_CORRUPT, {0x2C, 0x1C, 0, 0, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C}, 64, 0},
    {"half a block", "16 bytes", NL_CORRUPT, {0x15, 0x20, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C}, 64, 0},
    {"fewer than no bytes",
     "-32 bytes",
     NL_CORRUPT,
     {0x15, 0x3F, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C},
     64,
     0},
    {"2 GiB",
     "2147483616 bytes",
     NL_CORRUPT,
     {0x15, 0xC0, 0xFF, 0xFF, 0xFF, 0x0F, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C, 0, 0, 0x1C, 0x1C},
     64,
     0},
    {"no thrift at all", "bloom filter", NL_CORRUPT, {0xFF, 0xFF, 0xFF, 0xFF}, 64, 0},
};

static void headers_that_cannot_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(header_cases); i++) {
        const struct header_case *c = &header_cases[i];
        struct pq_bloom b;
        nl_error err = {0};
        size_t need = 0;
        check_why("%s", c->why);
        int rc = pq_bloom_decode(c->in, c->len, &b, &need, &err);
        if (c->part)
            CHECK_FAILS(rc, c->want, err, c->part);
        else
            CHECK_OK(rc, err);
        CHECK(b.bits == NULL);
        CHECK_INT(c->part ? 0 : need, c->need);
        CHECK(pq_bloom_may_hold(&b, 7)); /* who knows nothing excludes nothing */
    }
}

static void what_is_cut_asks_for_more(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof integers; len++) {
        struct pq_bloom b;
        nl_error err = {0};
        size_t need;
        uint8_t *exact = malloc(len + 1);
        check_why("%zu bytes", len);
        CHECK(exact != NULL);
        memcpy(exact, integers, len);
        CHECK_OK(pq_bloom_decode(exact, len, &b, &need, &err), err);
        CHECK(b.bits ? need <= len : need > len);
        free(exact);
    }
}

static void no_memory_and_wrong_sizes(void **state)
{
    (void)state;
    struct pq_bloom b;
    nl_error err = {0};
    CHECK_FAILS(pq_bloom_new(&b, 0, &err), NL_INVALID, err, NULL);
    CHECK_FAILS(pq_bloom_new(&b, 33, &err), NL_INVALID, err, NULL);
    CHECK_FAILS(pq_bloom_new(&b, PQ_BLOOM_MOST * 2, &err), NL_INVALID, err, NULL);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_buf out = {0};
        int rc = pq_bloom_new(&b, 64, &err);
        if (rc == NL_OK)
            rc = pq_bloom_encode(&b, &out, &err);
        CHECK_INT(rc, fault_off(&f) ? NL_NO_MEMORY : NL_OK);
        pq_bloom_free(&b);
        nl_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_of_duckdb),
        cmocka_unit_test(kernels_agree),
        cmocka_unit_test(sizes),
        cmocka_unit_test(folding_is_as_if_it_had_been_small),
        cmocka_unit_test(headers_that_cannot_be),
        cmocka_unit_test(what_is_cut_asks_for_more),
        cmocka_unit_test(no_memory_and_wrong_sizes),
    };
    return cmocka_run_group_tests_name("parquet/index/bloom", tests, NULL, NULL);
}
