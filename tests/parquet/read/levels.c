/* tests/parquet/read/levels.c: levels and bits against the obvious loops, at every length around the words' edges. */
#include "parquet/read/levels.h"

#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

enum { MOST = 300 };

static bool bit(const uint64_t *bits, size_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

/* Random levels up to max, in runs or not. */
static void fill(struct rng *r, uint8_t *levels, size_t n, uint8_t max)
{
    for (size_t i = 0; i < n; i++)
        levels[i] = i && rng_below(r, 4) == 0 ? levels[i - 1] : (uint8_t)rng_below(r, max + 1U);
}

static void compared_and_counted(void **state)
{
    (void)state;
    struct rng r = rng_seed("levels");
    uint8_t levels[MOST + 64] = {0};
    uint64_t bits[MOST / 64 + 2];
    for (size_t n = 0; n < MOST; n++)
        for (uint8_t max = 1; max <= 64; max = (uint8_t)(max * 2)) {
            uint8_t least = (uint8_t)rng_below(&r, max + 2U);
            size_t ones = 0, zeros = 0;
            fill(&r, levels, n, max);
            memset(levels + n, 0x7F, 64); /* what lies behind does not count */
            pq_levels_at_least(levels, n, least, bits);
            check_why("%zu levels up to %u, at least %u", n, max, least);
            for (size_t i = 0; i < n; i++) {
                CHECK_INT(bit(bits, i), levels[i] >= least);
                ones += levels[i] >= least;
                zeros += levels[i] == 0;
            }
            CHECK_INT(pq_bits_count(bits, n), ones);
            CHECK_INT(pq_levels_count_at_least(levels, n, least), ones);
            CHECK_INT(pq_levels_count_zero(levels, n), zeros);
            for (size_t at = 0, seen = 0; at < n; at++)
                if (!levels[at])
                    CHECK_INT(pq_levels_find_zero(levels, n, seen++), at);
            CHECK_INT(pq_levels_find_zero(levels, n, zeros), n);
        }
}

static void bits_are_picked(void **state)
{
    (void)state;
    struct rng r = rng_seed("levels");
    for (size_t n = 0; n < MOST; n++) {
        uint64_t bits[MOST / 64 + 2] = {0}, slots[MOST / 64 + 2] = {0}, out[MOST / 64 + 2] = {0};
        size_t count = 0, ones = 0;
        unsigned dense = (unsigned)rng_below(&r, 10);
        for (size_t i = 0; i < n; i++) {
            bits[i / 64] |= (uint64_t)(rng_below(&r, 2)) << i % 64;
            slots[i / 64] |= (uint64_t)(rng_below(&r, 9) < dense) << i % 64;
        }
        check_why("%zu bits", n);
        size_t got = pq_bits_compress(bits, slots, n, out);
        for (size_t i = 0; i < n; i++)
            if (bit(slots, i)) {
                CHECK_INT(bit(out, count), bit(bits, i));
                ones += bit(bits, i);
                count++;
            }
        CHECK_INT(got, ones);
    }
}

static void offsets_count_elements(void **state)
{
    (void)state;
    struct rng r = rng_seed("levels");
    for (size_t n = 0; n < MOST; n++) {
        uint64_t elements[MOST / 64 + 2] = {0}, slots[MOST / 64 + 2] = {0};
        int32_t out[MOST + 1];
        size_t slot = 0;
        int32_t before = 0;
        for (size_t i = 0; i < n; i++) {
            elements[i / 64] |= (uint64_t)(rng_below(&r, 3) > 0) << i % 64;
            slots[i / 64] |= (uint64_t)(rng_below(&r, 3) == 0) << i % 64;
        }
        check_why("%zu entries", n);
        pq_offsets(slots, elements, n, out);
        for (size_t i = 0; i < n; i++) {
            if (bit(slots, i))
                CHECK_INT(out[slot++], before);
            before += bit(elements, i);
        }
        CHECK_INT(out[slot], before);
    }
}

/* BIT_PACKED, most significant bit first, of every width that levels have. */
static void bit_packed_levels(void **state)
{
    (void)state;
    struct rng r = rng_seed("levels");
    for (uint8_t max = 1; max <= 64; max++)
        for (size_t n = 0; n < 70; n += 3) {
            struct pq_levels l = {.max = max};
            uint8_t want[80] = {0}, got[80], packed[128] = {0};
            size_t used = 0, width = 0, at = 0;
            nl_error err = {0};
            while (max >> width)
                width++;
            fill(&r, want, n, max);
            for (size_t i = 0; i < n; i++)
                for (size_t b = width; b-- > 0; at++)
                    packed[at / 8] |= (uint8_t)((want[i] >> b & 1) << (7 - at % 8));
            check_why("%zu levels up to %u", n, max);
            CHECK_OK(pq_levels_init_bits(&l, packed, sizeof packed, n, max, &used, &err), err);
            CHECK_INT(used, (n * width + 7) / 8);
            CHECK_OK(pq_levels_unpack(&l, got, n, &err), err);
            CHECK_MEM(got, want, n);
            if (used)
                CHECK_FAILS(pq_levels_init_bits(&l, packed, used - 1, n, max, &used, &err), NL_CORRUPT, err,
                            "are left");
            free(l.turned);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compared_and_counted),
        cmocka_unit_test(bits_are_picked),
        cmocka_unit_test(offsets_count_elements),
        cmocka_unit_test(bit_packed_levels),
    };
    return cmocka_run_group_tests_name("parquet/read/levels", tests, NULL, NULL);
}
