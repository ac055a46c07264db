/* s3_mend.c: requests that are signed anew: keys that ended, a bucket that is elsewhere; and those that are not signed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/standin.h"
#include "support/tmp.h"

static struct standin *standin;
static char *folder;
static nl_store *store;

/* What the store under test stands before. */
static struct {
    const char *good_key;    /* NULL: all keys; others have expired */
    const char *good_region; /* NULL: all */
    bool silent_region;      /* the 301 does not say where */
    char headers[128];
} s3;

static const char expired[] =
    "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";
static const char container[] = "{\"AccessKeyId\":\"NEW\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":"
                                "\"2099-01-01T00:00:00Z\"}";
static const char first[] = "{\"AccessKeyId\":\"OLD\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":"
                            "\"2099-01-01T00:00:00Z\"}";
static size_t asked_container;

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    (void)ctx;
    char authorization[512] = "", want[128];
    if (!strcmp(q->target, "/container")) {
        a->body = asked_container++ ? container : first;
        a->body_len = strlen(a->body);
        return;
    }
    standin_header(q, "Authorization", authorization, sizeof authorization);
    snprintf(want, sizeof want, "Credential=%s/", s3.good_key ? s3.good_key : "");
    if (s3.good_key && !strstr(authorization, want)) {
        a->status = 400;
        a->body = expired;
        a->body_len = sizeof expired - 1;
        a->head_only = !strcmp(q->method, "HEAD");
        return;
    }
    snprintf(want, sizeof want, "/%s/s3/", s3.good_region ? s3.good_region : "");
    if (s3.good_region && !strstr(authorization, want)) {
        bool bucket = !strcmp(q->target, "/bucket");
        a->status = 301;
        if (!s3.silent_region || bucket)
            a->headers = s3.headers;
        snprintf(s3.headers, sizeof s3.headers, "x-amz-bucket-region: %s\r\n", s3.good_region);
        return;
    }
    a->headers = "ETag: \"e\"\r\n";
}

static int setup(void **state)
{
    (void)state;
    static const char *const unset[] = {
        "AWS_PROFILE",         "AWS_CONFIG_FILE",   "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION",
        "AWS_DEFAULT_REGION",  "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",       "AWS_SESSION_TOKEN",
        "AWS_NO_SIGN_REQUEST", "AWS_REQUEST_PAYER"};
    for (size_t i = 0; i < NL_LEN(unset); i++)
        unsetenv(unset[i]);
    memset(&s3, 0, sizeof s3);
    asked_container = 0;
    folder = tmp_make();
    setenv("HOME", folder, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    standin = standin_start(answer, NULL);
    char url[128];
    snprintf(url, sizeof url, "%s/container", standin_url(standin));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    nl_store_free(store);
    store = NULL;
    standin_stop(standin);
    tmp_remove(folder);
    return 0;
}

static void open_store(nl_store_options o)
{
    nl_error err = {0};
    o.endpoint_url = standin_url(standin);
    CHECK_OK(nl_store_new(&o, &store, &err), err);
}

static int head(nl_error *err)
{
    nl_object_info info;
    return nl_store_head(store, "s3://bucket/key", &info, err);
}

static int put(nl_error *err)
{
    nl_sink *sink;
    int rc = nl_store_create(store, "s3://bucket/key", NULL, &sink, err);
    if (rc)
        return rc;
    rc = nl_sink_write(sink, "bytes", 5, err);
    if (!rc)
        return nl_sink_commit(sink, err);
    nl_sink_abort(sink);
    return rc;
}

static void keys_that_ended_are_renewed_once(void **state)
{
    (void)state;
    nl_error err = {0};
    nl_store_stats stats;
    open_store((nl_store_options){0});
    CHECK_OK(put(&err), err);
    s3.good_key = "NEW";
    CHECK_OK(put(&err), err);
    CHECK_INT(asked_container, 2);
    CHECK_STR(standin_seen(standin, 4)->body, "bytes"); /* the body is sent again */
    CHECK_OK(head(&err), err);
    CHECK_INT(asked_container, 2);
    nl_store_get_stats(store, &stats);
    CHECK_INT(stats.requests, 4);
    CHECK_INT(stats.retries, 1);
    s3.good_key = "NOBODY";
    CHECK_FAILS(put(&err), NL_DENIED, err, "ExpiredToken");
    CHECK_HAS(err.hint, "these are from: container");
}

static void a_head_without_a_reason_is_tried_too(void **state)
{
    (void)state;
    nl_error err = {0};
    open_store((nl_store_options){0});
    s3.good_key = "NEW";
    CHECK_OK(head(&err), err);
    CHECK_INT(asked_container, 2);
}

static void keys_that_cannot_be_renewed(void **state)
{
    (void)state;
    nl_error err = {0};
    s3.good_key = "NEW";
    open_store((nl_store_options){.access_key = "A", .secret_key = "S", .session_token = "T"});
    CHECK_FAILS(put(&err), NL_DENIED, err, "ExpiredToken");
    CHECK_HAS(err.hint, "these are from: options");
    CHECK_INT(standin_count(standin), 1);
}

static void the_bucket_tells_its_region(void **state)
{
    (void)state;
    nl_error err = {0};
    for (int silent = 0; silent < 2; silent++) {
        check_why("%s", silent ? "by HEAD of the bucket" : "in the answer");
        s3.good_region = "eu-west-3";
        s3.silent_region = silent;
        size_t before = standin_count(standin);
        open_store((nl_store_options){.access_key = "A", .secret_key = "S"});
        CHECK_OK(head(&err), err);
        CHECK_INT(standin_count(standin) - before, silent ? 3 : 2);
        CHECK_OK(put(&err), err); /* remembered */
        CHECK_INT(standin_count(standin) - before, silent ? 4 : 3);
        nl_store_free(store);
        store = NULL;
    }
    s3.good_region = "evil.example/";
    s3.silent_region = false;
    open_store((nl_store_options){.access_key = "A", .secret_key = "S"});
    CHECK_FAILS(head(&err), NL_INVALID, err, "HTTP 301");
}

static void anonymous_requests(void **state)
{
    (void)state;
    nl_error err = {0};
    open_store((nl_store_options){.anonymous = true, .requester_pays = true});
    CHECK_OK(put(&err), err);
    const char *sent = standin_seen(standin, 0)->head;
    CHECK(!strstr(sent, "Authorization") && !strstr(sent, "x-amz-date") && !strstr(sent, "x-amz-security-token"));
    CHECK_HAS(sent, "x-amz-request-payer: requester\r\n");
    CHECK_INT(standin_count(standin), 1); /* nobody is asked for keys */
}

static void the_requester_pays(void **state)
{
    (void)state;
    nl_error err = {0};
    setenv("AWS_REQUEST_PAYER", "requester", 1);
    open_store((nl_store_options){.access_key = "A", .secret_key = "S"});
    CHECK_OK(head(&err), err);
    CHECK_HAS(standin_seen(standin, 0)->head, "x-amz-request-payer: requester\r\n");
    CHECK_HAS(standin_seen(standin, 0)->head, ";x-amz-request-payer,Signature=");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_error err = {0};
        asked_container = 0;
        s3.good_key = "NEW";
        s3.good_region = "eu-west-3";
        nl_store_options o = {.endpoint_url = standin_url(standin)};
        int rc = nl_store_new(&o, &store, &err);
        if (!rc)
            rc = head(&err);
        bool failed = fault_off(&f);
        /* Where mending lacks the memory, the answer itself is the error. */
        CHECK(failed ? rc == NL_OK || rc == NL_NO_MEMORY || rc == NL_DENIED || rc == NL_INVALID : rc == NL_OK);
        nl_store_free(store);
        store = NULL;
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(keys_that_ended_are_renewed_once),
        TEST(a_head_without_a_reason_is_tried_too),
        TEST(keys_that_cannot_be_renewed),
        TEST(the_bucket_tells_its_region),
        TEST(anonymous_requests),
        TEST(the_requester_pays),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
