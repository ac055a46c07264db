/* s3_fault.c: every allocation of the client fails once, on each way: read, write small, write large, list. Whatever comes,
 * it is the right bytes or an error, nothing hangs, nothing leaks, and the store works afterwards. */
#include <stdlib.h>

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
    static char headers[64][256];
    (void)ctx;
    if (strstr(q->target, "list-type"))
        *a = (struct standin_answer){.body = page, .body_len = sizeof page - 1};
    else if (strstr(q->target, "uploads="))
        *a = (struct standin_answer){.body = upload, .body_len = sizeof upload - 1};
    else if (!strcmp(q->method, "GET"))
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

static int write_bytes(nl_store *store, size_t len, nl_error *err)
{
    nl_sink *sink;
    int rc = nl_store_create(store, "s3://bucket/key", NULL, &sink, err);
    if (rc)
        return rc;
    rc = nl_sink_write(sink, data, len, err);
    if (rc) {
        nl_sink_abort(sink);
        return rc;
    }
    return nl_sink_commit(sink, err);
}

static int list(nl_store *store, nl_error *err)
{
    int n = 0;
    int rc = nl_store_list(store, "s3://bucket", true, on_entry, &n, err);
    CHECK(rc || n == 1);
    return rc;
}

static int run(nl_store *store, int what, nl_error *err)
{
    return what == 0   ? read_ranges(store, err)
           : what == 3 ? list(store, err)
                       : write_bytes(store, what == 1 ? 100 : 4000, err);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const names[] = {"read", "small write", "large write", "list"};
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 31);
    for (int what = 0; what < 4; what++) {
        struct standin *server = standin_start(answer, NULL);
        nl_store_options o = {.endpoint_url = standin_url(server),
                              .region = "us-east-1",
                              .access_key = "KEY",
                              .secret_key = "SECRET"};
        struct store_tuning t = {
            .part_size = 1500, .part_buffers = 2, .max_gap = 10, .max_attempts = 3, .retry_base_ms = 1};
        FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
        {
            nl_store *store;
            nl_error err = {0};
            check_why("%s, allocation %ld", names[what], f.nth);
            int rc = store_new_tuned(&o, &t, &store, &err);
            if (!rc)
                rc = run(store, what, &err);
            bool failed = fault_off(&f);
            CHECK(rc == NL_OK || (failed && rc == NL_NO_MEMORY));
            CHECK_INT(err.code, rc);
            if (store) {
                check_why("%s, after allocation %ld failed", names[what], f.nth);
                err = (nl_error){0};
                CHECK_OK(run(store, what, &err), err);
            }
            nl_store_free(store);
        }
        standin_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
