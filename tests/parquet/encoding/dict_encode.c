/* tests/parquet/encoding/dict_encode.c: order, equality by bits, the limit, growth, and the way back to plain values. */
#include "parquet/encoding/dict_encode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

#define S(text)                                                                                                        \
    {                                                                                                                  \
        (const uint8_t *)(text), sizeof(text) - 1                                                                      \
    }

static void entries_are_in_order_of_appearance(void **state)
{
    (void)state;
    static const struct pq_slice in[] = {S("b"),
                                         S(""),
                                         S("a"),
                                         S("b"),
                                         S(""),
                                         S("seventeen letters"),
                                         S("a"),
                                         S("seventeen lettert"),
                                         S("seventeen letters")};
    static const uint32_t want[] = {0, 1, 2, 0, 1, 3, 2, 4, 3};
    struct pq_dict d;
    uint32_t got[NL_LEN(in)];
    size_t taken;
    nl_error err = {0};
    pq_dict_init(&d, PQ_DICT_BYTES, 0, 1000);
    CHECK_OK(pq_dict_put(&d, in, NL_LEN(in), got, &taken, &err), err);
    CHECK_INT(taken, NL_LEN(in));
    CHECK_MEM(got, want, sizeof want);
    CHECK_INT(d.n, 5);
    CHECK_MEM(d.body.data, "\1\0\0\0b\0\0\0\0\1\0\0\0a", 14);
    nl_buf plain = {0};
    CHECK_OK(pq_dict_to_plain(&d, got, 4, &plain, &err), err);
    CHECK_INT(plain.len, 5 + 4 + 5 + 5);
    CHECK_MEM(plain.data, "\1\0\0\0b\0\0\0\0\1\0\0\0a\1\0\0\0b", 19);
    nl_buf_free(&plain);
    pq_dict_free(&d);
}

static void numbers_are_equal_where_their_bits_are(void **state)
{
    (void)state;
    double in[] = {0.0, -0.0, NAN, 0.0, -0.0, NAN};
    uint64_t odd_nan = 0x7FF8000000000001;
    memcpy(&in[5], &odd_nan, 8);
    static const uint32_t want[] = {0, 1, 2, 0, 1, 3};
    struct pq_dict d;
    uint32_t got[6];
    size_t taken;
    nl_error err = {0};
    pq_dict_init(&d, PQ_DICT_8, 0, 1000);
    CHECK_OK(pq_dict_put(&d, in, 6, got, &taken, &err), err);
    CHECK_INT(taken, 6);
    CHECK_MEM(got, want, sizeof want);
    CHECK_INT(d.body.len, 32);
    pq_dict_free(&d);
}

/* The value that would pass the limit is not taken; those before it are, also later ones that are known. */
static void the_limit_holds(void **state)
{
    (void)state;
    static const struct pq_slice words[] = {S("aaa"), S("bbb"), S("aaa"), S("cccc"), S("aaa")};
    static const uint32_t four[] = {1, 2, 1, 3, 1};
    static const uint64_t eight[] = {1, 2, 1, 3, 1};
    static const struct {
        const char *why;
        enum pq_dict_kind kind;
        size_t width, limit;
        const void *values;
        size_t taken, body;
    } cases[] = {
        {"strings", PQ_DICT_BYTES, 0, 14, words, 3, 14},  {"one byte more", PQ_DICT_BYTES, 0, 22, words, 5, 22},
        {"4 bytes", PQ_DICT_4, 0, 11, four, 3, 8},        {"8 bytes", PQ_DICT_8, 0, 16, eight, 3, 16},
        {"room for all", PQ_DICT_8, 0, 24, eight, 5, 24}, {"no room at all", PQ_DICT_8, 0, 7, eight, 0, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct pq_dict d;
        uint32_t got[5];
        size_t taken;
        nl_error err = {0};
        check_why("%s", cases[i].why);
        pq_dict_init(&d, cases[i].kind, cases[i].width, cases[i].limit);
        CHECK_OK(pq_dict_put(&d, cases[i].values, 5, got, &taken, &err), err);
        CHECK_INT(taken, cases[i].taken);
        CHECK_INT(d.body.len, cases[i].body);
        pq_dict_free(&d);
    }
}

/* A hundred thousand values of which half are new: against what they are, not against another table. */
static void many_values_come_back(void **state)
{
    (void)state;
    struct rng r = rng_seed("dict_encode");
    enum { N = 100 * PQ_DICT_BATCH };
    for (int kind = PQ_DICT_4; kind <= PQ_DICT_FIXED; kind++) {
        struct pq_dict d;
        nl_error err = {0};
        check_why("kind %d", kind);
        pq_dict_init(&d, (enum pq_dict_kind)kind, 11, 1 << 30);
        for (int round = 0; round < 2; round++) { /* the second after a clear */
            for (size_t at = 0; at < N; at += PQ_DICT_BATCH) {
                static uint32_t four[PQ_DICT_BATCH], indices[PQ_DICT_BATCH];
                static uint64_t eight[PQ_DICT_BATCH];
                static char text[PQ_DICT_BATCH][24];
                static struct pq_slice slices[PQ_DICT_BATCH];
                for (size_t i = 0; i < PQ_DICT_BATCH; i++) {
                    uint64_t v = rng_below(&r, N / 2);
                    four[i] = (uint32_t)v << 12; /* low bits all equal */
                    eight[i] = v << 40;
                    int len = snprintf(text[i], sizeof text[i], "%011u%0*d", (unsigned)v, (int)(v % 9), 0);
                    slices[i] = (struct pq_slice){(uint8_t *)text[i], kind == PQ_DICT_FIXED ? 11 : (size_t)len};
                }
                const void *values = kind == PQ_DICT_4 ? (void *)four : kind == PQ_DICT_8 ? (void *)eight : slices;
                size_t taken;
                CHECK_OK(pq_dict_put(&d, values, PQ_DICT_BATCH, indices, &taken, &err), err);
                CHECK_INT(taken, PQ_DICT_BATCH);
                for (size_t i = 0; i < PQ_DICT_BATCH; i++) {
                    struct pq_slice want = kind == PQ_DICT_4   ? (struct pq_slice){(uint8_t *)&four[i], 4}
                                           : kind == PQ_DICT_8 ? (struct pq_slice){(uint8_t *)&eight[i], 8}
                                                               : slices[i];
                    CHECK(indices[i] < d.n);
                    struct pq_slice got = pq_dict_entry(&d, indices[i]);
                    CHECK_INT(got.len, want.len);
                    CHECK_MEM(got.data, want.data, want.len);
                }
            }
            CHECK_MAX(d.n, N / 2); /* no value twice */
            CHECK(d.n > N / 3);
            pq_dict_clear(&d);
            CHECK_INT(d.n, 0);
        }
        pq_dict_free(&d);
    }
}

static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    static char text[PQ_DICT_BATCH][8];
    static struct pq_slice slices[PQ_DICT_BATCH];
    static uint32_t indices[PQ_DICT_BATCH];
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct pq_dict d;
        nl_error err = {0};
        size_t taken;
        int rc = NL_OK;
        pq_dict_init(&d, PQ_DICT_BYTES, 0, 1 << 20);
        for (unsigned round = 0; round < 5 && !rc; round++) {
            for (unsigned i = 0; i < PQ_DICT_BATCH; i++)
                slices[i] = (struct pq_slice){(uint8_t *)text[i], (size_t)snprintf(text[i], 8, "%u", round * 1000 + i)};
            rc = pq_dict_put(&d, slices, PQ_DICT_BATCH, indices, &taken, &err);
        }
        bool failed = fault_off(&f);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        pq_dict_free(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_in_order_of_appearance),
        cmocka_unit_test(numbers_are_equal_where_their_bits_are),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(many_values_come_back),
        cmocka_unit_test(a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("parquet_dict_encode", tests, NULL, NULL);
}
