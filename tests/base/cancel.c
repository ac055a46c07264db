/* tests/base/cancel.c: a set is seen by all who wait, whenever it comes. Meant for ThreadSanitizer too. */
#include "base/cancel.h"

#include "support/check.h"

static void a_token_stays_set(void **state)
{
    (void)state;
    nl_cancel c;
    nl_error err = {0};
    nl_cancel_init(&c);
    CHECK(!nl_cancelled(&c));
    CHECK_OK(nl_cancel_check(&c, &err), err);
    nl_cancel_set(&c);
    nl_cancel_set(&c);
    CHECK(nl_cancelled(&c));
    CHECK_FAILS(nl_cancel_check(&c, &err), NL_CANCELLED, err, "cancelled");
    nl_cancel_destroy(&c);
}

static void no_token_is_never_set(void **state)
{
    (void)state;
    nl_error err = {0};
    struct nl_cancel_watch w = {0};
    CHECK(!nl_cancelled(NULL));
    CHECK_OK(nl_cancel_check(NULL, &err), err);
    nl_cancel_watch(NULL, &w);
    nl_cancel_unwatch(NULL, &w);
}

static void watchers_leave_in_any_order(void **state)
{
    (void)state;
    nl_cancel c;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct nl_cancel_watch w[3] = {{&mutex, &cond, NULL}, {&mutex, &cond, NULL}, {&mutex, &cond, NULL}};
    nl_cancel_init(&c);
    static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}};
    for (size_t o = 0; o < 4; o++) {
        for (int i = 0; i < 3; i++)
            nl_cancel_watch(&c, &w[i]);
        for (int i = 0; i < 3; i++)
            nl_cancel_unwatch(&c, &w[orders[o][i]]);
        CHECK(c.watchers == NULL);
    }
    nl_cancel_unwatch(&c, &w[0]); /* never registered: nothing happens */
    nl_cancel_destroy(&c);
}

struct waiter {
    nl_cancel *cancel;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool woken;
};

static void *wait_for_it(void *arg)
{
    struct waiter *me = arg;
    struct nl_cancel_watch w = {&me->mutex, &me->cond, NULL};
    nl_cancel_watch(me->cancel, &w);
    pthread_mutex_lock(&me->mutex);
    while (!nl_cancelled(me->cancel)) /* for ever, if the set were missed */
        pthread_cond_wait(&me->cond, &me->mutex);
    me->woken = true;
    pthread_mutex_unlock(&me->mutex);
    nl_cancel_unwatch(me->cancel, &w);
    return NULL;
}

static void everybody_is_woken(void **state)
{
    (void)state;
    enum { WAITERS = 4, ROUNDS = 200 };
    for (int round = 0; round < ROUNDS; round++) {
        nl_cancel c;
        struct waiter waiters[WAITERS];
        pthread_t threads[WAITERS];
        nl_cancel_init(&c);
        for (int i = 0; i < WAITERS; i++) {
            waiters[i].cancel = &c;
            waiters[i].woken = false;
            pthread_mutex_init(&waiters[i].mutex, NULL);
            pthread_cond_init(&waiters[i].cond, NULL);
            CHECK_INT(pthread_create(&threads[i], NULL, wait_for_it, &waiters[i]), 0);
        }
        nl_cancel_set(&c); /* before, between or after the waits, as the threads come */
        for (int i = 0; i < WAITERS; i++) {
            pthread_join(threads[i], NULL);
            CHECK(waiters[i].woken);
            pthread_cond_destroy(&waiters[i].cond);
            pthread_mutex_destroy(&waiters[i].mutex);
        }
        nl_cancel_destroy(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_stays_set),
        cmocka_unit_test(no_token_is_never_set),
        cmocka_unit_test(watchers_leave_in_any_order),
        cmocka_unit_test(everybody_is_woken),
    };
    return cmocka_run_group_tests_name("base_cancel", tests, NULL, NULL);
}
