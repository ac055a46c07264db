/* s3_proxy.c: proxies of the environment: who is asked, for what, and who is asked without them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/standin.h"

static const char body[] = "0123456789";

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    static char headers[16][256];
    (void)ctx;
    if (!strcmp(q->method, "CONNECT"))
        *a = (struct standin_answer){.status = 403, .close = true};
    else
        standin_object(q, a, body, sizeof body - 1, "etag", headers[q->number % 16]);
}

static void clear(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",    "NO_PROXY",    "AWS_CA_BUNDLE"};
    for (size_t i = 0; i < NL_LEN(names); i++)
        unsetenv(names[i]);
}

static void proxies(void **state)
{
    (void)state;
    static const struct {
        const char *why, *variable, *except, *endpoint; /* endpoint NULL: the stand-in itself */
        int want;
        size_t seen;
        const char *method, *target, *message;
    } cases[] = {
        {"http through the proxy", "http_proxy", "", "http://s3.invalid", NL_OK, 1, "GET",
         "http://s3.invalid/bucket/key", NULL},
        {"all through the proxy", "ALL_PROXY", "", "http://s3.invalid:81", NL_OK, 1, "GET",
         "http://s3.invalid:81/bucket/key", NULL},
        {"https asks the proxy for a tunnel", "HTTPS_PROXY", "", "https://s3.invalid", NL_IO, 1, "CONNECT",
         "s3.invalid:443", "403"},
        {"a host that is excepted", "http_proxy", "other.invalid,s3.invalid", "http://s3.invalid", NL_IO, 0, NULL, NULL,
         "s3.invalid"},
        {"http knows no proxy of https", "HTTPS_PROXY", "", "http://s3.invalid", NL_IO, 0, NULL, NULL, "s3.invalid"},
        {"this machine needs no proxy", "http_proxy", "", NULL, NL_OK, 1, "GET", "/bucket/key", NULL},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct standin *server = standin_start(answer, NULL);
        nl_store *store;
        nl_source *s;
        nl_bytes b = {0};
        nl_error err = {0};
        check_why("%s", cases[i].why);
        clear();
        setenv(cases[i].variable, standin_url(server), 1);
        setenv("NO_PROXY", cases[i].except, 1);
        nl_store_options o = {.endpoint_url = cases[i].endpoint ? cases[i].endpoint : standin_url(server),
                              .region = "us-east-1",
                              .access_key = "KEY",
                              .secret_key = "SECRET"};
        CHECK_OK(store_new_tuned(&o, &(struct store_tuning){.retry_base_ms = 1, .max_attempts = 1}, &store, &err), err);
        CHECK_OK(nl_store_open(store, "s3://bucket/key", NULL, &s, &err), err);
        int rc = nl_source_read_tail(s, 100, &b, &err);
        if (cases[i].want)
            CHECK_FAILS(rc, cases[i].want, err, cases[i].message);
        else
            CHECK_OK(rc, err);
        CHECK_INT(b.len, cases[i].want ? 0 : sizeof body - 1);
        CHECK_INT(standin_count(server), cases[i].seen);
        if (cases[i].seen) {
            CHECK_STR(standin_seen(server, 0)->method, cases[i].method);
            CHECK_STR(standin_seen(server, 0)->target, cases[i].target);
        }
        nl_bytes_release(&b);
        nl_source_close(s);
        nl_store_free(store);
        standin_stop(server);
    }
    clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(proxies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
