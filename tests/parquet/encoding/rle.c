/* tests/parquet/encoding/rle.c: the spec's examples, the edges, hostile bytes; every kernel against the same values. */
#include "parquet/encoding/rle.h"

#include "base/str.h"
#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/kernel.h"
#include "support/check.h"
#include "support/rng.h"

static const struct rle_case {
    const char *why;
    size_t len;
    uint8_t in[12];
    unsigned width;
    size_t n;
    int want;
    uint32_t out[17];
} cases[] = {
    {"the spec's example", 4, {0x03, 0x88, 0xC6, 0xFA}, 3, 8, NL_OK, {0, 1, 2, 3, 4, 5, 6, 7}},
    {"a repeated run", 2, {0x08, 0x05}, 3, 4, NL_OK, {5, 5, 5, 5}},
    {"a repeated value of three bytes", 4, {0x04, 0x56, 0x34, 0x12}, 21, 2, NL_OK, {0x123456, 0x123456}},
    {"run, packed, run",
     8,
     {0x04, 0x01, 0x03, 0x88, 0xC6, 0xFA, 0x02, 0x06},
     3,
     11,
     NL_OK,
     {1, 1, 0, 1, 2, 3, 4, 5, 6, 7, 6}},
    {"width 0 has no body", 1, {0x10}, 0, 8, NL_OK, {0}},
    {"width 0 needs no bytes at all", 0, {0}, 0, 8, NL_OK, {0}},
    {"padding of the last group is dropped", 4, {0x03, 0x88, 0xC6, 0xFA}, 3, 5, NL_OK, {0, 1, 2, 3, 4}},
    {"padding that was left out", 3, {0x03, 0x88, 0xC6}, 3, 5, NL_OK, {0, 1, 2, 3, 4}},
    {"a value beyond what the padding left", 3, {0x03, 0x88, 0xC6}, 3, 6, NL_CORRUPT, {0}},
    {"runs of no values are passed over", 4, {0x00, 0x07, 0x02, 0x03}, 3, 1, NL_OK, {3}},
    {"width 32", 9, {0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 1, 0, 0}, 32, 1, NL_OK, {0xFFFFFFFF}},
    {"header is cut", 1, {0x80}, 3, 1, NL_CORRUPT, {0}},
    {"header is too long", 6, {0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 3, 1, NL_CORRUPT, {0}},
    {"repeated value is cut", 2, {0x04, 0x01}, 9, 2, NL_CORRUPT, {0}},
    {"only runs of no values", 4, {0x00, 0x04, 0x00, 0x04}, 3, 1, NL_CORRUPT, {0}},
    {"2^31 - 1 groups, and no bytes", 5, {0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, 3, 1, NL_CORRUPT, {0}},
    {"no bytes", 0, {0}, 1, 1, NL_CORRUPT, {0}},
    {"33 bits", 0, {0}, 33, 0, NL_CORRUPT, {0}},
};

/* Take n values in pieces of `step`; what comes is compared where it should succeed. */
static void run_case(const struct rle_case *c, size_t step)
{
    static struct pq_rle d;
    uint8_t padded[12 + 64] = {0};
    nl_error err = {0};
    memcpy(padded, c->in, c->len);
    check_why("%s, %zu at a time", c->why, step);
    int rc = pq_rle_init(&d, padded, c->len, c->width, &err);
    size_t at = 0;
    while (rc == NL_OK && at < c->n) {
        struct pq_chunk chunk;
        rc = pq_rle_next(&d, c->n - at < step ? c->n - at : step, &chunk, &err);
        if (rc)
            break;
        CHECK(chunk.n > 0 && chunk.n <= step);
        for (size_t i = 0; c->want == NL_OK && i < chunk.n; i++)
            CHECK_INT(chunk.values ? chunk.values[i] : chunk.value, c->out[at + i]);
        at += chunk.n;
    }
    CHECK_INT(rc, c->want);
    CHECK_INT(err.code, c->want);
}

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++)
        for (size_t step = 1; step < 20; step += 3)
            run_case(&cases[i], step);
}

static void every_kernel_unpacks_every_width(void **state)
{
    (void)state;
    struct rng rng = rng_seed("unpack");
    for (const struct pq_kernel *k = pq_kernels; k->name; k++) {
        if (!k->usable())
            continue;
        for (unsigned width = 1; width <= 32; width++) {
            enum { GROUPS = 9 };
            uint8_t in[GROUPS * 32 + 64];
            uint32_t out[GROUPS * 8 + 1];
            rng_bytes(&rng, in, sizeof in);
            out[GROUPS * 8] = 0xDEADBEEF;
            k->unpack(in, GROUPS, width, out);
            check_why("%s, width %u", k->name, width);
            for (size_t i = 0; i < GROUPS * 8; i++) {
                uint32_t want = 0;
                for (size_t b = 0; b < width; b++)
                    want |= (uint32_t)(in[(i * width + b) / 8] >> (i * width + b) % 8 & 1) << b;
                CHECK_INT(out[i], want);
            }
            CHECK_INT(out[GROUPS * 8], 0xDEADBEEF);
        }
    }
}

static void every_kernel_finds_the_maximum(void **state)
{
    (void)state;
    uint32_t values[40] = {0};
    for (const struct pq_kernel *k = pq_kernels; k->name; k++)
        for (size_t n = 0; k->usable() && n < NL_LEN(values); n++)
            for (size_t at = 0; at < n; at++) {
                check_why("%s, %zu of %zu", k->name, at, n);
                values[at] = 0x80000001;
                CHECK_INT(k->max(values, n), 0x80000001);
                CHECK_INT(k->max(values, at), 0);
                values[at] = 0;
            }
}

static void bits_come_as_runs_and_packed(void **state)
{
    (void)state;
    /* 5 ones; 16 packed bits 0xA5 0x0F; 20 zeros */
    uint8_t in[7 + 64] = {0x0A, 0x01, 0x05, 0xA5, 0x0F, 0x28, 0x00}, want[41], bits[7];
    for (size_t i = 0; i < 41; i++)
        want[i] = i < 5 ? 1 : i < 21 ? (0x0FA5 >> (i - 5)) & 1 : 0;
    for (size_t offset = 0; offset < 9; offset++)
        for (size_t step = 1; step < 42; step++) {
            struct pq_runs r;
            nl_error err = {0};
            size_t ones, all = 0;
            pq_runs_init(&r, in, 7, 1);
            memset(bits, 0xFF, sizeof bits);
            check_why("from %zu on, %zu at a time", offset, step);
            for (size_t at = 0; at < 41; at += step) {
                CHECK_OK(pq_runs_bits(&r, bits, offset + at, at + step < 41 ? step : 41 - at, &ones, &err), err);
                all += ones;
            }
            CHECK_INT(all, 5 + 8);
            for (size_t i = 0; i < 56; i++)
                CHECK_INT(bits[i / 8] >> i % 8 & 1, i >= offset && i < offset + 41 ? want[i - offset] : 1);
            CHECK_FAILS(pq_runs_bits(&r, bits, 0, 1, &ones, &err), NL_CORRUPT, err, "runs end");
        }
    struct pq_runs r;
    nl_error err = {0};
    size_t ones;
    in[1] = 2;
    pq_runs_init(&r, in, 7, 1);
    check_why("a level of 2 where 1 is the highest");
    CHECK_FAILS(pq_runs_bits(&r, bits, 0, 3, &ones, &err), NL_CORRUPT, err, "value 2");
}

/* 5 times a level, then 24 packed ones, then 3 times another, for every width; whatever is asked for at a time. */
static void levels_come_as_bytes(void **state)
{
    (void)state;
    struct rng rng = rng_seed("levels");
    for (unsigned width = 1; width <= 8; width++)
        for (size_t step = 1; step < 33; step++) {
            uint8_t in[2 + 1 + 24 + 2 + 64] = {0x0A}, want[32], out[32], highest = (uint8_t)((1U << width) - 1);
            size_t len = 3 + 3 * width;
            in[1] = (uint8_t)(rng_next(&rng) & highest);
            in[2] = 0x07;
            rng_bytes(&rng, in + 3, 3 * (size_t)width);
            in[len] = 0x06;
            in[len + 1] = highest;
            for (size_t i = 0; i < 32; i++) {
                want[i] = i < 5 ? in[1] : i < 29 ? 0 : highest;
                for (size_t b = 0, at = (i - 5) * width; i >= 5 && i < 29 && b < width; b++, at++)
                    want[i] |= (uint8_t)((in[3 + at / 8] >> at % 8 & 1) << b);
            }
            struct pq_runs r;
            nl_error err = {0};
            check_why("width %u, %zu at a time", width, step);
            pq_runs_init(&r, in, len + 2, width);
            for (size_t at = 0; at < 32; at += step)
                CHECK_OK(pq_runs_levels(&r, out + at, at + step < 32 ? step : 32 - at, highest, &err), err);
            CHECK_MEM(out, want, 32);
            CHECK_FAILS(pq_runs_levels(&r, out, 1, highest, &err), NL_CORRUPT, err, "runs end");
            pq_runs_init(&r, in, len + 2, width);
            CHECK_FAILS(pq_runs_levels(&r, out, 32, highest - 1, &err), NL_CORRUPT, err, "a level above");
        }
    /* A packed level above the highest that is allowed; a repeated one whose byte has bits beyond its width. */
    static const uint8_t packed[2 + 64] = {0x03, 0x0C}, repeated[2 + 64] = {0x02, 0x07};
    struct pq_runs r;
    nl_error err = {0};
    uint8_t out[8];
    check_why("level 3 of 2 bits, at most 2 allowed");
    pq_runs_init(&r, packed, 3, 2);
    CHECK_FAILS(pq_runs_levels(&r, out, 8, 2, &err), NL_CORRUPT, err, "a level above 2");
    check_why("level 7 of 2 bits");
    pq_runs_init(&r, repeated, 2, 2);
    CHECK_FAILS(pq_runs_levels(&r, out, 1, 3, &err), NL_CORRUPT, err, "a level above 3");
}

static void bitmaps_copy_fill_and_spread(void **state)
{
    (void)state;
    struct rng rng = rng_seed("bitmaps");
    for (int round = 0; round < 3000; round++) {
        uint8_t src[64 + 8], a[64], valid[64 + 8], dense[64 + 8], before[64];
        rng_bytes(&rng, src, sizeof src);
        rng_bytes(&rng, a, sizeof a);
        rng_bytes(&rng, valid, sizeof valid);
        rng_bytes(&rng, dense, sizeof dense);
        memcpy(before, a, sizeof a);
        size_t n = rng_below(&rng, 200), to = rng_below(&rng, 200), from = rng_below(&rng, 200), ones = 0, taken = 0;
        int what = round % 3;
        size_t copied = 0;
        if (what == 0)
            copied = pq_bitmap_copy(a, to, src, from, n);
        else if (what == 1)
            pq_bitmap_fill(a, to, n, round & 4);
        else
            pq_bitmap_spread(a, dense, valid, to, n);
        check_why("round %d: %zu bits from %zu to %zu", round, n, from, to);
        for (size_t i = 0; i < 512; i++) {
            int want = before[i / 8] >> i % 8 & 1;
            if (i >= to && i < to + n) {
                size_t k = from + i - to, is_valid = valid[i / 8] >> i % 8 & 1;
                want = what == 0   ? src[k / 8] >> k % 8 & 1
                       : what == 1 ? (round & 4) != 0
                       : is_valid  ? dense[taken / 8] >> taken % 8 & 1
                                   : 0;
                taken += is_valid;
                ones += (size_t)want;
            }
            CHECK_INT(a[i / 8] >> i % 8 & 1, want);
        }
        if (what == 0)
            CHECK_INT(copied, ones);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(every_kernel_unpacks_every_width),
        cmocka_unit_test(every_kernel_finds_the_maximum),
        cmocka_unit_test(bits_come_as_runs_and_packed),
        cmocka_unit_test(levels_come_as_bytes),
        cmocka_unit_test(bitmaps_copy_fill_and_spread),
    };
    return cmocka_run_group_tests_name("parquet/encoding/rle", tests, NULL, NULL);
}
