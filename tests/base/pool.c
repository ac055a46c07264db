/* tests/base/pool.c: every job runs once; drain waits for those before it and no others. */
#include "base/pool.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "support/check.h"

static atomic_int ran;

static void count(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ran, 1);
}

static void every_job_runs_once(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        nl_pool *p;
        nl_error err = {0};
        CHECK_OK(nl_pool_new(threads, &p, &err), err);
        CHECK_INT(nl_pool_threads(p), threads);
        atomic_store(&ran, 0);
        for (int i = 0; i < 5000; i++)
            CHECK_OK(nl_pool_submit(p, count, NULL, &err), err);
        nl_pool_drain(p);
        CHECK_INT(atomic_load(&ran), 5000);
        nl_pool_drain(p);
        for (int i = 0; i < 100; i++)
            CHECK_OK(nl_pool_submit(p, count, NULL, &err), err);
        nl_pool_free(p); /* runs what is queued */
        CHECK_INT(atomic_load(&ran), 5100);
    }
}

/* Several jobs write their place in line. */
static struct {
    int order[100];
    int n;
} line;

static void step_up(void *arg)
{
    line.order[line.n++] = *(int *)arg;
}

static void one_thread_keeps_the_order(void **state)
{
    (void)state;
    nl_pool *p;
    nl_error err = {0};
    int numbers[100];
    line.n = 0;
    CHECK_OK(nl_pool_new(1, &p, &err), err);
    for (int i = 0; i < 100; i++) {
        numbers[i] = i;
        CHECK_OK(nl_pool_submit(p, step_up, &numbers[i], &err), err);
    }
    nl_pool_drain(p);
    nl_pool_free(p);
    CHECK_INT(line.n, 100);
    for (int i = 0; i < 100; i++)
        CHECK_INT(line.order[i], i);
}

/* A job that queues its own successor before it ends: until the stop something is always pending. */
struct chain {
    nl_pool *pool;
    atomic_bool stop;
};

static void queue_the_next(void *arg)
{
    struct chain *c = arg;
    if (!atomic_load(&c->stop))
        nl_pool_submit(c->pool, queue_the_next, c, NULL);
}

static void drain_does_not_wait_for_later_jobs(void **state)
{
    (void)state;
    struct chain c = {0};
    nl_error err = {0};
    CHECK_OK(nl_pool_new(2, &c.pool, &err), err);
    atomic_store(&ran, 0);
    CHECK_OK(nl_pool_submit(c.pool, queue_the_next, &c, &err), err);
    CHECK_OK(nl_pool_submit(c.pool, count, NULL, &err), err);
    nl_pool_drain(c.pool); /* would never return if it waited for an empty pool */
    CHECK_INT(atomic_load(&ran), 1);
    atomic_store(&c.stop, true);
    nl_pool_free(c.pool);
}

static void look_at_signals(void *arg)
{
    sigset_t *mask = arg;
    pthread_sigmask(SIG_SETMASK, NULL, mask);
}

static void signals_stay_with_the_program(void **state)
{
    (void)state;
    nl_pool *p;
    nl_error err = {0};
    sigset_t theirs, ours;
    CHECK_OK(nl_pool_new(1, &p, &err), err);
    CHECK_OK(nl_pool_submit(p, look_at_signals, &theirs, &err), err);
    nl_pool_free(p);
    pthread_sigmask(SIG_SETMASK, NULL, &ours);
    CHECK(sigismember(&theirs, SIGINT) && sigismember(&theirs, SIGTERM));
    CHECK(!sigismember(&ours, SIGINT));
}

static void cores_follow_the_affinity(void **state)
{
    (void)state;
    cpu_set_t all, one;
    size_t cores = nl_cores();
    CHECK(cores >= 1);
    CHECK_INT(sched_getaffinity(0, sizeof(all), &all), 0);
    CHECK_MAX(cores, CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    CHECK_INT(sched_setaffinity(0, sizeof(one), &one), 0);
    CHECK_INT(nl_cores(), 1);
    CHECK_INT(sched_setaffinity(0, sizeof(all), &all), 0);
    nl_pool *p;
    nl_error err = {0};
    CHECK_OK(nl_pool_new(0, &p, &err), err);
    CHECK_INT(nl_pool_threads(p), cores);
    nl_pool_free(p);
    nl_pool_free(NULL);
    CHECK_FAILS(nl_pool_new(1000000, &p, &err), NL_INVALID, err, "threads");
    CHECK(p == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_once),
        cmocka_unit_test(one_thread_keeps_the_order),
        cmocka_unit_test(drain_does_not_wait_for_later_jobs),
        cmocka_unit_test(signals_stay_with_the_program),
        cmocka_unit_test(cores_follow_the_affinity),
    };
    return cmocka_run_group_tests_name("base_pool", tests, NULL, NULL);
}
