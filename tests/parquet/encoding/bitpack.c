/* tests/parquet/encoding/bitpack.c: every kernel and every width against bits that are set one by one. */
#include "parquet/encoding/bitpack.h"

#include "support/check.h"
#include "support/rng.h"

enum { MOST = 64 }; /* values */

/* The definition: bit b of value i is bit i × width + b. */
static void pack_bits(const uint64_t *values, size_t n, unsigned width, uint8_t *out)
{
    memset(out, 0, n * width / 8);
    for (size_t i = 0; i < n; i++)
        for (unsigned b = 0; b < width; b++)
            out[(i * width + b) / 8] |= (uint8_t)((values[i] >> b & 1) << (i * width + b) % 8);
}

/* Random values below 2^width, the first and the last of them the largest. */
static void fill(struct rng *rng, unsigned width, uint64_t *values)
{
    for (size_t i = 0; i < MOST; i++)
        values[i] = i == 0 || i == MOST - 1 ? UINT64_MAX >> (64 - width) : rng_next(rng) >> (64 - width);
}

/* The packed bytes are there, and nothing was touched beyond the slack. */
static void compare(const uint8_t *got, const uint8_t *want, size_t len)
{
    CHECK_MEM(got, want, len);
    for (size_t i = len + PQ_PACK_SLACK; i < MOST * 8 + 64; i++)
        CHECK_INT(got[i], 0xEE);
}

static void every_kernel_packs_every_width(void **state)
{
    (void)state;
    struct rng rng = rng_seed("bitpack");
    for (const struct pq_pack_kernel *k = pq_pack_kernels; k->name; k++)
        for (unsigned width = 1; width <= 32 && k->usable(); width++)
            for (size_t groups = 1; groups <= MOST / 8; groups++) {
                uint64_t values[MOST];
                uint32_t narrow[MOST];
                uint8_t want[MOST * 8], got[MOST * 8 + 64];
                check_why("%s, width %u, %zu groups", k->name, width, groups);
                fill(&rng, width, values);
                for (size_t i = 0; i < MOST; i++)
                    narrow[i] = (uint32_t)values[i];
                pack_bits(values, groups * 8, width, want);
                memset(got, 0xEE, sizeof got);
                k->pack(narrow, groups, width, got);
                compare(got, want, groups * width);
            }
}

static void wide_values(void **state)
{
    (void)state;
    struct rng rng = rng_seed("bitpack 64");
    for (unsigned width = 33; width <= 64; width++)
        for (size_t groups = 1; groups <= MOST / 8; groups++) {
            uint64_t values[MOST];
            uint8_t want[MOST * 8], got[MOST * 8 + 64];
            check_why("width %u, %zu groups", width, groups);
            fill(&rng, width, values);
            pack_bits(values, groups * 8, width, want);
            memset(got, 0xEE, sizeof got);
            pq_pack64(values, groups, width, got);
            compare(got, want, groups * width);
        }
}

static void the_choice_is_of_the_table(void **state)
{
    (void)state;
    bool found = false;
    for (const struct pq_pack_kernel *k = pq_pack_kernels; k->name; k++)
        found |= k->pack == pq_packer_32() && k->usable();
    CHECK(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_packs_every_width),
        cmocka_unit_test(wide_values),
        cmocka_unit_test(the_choice_is_of_the_table),
    };
    return cmocka_run_group_tests_name("parquet/encoding/bitpack", tests, NULL, NULL);
}
