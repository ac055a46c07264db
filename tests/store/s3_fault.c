/* s3_fault.c: every allocation of the client fails once, on each way: read, write, copy, remove, list, sign. Whatever comes,
 * it is the right bytes or an error, nothing hangs, nothing leaks, and the store works afterwards. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/standin.h"

static char data[5000];

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    static const char page[] = "<ListBucketResult><Contents><Key>k</Key><Size>1</Size></Contents></ListBucketResult>";
    static const char upload[] =
        "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
    static const char copied[] = "<CopyPartResult><ETag>\"c\"</ETag></CopyPartResult>";
    static const char removed[] = "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code></Error></DeleteResult>";
    static char headers[64][256];
    (void)ctx;
    if (strstr(q->target, "?delete"))
        *a = (struct standin_answer){.body = removed, .body_len = sizeof removed - 1};
    else if (strstr(q->target, "partNumber") && strstr(q->head, "x-amz-copy-source"))
        *a = (struct standin_answer){.body = copied, .body_len = sizeof copied - 1};
    else if (strstr(q->target, "list-type"))
        *a = (struct standin_answer){.body = page, .body_len = sizeof page - 1};
    else if (strstr(q->target, "uploads="))
        *a = (struct standin_answer){.body = upload, .body_len = sizeof upload - 1};
    else if (!strcmp(q->method, "GET") || !strcmp(q->method, "HEAD"))
        standin_object(q, a, data, sizeof data, "e", headers[q->number % 64]);
    else if (!strcmp(q->method, "PUT"))
        a->headers = "ETag: \"p\"\r\n";
}

static int on_entry(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    (void)uri, (void)is_prefix, (void)info, (void)err;
    ++*(int *)ctx;
    return NL_OK;
}

static int read_ranges(nl_store *store, nl_error *err)
{
    nl_source *s;
    nl_fetch *f[3];
    nl_bytes b;
    int rc = nl_store_open(store, "s3://bucket/key", NULL, &s, err);
    if (rc)
        return rc;
    rc = nl_source_read_tail(s, 100, &b, err);
    if (!rc) {
        CHECK(b.len == 100 && !memcmp(b.data, data + sizeof data - 100, 100));
        nl_bytes_release(&b);
        rc = nl_source_submit(s, (nl_range[]){{0, 10}, {3000, 10}, {4950, 10}}, 3, f, err);
    }
    if (!rc) {
        nl_fetch_drop(f[0]);
        nl_fetch_drop(f[2]);
        rc = nl_fetch_wait(f[1], NULL, &b, err);
    }
    if (!rc) {
        CHECK(b.len == 10 && !memcmp(b.data, data + 3000, 10));
        nl_bytes_release(&b);
    }
    nl_source_close(s);
    return rc;
}

static int write_bytes(nl_store *store, size_t len, const nl_put_options *o, nl_error *err)
{
    nl_sink *sink;
    int rc = nl_store_create(store, "s3://bucket/key", o, &sink, err);
    if (rc)
        return rc;
    rc = nl_sink_write(sink, data, len, err);
    if (rc) {
        nl_sink_abort(sink);
        return rc;
    }
    return nl_sink_commit(sink, err);
}

static const char *const headers[] = {"Cache-Control", "no-cache", "x-amz-meta-by", "me", NULL};

static int write_small(nl_store *store, nl_error *err)
{
    return write_bytes(store, 100, &(nl_put_options){.if_match = "e", .headers = headers}, err);
}

static int write_large(nl_store *store, nl_error *err)
{
    return write_bytes(store, 4000, &(nl_put_options){.if_absent = true, .headers = headers}, err);
}

static int copy(nl_store *store, nl_error *err)
{
    nl_put_options o = {.content_type = "text/x", .headers = headers};
    return nl_store_copy_known(store, "s3://bucket/a", NULL, "s3://bucket/b", &o, err);
}

static int copy_parts(nl_store *store, nl_error *err)
{
    nl_object_info info = {.size = sizeof data};
    return nl_store_copy_known(store, "s3://bucket/a", &info, "s3://bucket/b", NULL, err);
}

/* One of them is refused, and one goes alone, since XML cannot carry it. */
static int was_removed(void *ctx, const char *uri, const nl_error *failed, nl_error *err)
{
    (void)err;
    CHECK(!failed || failed->code == NL_NO_MEMORY || !strcmp(uri, "s3://bucket/b"));
    *(int *)ctx = failed && failed->code == NL_NO_MEMORY ? NL_NO_MEMORY : *(int *)ctx;
    return NL_OK;
}

static int remove_many(nl_store *store, nl_error *err)
{
    static const char *const uris[] = {"s3://bucket/a", "s3://bucket/b", "s3://bucket/\001", "s3://other/c",
                                       "s3://other/d"};
    int failed = NL_OK;
    int rc = nl_store_delete_many(store, uris, NL_LEN(uris), was_removed, &failed, err);
    return !rc && failed ? nl_fail_memory(err) : rc;
}

static int presign(nl_store *store, nl_error *err)
{
    char *url;
    int rc = nl_store_presign(store, "GET", "s3://bucket/a b", 60, &url, err);
    CHECK(rc ? !url : strstr(url, "/bucket/a%20b?") != NULL);
    free(url);
    return rc;
}

static int buckets(nl_store *store, nl_error *err)
{
    int rc = nl_store_make_bucket(store, "new-bucket", err);
    return rc ? rc : nl_store_remove_bucket(store, "new-bucket", err);
}

static int list(nl_store *store, nl_error *err)
{
    int n = 0;
    int rc = nl_store_list(store, "s3://bucket", true, on_entry, &n, err);
    CHECK(rc || n == 1);
    return rc;
}

static const struct {
    const char *name;
    int (*run)(nl_store *store, nl_error *err);
    bool away; /* an endpoint that is not this machine by its name: bodies are hashed by the pool */
} ways[] = {
    {"read", read_ranges, false},
    {"small write", write_small, false},
    {"large write", write_large, false},
    {"hashed write", write_large, true},
    {"copy", copy, false},
    {"copy in parts", copy_parts, false},
    {"remove many", remove_many, false},
    {"presign", presign, false},
    {"buckets", buckets, true},
    {"list", list, false},
};

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 31);
    for (size_t way = 0; way < NL_LEN(ways); way++) {
        struct standin *server = standin_start(answer, NULL);
        char url[64];
        snprintf(url, sizeof url, "http://%s%s", ways[way].away ? "0.0.0.0" : "127.0.0.1",
                 strrchr(standin_url(server), ':'));
        nl_store_options o = {.endpoint_url = url, .region = "eu-x-1", .access_key = "KEY", .secret_key = "SECRET"};
        struct store_tuning t = {.part_size = 1500,
                                 .part_buffers = 2,
                                 .max_gap = 10,
                                 .max_attempts = 3,
                                 .retry_base_ms = 1,
                                 .copy_max = 1000,
                                 .copy_part = 2000};
        FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
        {
            nl_store *store;
            nl_error err = {0};
            check_why("%s, allocation %ld", ways[way].name, f.nth);
            int rc = store_new_tuned(&o, &t, &store, &err);
            if (!rc)
                rc = ways[way].run(store, &err);
            bool failed = fault_off(&f);
            CHECK(rc == NL_OK || (failed && rc == NL_NO_MEMORY));
            CHECK_INT(err.code, rc);
            if (store) {
                check_why("%s, after allocation %ld failed", ways[way].name, f.nth);
                err = (nl_error){0};
                CHECK_OK(ways[way].run(store, &err), err);
            }
            nl_store_free(store);
        }
        standin_stop(server);
    }
}

int main(void)
{
    unsetenv("http_proxy"); /* one endpoint does not look like this machine */
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
