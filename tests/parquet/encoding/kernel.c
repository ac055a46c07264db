/* tests/parquet/encoding/kernel.c: every kernel that this processor can run agrees with the scalar twin, value for value, and
 * writes nothing beside its output; the scalar twin agrees with a loop a bit. */
#include "parquet/encoding/kernel.h"

#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

enum { PADDING = 64, GUARD = 0xA5 };

static uint8_t *random_bytes(struct rng *r, size_t n)
{
    uint8_t *p = malloc(n + PADDING);
    CHECK(p != NULL);
    for (size_t i = 0; i < n + PADDING; i++)
        p[i] = (uint8_t)rng_next(r);
    return p;
}

/* Memory for an output, with a guard behind it. */
static void *output(size_t n)
{
    uint8_t *p = malloc(n + 1);
    CHECK(p != NULL);
    memset(p, GUARD, n + 1);
    return p;
}

static void check_output(void *got, const void *want, size_t n)
{
    CHECK_INT(((uint8_t *)got)[n], GUARD);
    CHECK_MEM(got, want, n);
    free(got);
}

static uint64_t bits_at(const uint8_t *in, size_t bit, unsigned width)
{
    uint64_t v = 0;
    for (unsigned b = 0; b < width; b++)
        v |= (uint64_t)(in[(bit + b) / 8] >> (bit + b) % 8 & 1) << b;
    return v;
}

static void unpacking(void **state)
{
    (void)state;
    struct rng r = rng_seed("unpack");
    for (const struct pq_kernel *k = pq_kernels; k->name; k++)
        for (unsigned width = 1; k->usable() && width <= 32; width++)
            for (size_t groups = 0; groups < 40; groups += groups < 20 ? 1 : 7) {
                size_t n = groups * 8;
                uint8_t *in = random_bytes(&r, groups * width);
                uint32_t *want = malloc(n * sizeof *want + 1), *got = output(n * sizeof *got);
                uint8_t *want8 = malloc(n + 1), *got8 = output(n);
                CHECK(want && want8);
                check_why("%s, width %u, %zu groups", k->name, width, groups);
                for (size_t i = 0; i < n; i++) {
                    want[i] = (uint32_t)bits_at(in, i * width, width);
                    want8[i] = (uint8_t)want[i];
                }
                k->unpack(in, groups, width, got);
                check_output(got, want, n * sizeof *want);
                if (width <= 8)
                    k->unpack_bytes(in, groups, width, got8);
                else
                    memcpy(got8, want8, n);
                check_output(got8, want8, n);
                free(in);
                free(want);
                free(want8);
            }
}

static void levels_to_bits(void **state)
{
    (void)state;
    struct rng r = rng_seed("at least");
    for (const struct pq_kernel *k = pq_kernels; k->name; k++)
        for (size_t n = 0; k->usable() && n < 400; n += 1 + n / 70)
            for (unsigned least = 0; least < 5; least++) {
                size_t words = (n + 63) / 64, ones = 0;
                uint8_t *levels = random_bytes(&r, n);
                uint64_t *got = output(words * 8), want[8] = {0};
                for (size_t i = 0; i < n; i++) {
                    levels[i] %= 5;
                    want[i / 64] |= (uint64_t)(levels[i] >= least) << i % 64;
                    ones += levels[i] >= least;
                }
                check_why("%s, %zu levels, at least %u", k->name, n, least);
                CHECK_INT(k->at_least(levels, n, (uint8_t)least, got), ones);
                check_output(got, want, words * 8);
                free(levels);
            }
}

static void bits_to_fewer(void **state)
{
    (void)state;
    struct rng r = rng_seed("compress");
    for (const struct pq_kernel *k = pq_kernels; k->name; k++)
        for (int round = 0; k->usable() && round < 400; round++) {
            uint64_t bits[8], slots[8], want[9] = {0};
            size_t n = rng_below(&r, 9), taken = 0, ones = 0;
            for (size_t i = 0; i < n; i++) {
                bits[i] = rng_next(&r);
                uint64_t some = rng_next(&r), fewer = some & rng_next(&r);
                slots[i] = rng_below(&r, 4) == 0 ? UINT64_MAX : rng_below(&r, 4) == 0 ? 0 : fewer;
                for (size_t b = 0; b < 64; b++)
                    if (slots[i] >> b & 1) {
                        want[taken / 64] |= (bits[i] >> b & 1) << taken % 64;
                        ones += bits[i] >> b & 1;
                        taken++;
                    }
            }
            check_why("%s, round %d, %zu words", k->name, round, n);
            uint64_t *got = output((taken + 63) / 64 * 8);
            CHECK_INT(k->compress(bits, slots, n, got), ones);
            check_output(got, want, (taken + 63) / 64 * 8);
            CHECK_INT(k->compress(bits, slots, n, bits), ones); /* in place */
            CHECK_MEM(bits, want, (taken + 63) / 64 * 8);
        }
}

static void sums(void **state)
{
    (void)state;
    struct rng r = rng_seed("sums");
    for (const struct pq_kernel *k = pq_kernels; k->name; k++)
        for (size_t n = 0; k->usable() && n < 100; n++) {
            uint32_t deltas[100], want32[101], max = 0;
            uint64_t want64[101], min = rng_next(&r);
            want64[0] = rng_next(&r);
            want32[0] = (uint32_t)want64[0];
            for (size_t i = 0; i < n; i++) {
                deltas[i] = (uint32_t)rng_next(&r);
                max = deltas[i] > max ? deltas[i] : max;
                want64[i + 1] = want64[i] + min + deltas[i];
                want32[i + 1] = want32[i] + (uint32_t)min + deltas[i];
            }
            check_why("%s, %zu deltas", k->name, n);
            uint8_t *got = output(n * 4);
            CHECK_INT(k->sum32(got, deltas, n, (uint32_t)min, want32[0]), want32[n]);
            check_output(got, want32 + 1, n * 4);
            got = output(n * 8);
            CHECK(k->sum64(got, deltas, n, min, want64[0]) == want64[n]);
            check_output(got, want64 + 1, n * 8);
            CHECK_INT(k->max(deltas, n), max);
        }
}

/* A column of n places, spread block by block from the back as its caller does. */
static void expanding(void **state)
{
    (void)state;
    struct rng r = rng_seed("expand");
    for (const struct pq_kernel *k = pq_kernels; k->name; k++)
        for (int round = 0; k->usable() && round < 500; round++) {
            size_t n = 1 + rng_below(&r, 150), block = 1 + rng_below(&r, 64), p = 0;
            uint64_t valid[4] = {0}, want8[150];
            uint32_t want4[150];
            uint32_t *got4 = output(n * 4);
            uint64_t *got8 = output(n * 8);
            for (size_t i = 0; i < n; i++) {
                bool one = rng_below(&r, (unsigned)round % 7 + 1) == 0;
                valid[i / 64] |= (uint64_t)one << i % 64;
                want8[i] = one ? rng_next(&r) : 0;
                want4[i] = (uint32_t)want8[i];
                if (one) {
                    got8[p] = want8[i];
                    got4[p++] = want4[i];
                }
            }
            size_t p4 = p, p8 = p;
            check_why("%s, round %d, %zu places by %zu", k->name, round, n, block);
            for (size_t left = n; left;) {
                size_t some = left < block ? left : block;
                left -= some;
                uint64_t mask = 0;
                for (size_t b = 0; b < some; b++)
                    mask |= (valid[(left + b) / 64] >> (left + b) % 64 & 1) << b;
                p4 = k->expand4((uint8_t *)got4, p4, mask, left, some);
                p8 = k->expand8((uint8_t *)got8, p8, mask, left, some);
            }
            CHECK_INT(p4, 0);
            CHECK_INT(p8, 0);
            check_output(got4, want4, n * 4);
            check_output(got8, want8, n * 8);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacking), cmocka_unit_test(levels_to_bits), cmocka_unit_test(bits_to_fewer),
        cmocka_unit_test(sums),      cmocka_unit_test(expanding),
    };
    for (const struct pq_kernel *k = pq_kernels; k->name; k++)
        print_message("%s: %s\n", k->name, k->usable() ? "tested" : "not on this processor");
    return cmocka_run_group_tests_name("parquet/encoding/kernel", tests, NULL, NULL);
}
