/* tests/base/clock.c: the seam, and that time goes forward. */
#include "base/clock.h"

#include <time.h>

#include "support/check.h"

static void the_wall_clock_can_be_set(void **state)
{
    (void)state;
    nl_clock_set_wall(1700000000123456789);
    CHECK_INT(nl_wall_ns(), 1700000000123456789);
    CHECK_INT(nl_wall_ns(), 1700000000123456789);
    nl_clock_set_wall(0);
    int64_t before = (int64_t)time(NULL), now = nl_wall_ns() / 1000000000, after = (int64_t)time(NULL);
    CHECK(before - 1 <= now && now <= after + 1);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t last = nl_monotonic_ns();
    for (int i = 0; i < 10000; i++) {
        int64_t now = nl_monotonic_ns();
        CHECK(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_can_be_set),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
    };
    return cmocka_run_group_tests_name("base_clock", tests, NULL, NULL);
}
