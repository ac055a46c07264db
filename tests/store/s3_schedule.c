/* s3_schedule.c: links and the requests that suit them, by tables. */
#include "store/s3/schedule.h"

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
        {"this machine", {100, 1024 * M, 64}, {4 * K, 4 * M, 8 * M}},
        {"slow", {31250, 1 * M, 64}, {4 * K, 4 * M, 8 * M}},
        {"nothing is known", {0, 0, 0}, {4 * K, 4 * M, 8 * M}},
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

/* Ranges on the usual link (gaps of 64 KiB, requests of 8 MiB, in pieces above 16 MiB), and the spans that they become, in the
 * order of need. */
static void ranges(void **state)
{
    (void)state;
    enum { none = -1 };
    static const uint64_t top = UINT64_MAX;
    static const struct {
        const char *why;
        size_t n, n_want;
        nl_range ranges[4];
        struct store_span want[4];
        int which[4];
    } cases[] = {
        {"nothing", 0, 0, {{0}}, {{{0, 0}, 0}}, {0}},
        {"empty ones", 2, 0, {{0, 0}, {9, 0}}, {{{0, 0}, 0}}, {none, none}},
        {"an empty one among others", 3, 2, {{0, 9}, {5, 0}, {1 * M, 9}}, {{{0, 9}, 9}, {{1 * M, 9}, 9}}, {0, none, 1}},
        {"a gap that costs less than a request",
         2,
         1,
         {{0, 100}, {60 * K, 100}},
         {{{0, 60 * K + 100}, 60 * K + 100}},
         {0, 0}},
        {"a gap that costs more", 2, 2, {{0, 100}, {80 * K, 100}}, {{{0, 100}, 100}, {{80 * K, 100}, 100}}, {0, 1}},
        {"needed in another order",
         3,
         2,
         {{1 * M, 10}, {0, 10}, {20, 10}},
         {{{1 * M, 10}, 10}, {{0, 30}, 30}},
         {0, 1, 1}},
        {"the same twice", 2, 1, {{5, 10}, {5, 10}}, {{{5, 10}, 10}}, {0, 0}},
        {"one inside the other", 2, 1, {{5, 10}, {0, 100}}, {{{0, 100}, 100}}, {0, 0}},
        {"an overlap", 2, 1, {{50, 100}, {0, 100}}, {{{0, 150}, 150}}, {0, 0}},
        {"together they would be too long",
         2,
         2,
         {{0, 5 * M}, {5 * M, 5 * M}},
         {{{0, 5 * M}, 5 * M}, {{5 * M, 5 * M}, 5 * M}},
         {0, 1}},
        {"a long one, whole", 1, 1, {{3, 16 * M}}, {{{3, 16 * M}, 16 * M}}, {0}},
        {"a longer one, in pieces", 1, 1, {{3, 16 * M + 1}}, {{{3, 16 * M + 1}, 8 * M}}, {0}},
        {"a huge gap", 2, 2, {{0, 1}, {top - 1, 1}}, {{{0, 1}, 1}, {{top - 1, 1}, 1}}, {0, 1}},
        {"at the end of all", 2, 1, {{top - 10, 10}, {top - 20, 5}}, {{{top - 20, 20}, 20}}, {0, 0}},
        {"beyond the end of all", 1, 1, {{top - 10, 100}}, {{{top - 10, 100}, 100}}, {0}},
        {"everything", 1, 1, {{0, top}}, {{{0, top}, 8 * M}}, {0}},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_span got[4];
        size_t which[4], n = 99;
        struct store_limits l = store_schedule(store_link_usual(64));
        check_why("%s", cases[i].why);
        CHECK(store_schedule_spans(cases[i].ranges, cases[i].n, &l, got, which, &n));
        CHECK_INT(n, cases[i].n_want);
        for (size_t j = 0; j < n; j++) {
            CHECK_INT(got[j].range.offset, cases[i].want[j].range.offset);
            CHECK_INT(got[j].range.length, cases[i].want[j].range.length);
            CHECK_INT(got[j].piece, cases[i].want[j].piece);
        }
        for (size_t j = 0; j < cases[i].n; j++)
            CHECK(which[j] == (cases[i].which[j] == none ? SIZE_MAX : (size_t)cases[i].which[j]));
    }
}

/* The same ranges farther away, and on this machine. */
static void the_link_decides(void **state)
{
    (void)state;
    static const nl_range near_by[] = {{0, 100}, {80 * K, 100}};
    static const struct {
        const char *why;
        struct store_link link;
        size_t spans;
    } cases[] = {
        {"the usual one", {31250, 128 * M, 64}, 2},
        {"farther away", {125000, 128 * M, 64}, 1},
        {"one at a time", {31250, 128 * M, 1}, 1},
        {"this machine", {100, 1024 * M, 64}, 2},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_span got[2];
        size_t which[2], n;
        struct store_limits l = store_schedule(cases[i].link);
        check_why("%s", cases[i].why);
        CHECK(store_schedule_spans(near_by, 2, &l, got, which, &n));
        CHECK_INT(n, cases[i].spans);
    }
}

static void the_budget(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        uint64_t ahead, length, budget;
        bool due;
    } cases[] = {
        {"the first, whatever its size", 0, UINT64_MAX, 1, true},
        {"room", 10, 5, 20, true},
        {"just room", 10, 10, 20, true},
        {"no room", 10, 11, 20, false},
        {"more than all is ahead", 30, 0, 20, false},
        {"no overflow", 10, UINT64_MAX, 20, false},
        {"no budget", 1, 1, 0, false},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        CHECK_INT(store_schedule_due(cases[i].ahead, cases[i].length, cases[i].budget), cases[i].due);
    }
}

/* So many equal answers, one after the other, and what is then believed of the link. */
static void what_is_measured(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        unsigned answers;
        uint64_t every_ms, first_us, bytes;
        struct store_link want;
    } cases[] = {
        {"nothing yet", 0, 0, 0, 0, {31250, 128 * M, 64}},
        {"too few", 7, 100, 20000, 10 * M, {31250, 128 * M, 64}},
        {"small answers tell no bandwidth", 100, 100, 20000, 64 * K, {31250, 128 * M, 64}},
        {"within a tenth of a second", 9, 10, 20000, 10 * M, {31250, 128 * M, 64}},
        {"far away", 20, 100, 40000, 10 * M, {40000, 100 * M, 64}},
        {"near", 2000, 1, 150, 1 * M, {150, 1000 * M, 64}},
        {"no sense", 20, 100, UINT64_MAX, UINT64_C(1) << 60, {60000000, UINT64_C(1) << 36, 64}},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_meter m = {0};
        int64_t now = 5000000000;
        check_why("%s", cases[i].why);
        store_meter_begin(&m, now);
        for (unsigned j = 0; j < cases[i].answers; j++)
            store_meter_answer(&m, now += (int64_t)cases[i].every_ms * 1000000, cases[i].first_us, cases[i].bytes);
        struct store_link got = store_meter_link(&m, 64);
        CHECK_INT(got.latency_us, cases[i].want.latency_us);
        CHECK(got.bytes_per_second <= cases[i].want.bytes_per_second + cases[i].want.bytes_per_second / 100);
        CHECK(got.bytes_per_second >= cases[i].want.bytes_per_second - cases[i].want.bytes_per_second / 100);
        CHECK_INT(got.in_flight, 64);
    }
}

/* A pause is no slowness; and what is new counts soon. */
static void a_pause_and_a_change(void **state)
{
    (void)state;
    struct store_meter m = {0};
    int64_t now = 0;
    for (unsigned i = 0; i < 20; i++) {
        store_meter_begin(&m, now += 1000000000);
        store_meter_answer(&m, now += 100000000, 1000, 10 * M);
    }
    CHECK_INT(store_meter_link(&m, 64).latency_us, 1000);
    CHECK_INT(store_meter_link(&m, 64).bytes_per_second / M, 100);
    for (unsigned i = 0; i < 30; i++)
        store_meter_answer(&m, now += 100000000, 50000, 20 * M);
    CHECK_MAX(50000 - store_meter_link(&m, 64).latency_us, 2000);
    CHECK_MAX(200 - store_meter_link(&m, 64).bytes_per_second / M, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links),      cmocka_unit_test(ranges),           cmocka_unit_test(the_link_decides),
        cmocka_unit_test(the_budget), cmocka_unit_test(what_is_measured), cmocka_unit_test(a_pause_and_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
