/* tests/base/io/merge.c: a table of plans, and random ranges against the rules of the header. */
#include "base/io/merge.h"

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static const struct merge_case {
    const char *why;
    uint64_t gap, most;
    size_t n;
    nl_range ranges[6];
    size_t n_requests;
    nl_range requests[6];
    size_t which[6];
} cases[] = {
    {"nothing", 10, 100, 0, {{0, 0}}, 0, {{0, 0}}, {0}},
    {"one", 10, 100, 1, {{5, 20}}, 1, {{5, 20}}, {0}},
    {"one larger than a request stays whole", 10, 100, 1, {{5, 200}}, 1, {{5, 200}}, {0}},
    {"touching", 0, 100, 2, {{0, 10}, {10, 10}}, 1, {{0, 20}}, {0, 0}},
    {"a gap as wide as allowed", 5, 100, 2, {{0, 10}, {15, 10}}, 1, {{0, 25}}, {0, 0}},
    {"a gap one too wide", 5, 100, 2, {{0, 10}, {16, 10}}, 2, {{0, 10}, {16, 10}}, {0, 1}},
    {"any order", 5, 100, 3, {{50, 5}, {0, 10}, {12, 10}}, 2, {{0, 22}, {50, 5}}, {1, 0, 0}},
    {"as large as allowed", 5, 20, 2, {{0, 10}, {10, 10}}, 1, {{0, 20}}, {0, 0}},
    {"one byte too large", 5, 20, 2, {{0, 10}, {10, 11}}, 2, {{0, 10}, {10, 11}}, {0, 1}},
    {"equal ranges", 0, 10, 3, {{7, 3}, {7, 3}, {7, 3}}, 1, {{7, 3}}, {0, 0, 0}},
    {"one inside another", 0, 10, 2, {{2, 3}, {0, 50}}, 1, {{0, 50}}, {0, 0}},
    {"overlapping, too large together", 0, 100, 2, {{0, 100}, {50, 100}}, 2, {{0, 100}, {50, 100}}, {0, 1}},
    {"same offset, the shorter first", 0, 100, 2, {{0, 10}, {0, 90}}, 1, {{0, 90}}, {0, 0}},
    {"empty ranges cost nothing extra", 0, 100, 3, {{10, 0}, {0, 10}, {5, 0}}, 1, {{0, 10}}, {0, 0, 0}},
    {"at the end of all numbers",
     9,
     99,
     2,
     {{UINT64_MAX - 5, 5}, {UINT64_MAX - 20, 10}},
     1,
     {{UINT64_MAX - 20, 20}},
     {0, 0}},
    {"a hostile length", 9, 99, 2, {{10, UINT64_MAX}, {0, 5}}, 2, {{0, 5}, {10, UINT64_MAX}}, {1, 0}},
};

static void plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct merge_case *c = &cases[i];
        nl_range requests[6];
        size_t which[6];
        check_why("%s", c->why);
        CHECK_INT(nl_merge_ranges(c->ranges, c->n, c->gap, c->most, requests, which), c->n_requests);
        for (size_t k = 0; k < c->n_requests; k++) {
            CHECK_INT(requests[k].offset, c->requests[k].offset);
            CHECK_INT(requests[k].length, c->requests[k].length);
        }
        for (size_t k = 0; k < c->n; k++)
            CHECK_INT(which[k], c->which[k]);
    }
}

/* What the header promises, and that no two neighbours could have been one. */
static void check_rules(const nl_range *ranges, size_t n, uint64_t gap, uint64_t most, const nl_range *requests,
                        size_t m, const size_t *which)
{
    uint64_t longest = 0;
    for (size_t i = 0; i < n; i++) {
        const nl_range *q = &requests[which[i]];
        CHECK(which[i] < m);
        CHECK(q->offset <= ranges[i].offset);
        CHECK(ranges[i].offset + ranges[i].length <= q->offset + q->length);
        longest = ranges[i].length > longest ? ranges[i].length : longest;
    }
    for (size_t k = 0; k < m; k++)
        CHECK(requests[k].length <= most || requests[k].length <= longest);
    for (size_t k = 1; k < m; k++) {
        uint64_t end = requests[k - 1].offset + requests[k - 1].length;
        CHECK(requests[k - 1].offset < requests[k].offset);
        CHECK(requests[k].offset > end + gap ||
              requests[k].offset + requests[k].length - requests[k - 1].offset > most);
    }
}

static void random_ranges_keep_the_rules(void **state)
{
    (void)state;
    struct rng r = rng_seed("merge");
    enum { MOST = 60 };
    for (int round = 0; round < 5000; round++) {
        nl_range ranges[MOST], requests[MOST];
        size_t which[MOST], n = 1 + (size_t)rng_below(&r, MOST);
        for (size_t i = 0; i < n; i++)
            ranges[i] = (nl_range){rng_below(&r, 1000), 1 + rng_below(&r, 50)};
        uint64_t gap = rng_below(&r, 20), most = rng_below(&r, 200);
        check_why("round %d", round);
        size_t m = nl_merge_ranges(ranges, n, gap, most, requests, which);
        check_rules(ranges, n, gap, most, requests, m, which);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plans), cmocka_unit_test(random_ranges_keep_the_rules)};
    return cmocka_run_group_tests_name("base_io_merge", tests, NULL, NULL);
}
