/* clock.c: the two clocks. */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t set_wall;

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t nl_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t nl_wall_ns(void)
{
    int64_t set = atomic_load_explicit(&set_wall, memory_order_relaxed);
    return set ? set : read_clock(CLOCK_REALTIME);
}

void nl_clock_set_wall(int64_t ns)
{
    atomic_store_explicit(&set_wall, ns, memory_order_relaxed);
}
