/* tests/parquet/encoding/delta.c: the spec's examples, every width, wrap-around, hostile headers. */
#include "parquet/encoding/delta.h"

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static const struct delta_case {
    const char *why;
    size_t len;
    uint8_t in[24];
    size_t n;
    int want;
    int64_t out[9];
} cases[] = {
    {"the spec's first example: 1 2 3 4 5", 6, {8, 1, 5, 2, 2, 0}, 5, NL_OK, {1, 2, 3, 4, 5}},
    {"the spec's second example", 8, {8, 1, 8, 14, 3, 2, 0xC0, 0x3F}, 8, NL_OK, {7, 5, 3, 1, 2, 3, 4, 5}},
    {"one value has no block", 4, {0x80, 1, 1, 5}, 1, NL_CORRUPT, {0}},
    {"one value", 5, {0x80, 1, 4, 1, 5}, 1, NL_OK, {-3}},
    {"no values", 5, {0x80, 1, 4, 0, 0}, 0, NL_OK, {0}},
    {"padding that was left out", 7, {16, 1, 3, 14, 3, 2, 0x0C}, 3, NL_OK, {7, 5, 6}},
    {"more values than the header counts", 6, {8, 1, 5, 2, 2, 0}, 6, NL_CORRUPT, {0}},
    {"no miniblocks", 5, {8, 0, 5, 2, 2}, 1, NL_CORRUPT, {0}},
    {"miniblocks that do not divide the block", 5, {8, 3, 5, 2, 2}, 1, NL_CORRUPT, {0}},
    {"a block of no values", 5, {0, 1, 5, 2, 2}, 1, NL_CORRUPT, {0}},
    {"65 bits", 6, {8, 1, 5, 2, 2, 65}, 5, NL_CORRUPT, {0}},
    {"a miniblock is cut", 7, {8, 1, 8, 14, 3, 8, 1}, 8, NL_CORRUPT, {0}},
    {"widths are cut", 6, {0x80, 1, 4, 5, 2, 2}, 5, NL_CORRUPT, {0}},
    {"a header is cut", 2, {8, 1}, 1, NL_CORRUPT, {0}},
};

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++)
        for (size_t step = 1; step < 10; step += 2) {
            const struct delta_case *c = &cases[i];
            uint8_t padded[24 + 64] = {0};
            struct pq_delta d;
            nl_error err = {0};
            memcpy(padded, c->in, c->len);
            check_why("%s, %zu at a time", c->why, step);
            int rc = pq_delta_init(&d, padded, c->len, &err);
            for (size_t at = 0; rc == NL_OK && at < c->n; at += step) {
                int64_t out[9];
                size_t k = c->n - at < step ? c->n - at : step;
                rc = pq_delta_next(&d, k, out, 8, &err);
                for (size_t v = 0; rc == NL_OK && c->want == NL_OK && v < k; v++)
                    CHECK_INT(out[v], c->out[at + v]);
            }
            CHECK_INT(rc, c->want);
            const uint8_t *end;
            if (rc == NL_OK) {
                CHECK_OK(pq_delta_end(&d, &end, &err), err);
                CHECK(end == padded + c->len);
            }
        }
}

/* One block of 128 values in 4 miniblocks of one width, written bit by bit; what is read is the sum. */
static void every_width(void **state)
{
    (void)state;
    struct rng rng = rng_seed("delta");
    for (unsigned width = 0; width <= 64; width++) {
        static uint8_t bytes[16 + 128 * 8 + 64];
        uint64_t packed[128], want = 5;
        size_t at = 0;
        const uint8_t head[] = {0x80,          1, 4, 0x81, 1, 10, 3, (uint8_t)width, (uint8_t)width, (uint8_t)width,
                                (uint8_t)width};
        memset(bytes, 0, sizeof bytes);
        memcpy(bytes, head, sizeof head);
        for (size_t i = 0; i < 128; i++) {
            packed[i] = width ? rng_next(&rng) >> (64 - width) : 0;
            for (size_t b = 0; b < width; b++, at++)
                bytes[sizeof head + at / 8] |= (uint8_t)((packed[i] >> b & 1) << at % 8);
        }
        struct pq_delta d, all, narrow;
        nl_error err = {0};
        check_why("width %u", width);
        CHECK_OK(pq_delta_init(&d, bytes, sizeof head + at / 8, &err), err);
        all = narrow = d;
        for (size_t i = 0, k; i < 129; i += k) {
            uint64_t out[129];
            k = 1 + rng_below(&rng, 129 - i);
            CHECK_OK(pq_delta_next(&d, k, out, 8, &err), err);
            for (size_t v = 0; v < k; v++) {
                if (i + v)
                    want += packed[i + v - 1] - 2;
                CHECK_INT(out[v], want);
            }
            uint32_t low[129]; /* the same in 32 bits: the low ones */
            CHECK_OK(pq_delta_next(&narrow, k, low, 4, &err), err);
            for (size_t v = 0; v < k; v++)
                CHECK_INT(low[v], (uint32_t)out[v]);
        }
        const uint8_t *end;
        CHECK_OK(pq_delta_end(&all, &end, &err), err);
        CHECK(end == bytes + sizeof head + at / 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table), cmocka_unit_test(every_width)};
    return cmocka_run_group_tests_name("parquet/encoding/delta", tests, NULL, NULL);
}
