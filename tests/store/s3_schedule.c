/* s3_schedule.c: links and the requests that suit them, by tables. */
#include "store/s3/schedule.h"

#include "base/io/merge.h"
#include "base/str.h"
#include "support/check.h"

enum { K = 1 << 10, M = 1 << 20 };

static void links(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct store_link link;
        struct store_limits want;
    } cases[] = {
        {"the usual one", {31250, 128 * M, 64}, {64 * K, 8 * M, 16 * M}},
        {"one request at a time: a gap is cheap", {31250, 128 * M, 1}, {1 * M, 8 * M, 16 * M}},
        {"far away", {125000, 128 * M, 64}, {256 * K, 32 * M, 64 * M}},
        {"far away and fast", {125000, 1024 * M, 64}, {1 * M, 64 * M, 128 * M}},
        {"this machine", {100, 1024 * M, 64}, {4 * K, 1 * M, 2 * M}},
        {"slow", {31250, 1 * M, 64}, {4 * K, 1 * M, 2 * M}},
        {"nothing is known", {0, 0, 0}, {4 * K, 1 * M, 2 * M}},
        {"nonsense", {UINT64_MAX, UINT64_MAX, UINT64_MAX}, {1 * M, 64 * M, 128 * M}},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        struct store_limits got = store_schedule(cases[i].link);
        CHECK_INT(got.max_gap, cases[i].want.max_gap);
        CHECK_INT(got.max_request, cases[i].want.max_request);
        CHECK_INT(got.split_above, cases[i].want.split_above);
    }
}

/* Ranges on a link, and the requests that they become. */
static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct store_link link;
        size_t n, n_want;
        nl_range ranges[4], want[4];
    } cases[] = {
        {"a gap that costs less than a request",
         {31250, 128 * M, 64},
         2,
         1,
         {{0, 100}, {60 * K, 100}},
         {{0, 60 * K + 100}}},
        {"a gap that costs more", {31250, 128 * M, 64}, 2, 2, {{0, 100}, {80 * K, 100}}, {{0, 100}, {80 * K, 100}}},
        {"the same gap, farther away", {125000, 128 * M, 64}, 2, 1, {{0, 100}, {80 * K, 100}}, {{0, 80 * K + 100}}},
        {"together they would be too long",
         {100, 128 * M, 64},
         2,
         2,
         {{0, 600 * K}, {600 * K, 600 * K}},
         {{0, 600 * K}, {600 * K, 600 * K}}},
        {"any order", {31250, 128 * M, 64}, 3, 2, {{1 * M, 10}, {0, 10}, {20, 10}}, {{0, 30}, {1 * M, 10}}},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_range got[4];
        size_t which[4];
        struct store_limits l = store_schedule(cases[i].link);
        check_why("%s", cases[i].why);
        size_t n = nl_merge_ranges(cases[i].ranges, cases[i].n, l.max_gap, l.max_request, got, which);
        CHECK_INT(n, cases[i].n_want);
        CHECK_MEM(got, cases[i].want, n * sizeof got[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(links), cmocka_unit_test(ranges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
