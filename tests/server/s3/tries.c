/* tests/server/s3/tries.c: who guesses has to wait, nobody else does, and time forgives; the same at the server's door. */
#include "server/s3/tries.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "support/check.h"

#define SECOND ((int64_t)1000000000)
#define HOME   "192.0.2.1"

/* Guess so often at that time. */
static void guess(s3_tries *t, const char *address, const char *key, int n, int64_t now)
{
    for (int i = 0; i < n; i++)
        s3_tries_failed(t, address, key, now);
}

static void debts(void **state)
{
    static const struct {
        const char *why, *address, *key;
        int64_t at;
        unsigned want;
    } cases[] = {
        {"one guess more than allowed", HOME, "key", 0, 2},
        {"the next second", HOME, "key", 1, 1},
        {"when a step is paid", HOME, "key", 2, 0},
        {"another key", HOME, "other", 0, 0},
        {"another address", "192.0.2.2", "key", 0, 0},
        {"an address that begins so", "192.0.2.10", "key", 0, 0},
        {"an address of IPv6", "2001:db8:1:2::1", "key", 0, 2},
        {"another one of the same network", "2001:db8:1:2:ffff::7", "key", 0, 2},
        {"one of the next network", "2001:db8:1:3::1", "key", 0, 0},
        {"an address of old written as a new one", "::ffff:192.0.2.9", "key", 0, 0},
        {"no address", "-", "key", 0, 0},
    };
    static s3_tries t;
    (void)state;
    s3_tries_init(&t, 7);
    CHECK(!s3_tries_owed(&t, 0));
    guess(&t, HOME, "key", S3_TRIES_BURST - 1, 0);
    CHECK_INT(s3_tries_wait(&t, HOME, "key", 0), 0);
    guess(&t, HOME, "key", 1, 0);
    guess(&t, "2001:db8:1:2::1", "key", S3_TRIES_BURST, 0);
    guess(&t, "::ffff:192.0.2.8", "key", S3_TRIES_BURST, 0);
    CHECK(s3_tries_owed(&t, 0));
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        CHECK_INT(s3_tries_wait(&t, cases[i].address, cases[i].key, cases[i].at * SECOND), cases[i].want);
    }
    check_why("%s", "");
    CHECK(!s3_tries_owed(&t, 2 * S3_TRIES_BURST * SECOND));
    /* What was paid is forgotten: the whole burst is there again. */
    guess(&t, HOME, "key", S3_TRIES_BURST - 1, 1000 * SECOND);
    CHECK_INT(s3_tries_wait(&t, HOME, "key", 1000 * SECOND), 0);
    s3_tries_free(&t);
}

/* A hundred thousand addresses that guess once each cost nobody else anything, and do not push out who owes much. */
static void a_full_table(void **state)
{
    static s3_tries t;
    char address[64];
    (void)state;
    s3_tries_init(&t, 7);
    guess(&t, HOME, "key", 2 * S3_TRIES_BURST, 0);
    for (int i = 0; i < 100000; i++) {
        snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16, (i >> 8) & 255, i & 255);
        s3_tries_failed(&t, address, "key", 0);
    }
    CHECK_INT(s3_tries_wait(&t, HOME, "key", 0), 42);
    CHECK_INT(s3_tries_wait(&t, "192.0.2.77", "key", 0), 0);
    s3_tries_free(&t);
}

/* How many wrong guesses are answered 403 before the first 503: on a slow machine some are forgiven meanwhile. */
static int guesses_until_slow(struct fixture *f, const char *method, const char *target, const char *body)
{
    int n = 0, status;
    while ((status = request(f, method, target, NULL, body)) == 403 && n < 10000)
        n++;
    CHECK_INT(status, 503);
    return n;
}

/* At the door: the right secret has to wait too; other keys, and what is not signed, do not. */
static void at_the_door(void **state)
{
    struct fixture *f = *state;
    char value[512];
    const char *right = f->client.secret_key;
    bool refused = false;
    for (int round = 0; round < 100 && !refused; round++) {
        f->client.secret_key = "a-wrong-secret";
        CHECK(guesses_until_slow(f, "GET", "/bucket", NULL) >= (round ? 0 : S3_TRIES_BURST));
        CHECK_HAS(f->reply.body.data, "<Code>SlowDown</Code>");
        CHECK(strlen(reply_header(f, "Retry-After", value)) > 0);
        f->client.secret_key = right;
        refused = request(f, "GET", "/bucket", NULL, NULL) == 503;
    }
    CHECK(refused);
    f->client.access_key = "NOBODYKNOWSME";
    CHECK_INT(request(f, "GET", "/bucket", NULL, NULL), 403);
    CHECK_HAS(f->reply.body.data, "InvalidAccessKeyId");
    f->client.access_key = NULL;
    CHECK_INT(request(f, "GET", "/-/health", NULL, NULL), 200);
}

/* The page's form is the same door. */
static void at_the_page(void **state)
{
    struct fixture *f = *state;
    nl_buf form = {0};
    char *access = f->access;
    f->client.access_key = NULL;
    nl_buf_printf(&form, NULL, "access=%s&secret=wrong", access);
    CHECK(guesses_until_slow(f, "POST", "/-/login", form.data) >= S3_TRIES_BURST);
    for (int i = 0; i < 2 * S3_TRIES_BURST; i++)
        CHECK_INT(request(f, "POST", "/-/login", NULL, "access=nobody&secret=wrong"), 403);
    nl_buf_free(&form);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(debts),
        cmocka_unit_test(a_full_table),
        cmocka_unit_test_setup_teardown(at_the_door, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(at_the_page, fixture_bucket, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
