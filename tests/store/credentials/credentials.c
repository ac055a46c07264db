/* credentials.c: keys that end: renewed before, by one thread, and kept where that fails (R1 to R3 of credentials.h). */
#include "store/credentials/credentials.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "services.h"
#include "support/check.h"

enum { minute = 60, threads = 16 };

static struct services s;
static struct store_settings settings;
static struct store_resolver *resolver;
static int64_t start;

static int setup(void **state)
{
    (void)state;
    nl_error err = {0};
    services_start(&s);
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/container", 1);
    struct store_credentials_tuning tuning = services_tuning(&s);
    start = nl_wall_ns();
    nl_clock_set_wall(start);
    CHECK_OK(store_settings_read(NULL, &settings, &err), err);
    tuning.container_base = standin_url(s.standin);
    CHECK_OK(store_resolver_new(&settings, &tuning, &resolver, &err), err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_resolver_free(resolver);
    store_settings_free(&settings);
    services_stop(&s);
    return 0;
}

/* The clock is so many seconds after the start. */
static void at(int64_t seconds)
{
    nl_clock_set_wall(start + seconds * 1000000000);
}

/* Who is the key now? */
static void check_get(const char *access)
{
    struct store_keys *k;
    nl_error err = {0};
    CHECK_OK(store_resolver_get(resolver, &k, &err), err);
    CHECK_STR(k->access, access);
    store_keys_unref(k);
}

static void keys_are_renewed_before_they_end(void **state)
{
    (void)state;
    CHECK(!store_resolver_peek(resolver));
    check_get("ECS1");
    check_get("ECS1");
    at(44 * minute);
    check_get("ECS1");
    at(46 * minute); /* fourteen minutes before the end */
    check_get("ECS2");
    at(90 * minute);
    check_get("ECS2");
    CHECK_INT(s.counts[SERVICE_CONTAINER], 2);
    struct store_keys *k = store_resolver_peek(resolver);
    CHECK_STR(k->access, "ECS2");
    store_keys_unref(k);
}

static void short_lives_have_short_windows(void **state)
{
    (void)state;
    s.life = 4 * minute;
    check_get("ECS1");
    at(2 * minute);
    check_get("ECS1");
    at(3 * minute + 1);
    check_get("ECS2");
}

static void a_failed_renewal_keeps_what_holds(void **state)
{
    (void)state;
    struct store_keys *k;
    nl_error err = {0};
    check_get("ECS1");
    services_say(&s, SERVICE_CONTAINER, 403, "{\"code\":\"Shut\"}");
    at(50 * minute);
    check_get("ECS1");
    size_t asked = s.counts[SERVICE_CONTAINER];
    check_get("ECS1"); /* not asked again at once */
    CHECK_INT(s.counts[SERVICE_CONTAINER], asked);
    at(51 * minute);
    check_get("ECS1");
    CHECK_INT(s.counts[SERVICE_CONTAINER], asked + 1);
    at(58 * minute); /* R3: all would wait, and the old ones still hold */
    check_get("ECS1");
    at(60 * minute);
    CHECK_FAILS(store_resolver_get(resolver, &k, &err), NL_DENIED, err, "container credentials: Shut");
    CHECK(!k);
    services_say(&s, SERVICE_CONTAINER, 0, NULL);
    CHECK_OK(store_resolver_get(resolver, &k, &err), err);
    store_keys_unref(k);
}

static void the_store_may_ask_for_others(void **state)
{
    (void)state;
    struct store_keys *old, *fresh, *again;
    nl_error err = {0};
    CHECK_OK(store_resolver_get(resolver, &old, &err), err);
    CHECK_OK(store_resolver_renew(resolver, old, &fresh, &err), err);
    CHECK_STR(fresh->access, "ECS2");
    CHECK_OK(store_resolver_renew(resolver, old, &again, &err), err); /* there are others already */
    CHECK(again == fresh);
    CHECK_INT(s.counts[SERVICE_CONTAINER], 2);
    store_keys_unref(again);
    services_say(&s, SERVICE_CONTAINER, 403, "{}");
    CHECK_FAILS(store_resolver_renew(resolver, fresh, &again, &err), NL_DENIED, err, "HTTP 403");
    CHECK(!again);
    CHECK_OK(store_resolver_renew(resolver, fresh, &again, &err), err); /* not asked again at once */
    CHECK(!again);
    CHECK_INT(s.counts[SERVICE_CONTAINER], 3);
    store_keys_unref(old);
    store_keys_unref(fresh);
}

static void keys_that_lie_here_have_no_others(void **state)
{
    (void)state;
    struct store_settings mine;
    struct store_resolver *r;
    struct store_keys *old, *fresh;
    nl_error err = {0};
    services_file(&s, ".aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = S\n");
    CHECK_OK(store_settings_read(NULL, &mine, &err), err);
    CHECK_OK(store_resolver_new(&mine, NULL, &r, &err), err);
    CHECK_OK(store_resolver_get(r, &old, &err), err);
    CHECK_OK(store_resolver_renew(r, old, &fresh, &err), err);
    CHECK(!fresh);
    at(minute);
    services_file(&s, ".aws/credentials", "[default]\naws_access_key_id = B\naws_secret_access_key = S\n");
    CHECK_OK(store_resolver_renew(r, old, &fresh, &err), err); /* somebody wrote new ones */
    CHECK_STR(fresh->access, "B");
    store_keys_unref(fresh);
    store_keys_unref(old);
    store_resolver_free(r);
    store_settings_free(&mine);
}

struct asker {
    pthread_t thread;
    int rc;
    char access[16];
    const struct store_keys *old; /* NULL: get */
};

static void *ask(void *arg)
{
    struct asker *a = arg;
    struct store_keys *k;
    a->rc = a->old ? store_resolver_renew(resolver, a->old, &k, NULL) : store_resolver_get(resolver, &k, NULL);
    if (k)
        strncpy(a->access, k->access, sizeof a->access - 1);
    store_keys_unref(k);
    return NULL;
}

/* All at once; each must get these keys. */
static void ask_with_all(const struct store_keys *old, int rc, const char *access)
{
    struct asker askers[threads] = {0};
    for (size_t i = 0; i < threads; i++) {
        askers[i].old = old;
        CHECK_INT(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(askers[i].thread, NULL);
    for (size_t i = 0; i < threads; i++) {
        CHECK_INT(askers[i].rc, rc);
        CHECK_STR(askers[i].access, access);
    }
}

static void one_thread_asks_for_all(void **state)
{
    (void)state;
    struct store_keys *old;
    nl_error err = {0};
    ask_with_all(NULL, NL_OK, "ECS1");
    CHECK_INT(s.counts[SERVICE_CONTAINER], 1);
    at(58 * minute);
    ask_with_all(NULL, NL_OK, "ECS2");
    CHECK_INT(s.counts[SERVICE_CONTAINER], 2);
    CHECK_OK(store_resolver_get(resolver, &old, &err), err);
    ask_with_all(old, NL_OK, "ECS3");
    CHECK_INT(s.counts[SERVICE_CONTAINER], 3);
    store_keys_unref(old);
}

static void *interrupt_once_asked(void *arg)
{
    while (!s.counts[*(enum service *)arg])
        sched_yield();
    store_resolver_interrupt(resolver);
    return NULL;
}

/* R7: a service that never answers holds nobody up; what holds already, and who comes later, is not touched. */
static void an_interrupt_ends_what_is_under_way(void **state)
{
    (void)state;
    struct store_keys *k;
    nl_error err = {0};
    enum service which = SERVICE_CONTAINER;
    pthread_t thread;
    store_resolver_interrupt(resolver); /* of nothing */
    services_give(&s, SERVICE_CONTAINER, &(struct standin_answer){.silent = true});
    CHECK_INT(pthread_create(&thread, NULL, interrupt_once_asked, &which), 0);
    CHECK_FAILS(store_resolver_get(resolver, &k, &err), NL_CANCELLED, err, "cancelled");
    CHECK(!k);
    pthread_join(thread, NULL);
    CHECK_INT(s.counts[SERVICE_CONTAINER], 1); /* not tried again */
    services_say(&s, SERVICE_CONTAINER, 0, NULL);
    nl_error_clear(&err);
    CHECK_OK(store_resolver_get(resolver, &k, &err), err);
    store_keys_unref(k);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(keys_are_renewed_before_they_end),    TEST(short_lives_have_short_windows),
        TEST(a_failed_renewal_keeps_what_holds),   TEST(the_store_may_ask_for_others),
        TEST(keys_that_lie_here_have_no_others),   TEST(one_thread_asks_for_all),
        TEST(an_interrupt_ends_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
