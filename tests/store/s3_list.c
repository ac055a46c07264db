/* s3_list.c: listings page by page: what is asked, the order of what is given, and pages that are no pages. */
#include "store/s3/list.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/standin.h"

/* One page a request. */
struct pages {
    const char *text[4];
    int status;
};

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    struct pages *p = ctx;
    const char *text = p->text[q->number < 4 ? q->number : 3];
    *a = (struct standin_answer){.status = p->status, .body = text, .body_len = strlen(text)};
}

struct fixture {
    struct standin *server;
    nl_store *store;
    nl_buf seen;
    int stop_after;
};

static struct fixture start(struct pages *pages)
{
    struct fixture f = {.server = standin_start(answer, pages)};
    nl_error err = {0};
    nl_store_options o = {.endpoint_url = standin_url(f.server),
                          .region = "us-east-1",
                          .access_key = "KEY",
                          .secret_key = "SECRET"};
    struct store_tuning t = {.retry_base_ms = 1, .max_attempts = 2, .list_page = 3};
    CHECK_OK(store_new_tuned(&o, &t, &f.store, &err), err);
    return f;
}

static void stop(struct fixture *f)
{
    nl_store_free(f->store);
    standin_stop(f->server);
    nl_buf_free(&f->seen);
}

static int collect(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct fixture *f = ctx;
    int rc = nl_buf_printf(&f->seen, err, "%s %s%llu %lld %s\n", uri, is_prefix ? "prefix " : "",
                           (unsigned long long)info->size, (long long)info->modified, info->etag);
    return rc ? rc : f->stop_after && !--f->stop_after ? NL_CONFLICT : NL_OK;
}

#define PAGE(inside)                                                                                                   \
    "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" inside               \
    "</ListBucketResult>"
#define OBJECT(key)                                                                                                    \
    "<Contents><Key>" key "</Key><LastModified>2013-05-24T00:00:00.000Z</LastModified>"                                \
    "<ETag>&quot;e1&quot;</ETag><Size>7</Size></Contents>"
#define FOLDER(key) "<CommonPrefixes><Prefix>" key "</Prefix></CommonPrefixes>"
#define URL         "<EncodingType>url</EncodingType>"
#define MORE(token) "<IsTruncated>true</IsTruncated><NextContinuationToken>" token "</NextContinuationToken>"

static void pages_in_order(void **state)
{
    (void)state;
    struct pages p = {.text = {PAGE(URL OBJECT("a+b%2B%3C") OBJECT("d") FOLDER("c/") MORE("t&amp;1")),
                               PAGE(URL FOLDER("e%C3%A4/") OBJECT("z") "<IsTruncated>false</IsTruncated>")}};
    struct fixture f = start(&p);
    nl_error err = {0};
    CHECK_OK(nl_store_list(f.store, "s3://bucket/pre fix", false, collect, &f, &err), err);
    CHECK_STR(f.seen.data, "s3://bucket/a b+< 7 1369353600 e1\n"
                           "s3://bucket/c/ prefix 0 0 \n"
                           "s3://bucket/d 7 1369353600 e1\n"
                           "s3://bucket/e\xc3\xa4/ prefix 0 0 \n"
                           "s3://bucket/z 7 1369353600 e1\n");
    CHECK_INT(standin_count(f.server), 2);
    CHECK_STR(standin_seen(f.server, 0)->target,
              "/bucket?delimiter=%2F&encoding-type=url&list-type=2&max-keys=3&prefix=pre%20fix");
    CHECK_STR(standin_seen(f.server, 1)->target, "/bucket?continuation-token=t%261&delimiter=%2F&encoding-type=url&"
                                                 "list-type=2&max-keys=3&prefix=pre%20fix");
    stop(&f);
}

static void keys_that_are_not_encoded_are_taken_as_they_are(void **state)
{
    (void)state;
    struct pages p = {.text = {PAGE(OBJECT("a+b%20") OBJECT(" "))}};
    struct fixture f = start(&p);
    nl_error err = {0};
    CHECK_OK(nl_store_list(f.store, "s3://bucket", true, collect, &f, &err), err);
    CHECK_STR(f.seen.data, "s3://bucket/a+b%20 7 1369353600 e1\ns3://bucket/  7 1369353600 e1\n");
    CHECK_STR(standin_seen(f.server, 0)->target, "/bucket?encoding-type=url&list-type=2&max-keys=3&prefix=");
    stop(&f);
}

static void the_caller_may_stop(void **state)
{
    (void)state;
    struct pages p = {.text = {PAGE(OBJECT("a") OBJECT("b") MORE("t")), PAGE(OBJECT("c"))}};
    struct fixture f = start(&p);
    nl_error err = {0};
    f.stop_after = 1;
    CHECK_INT(nl_store_list(f.store, "s3://bucket", true, collect, &f, &err), NL_CONFLICT);
    CHECK_STR(f.seen.data, "s3://bucket/a 7 1369353600 e1\n");
    CHECK_MAX(standin_count(f.server),
              2); /* the second page was asked for before the first was told, and may have gone out */
    stop(&f);
}

static void pages_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text, *message;
        int status, want;
    } cases[] = {
        {"not XML", "<html><br>", "no <ListBucketResult>", 0, NL_IO},
        {"empty", "", "no <ListBucketResult>", 0, NL_IO},
        {"another document", "<Other/>", "no <ListBucketResult>", 0, NL_IO},
        {"no token", PAGE("<IsTruncated>true</IsTruncated>"), "continuation token", 0, NL_IO},
        {"the same token again", PAGE(OBJECT("a") MORE("t")), "does not move on", 0, NL_IO},
        {"no size", PAGE("<Contents><Key>a</Key></Contents>"), "no size", 0, NL_IO},
        {"no key", PAGE("<Contents><Size>1</Size></Contents>"), "no key", 0, NL_IO},
        {"a bad encoding", PAGE(URL OBJECT("%zz")), "hexadecimal", 0, NL_INVALID},
        {"denied", "<Error><Code>AccessDenied</Code></Error>", "AccessDenied", 403, NL_DENIED},
        {"a DOCTYPE", "<!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult/>", "DOCTYPE", 0, NL_IO},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct pages p = {.text = {cases[i].text, cases[i].text, cases[i].text, cases[i].text},
                          .status = cases[i].status};
        struct fixture f = start(&p);
        nl_error err = {0};
        check_why("%s", cases[i].why);
        CHECK_FAILS(nl_store_list(f.store, "s3://bucket", true, collect, &f, &err), cases[i].want, err,
                    cases[i].message);
        stop(&f);
    }
}

static int bucket(void *ctx, const char *name, int64_t created, nl_error *err)
{
    return nl_buf_printf(ctx, err, "%s %lld;", name, (long long)created);
}

static void buckets(void **state)
{
    (void)state;
    struct pages p = {
        .text = {"<ListAllMyBucketsResult><Owner/><Buckets><Bucket><Name>one</Name><CreationDate>"
                 "2013-05-24T00:00:00.000Z</CreationDate></Bucket><Bucket><Name>two</Name></Bucket></Buckets>"
                 "</ListAllMyBucketsResult>"}};
    struct fixture f = start(&p);
    nl_error err = {0};
    CHECK_OK(nl_store_list_buckets(f.store, bucket, &f.seen, &err), err);
    CHECK_STR(f.seen.data, "one 1369353600;two 0;");
    CHECK_STR(standin_seen(f.server, 0)->target, "/");
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_in_order),
        cmocka_unit_test(keys_that_are_not_encoded_are_taken_as_they_are),
        cmocka_unit_test(the_caller_may_stop),
        cmocka_unit_test(pages_that_are_none),
        cmocka_unit_test(buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
