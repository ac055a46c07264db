/* s3_sick.c: a store that fails in every way, under every operation: each ends with the right bytes or a clear error, in
 * bounded time, and a sick store is not hammered. */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "s3proto/hash.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/standin.h"

enum { LEN = 3000 };

struct sick {
    char data[LEN];
    struct standin_answer fault;
    size_t from, to; /* the requests with these numbers fail */
    char headers[256][256];
};

/* A store that holds one object under every key, and takes everything. */
static void well(struct sick *s, const struct standin_request *q, struct standin_answer *a)
{
    static const char page[] = "<ListBucketResult><Contents><Key>k</Key><Size>1</Size></Contents></ListBucketResult>";
    static const char upload[] =
        "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
    if (strstr(q->target, "list-type"))
        *a = (struct standin_answer){.body = page, .body_len = sizeof page - 1};
    else if (strstr(q->target, "uploads="))
        *a = (struct standin_answer){.body = upload, .body_len = sizeof upload - 1};
    else if (!strcmp(q->method, "GET") || !strcmp(q->method, "HEAD"))
        standin_object(q, a, s->data, LEN, "e", s->headers[q->number % 256]);
    else if (!strcmp(q->method, "PUT"))
        a->headers = "ETag: \"p\"\r\n";
}

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    struct sick *s = ctx;
    well(s, q, a);
    if (q->number < s->from || q->number >= s->to)
        return;
    if (s->fault.cut && !s->fault.status)
        a->cut = s->fault.cut, a->claim = a->body_len ? 0 : 100;
    else
        *a = s->fault;
    a->head_only = !strcmp(q->method, "HEAD"); /* bytes behind it would be taken for the next answer */
}

struct fixture {
    struct sick sick;
    struct standin *server;
    nl_store *store;
};

static struct fixture *start(const struct store_tuning *t)
{
    struct fixture *f = calloc(1, sizeof *f);
    nl_error err = {0};
    for (size_t i = 0; i < LEN; i++)
        f->sick.data[i] = (char)(i * 7);
    f->server = standin_start(answer, &f->sick);
    nl_store_options o = {.endpoint_url = standin_url(f->server),
                          .region = "us-east-1",
                          .access_key = "KEY",
                          .secret_key = "SECRET"};
    CHECK_OK(store_new_tuned(&o, t, &f->store, &err), err);
    return f;
}

static void stop(struct fixture *f)
{
    nl_store_free(f->store);
    standin_stop(f->server);
    free(f);
}

/* ── the operations ── */

static int read_range(nl_store *store, const struct sick *s, nl_error *err)
{
    nl_source *source;
    nl_bytes b = {0};
    int rc = nl_store_open(store, "s3://bucket/key", NULL, &source, err);
    if (!rc)
        rc = nl_source_read(source, 500, 1000, &b, err);
    if (!rc)
        CHECK_MEM(b.data, s->data + 500, 1000);
    nl_bytes_release(&b);
    nl_source_close(source);
    return rc;
}

static int read_tail(nl_store *store, const struct sick *s, nl_error *err)
{
    nl_source *source;
    nl_bytes b = {0};
    int rc = nl_store_open(store, "s3://bucket/key", NULL, &source, err);
    if (!rc)
        rc = nl_source_read_tail(source, 700, &b, err);
    if (!rc)
        CHECK_MEM(b.data, s->data + LEN - 700, 700);
    nl_bytes_release(&b);
    nl_source_close(source);
    return rc;
}

static int write_bytes(nl_store *store, const struct sick *s, size_t len, nl_error *err)
{
    nl_sink *sink;
    int rc = nl_store_create(store, "s3://bucket/key", NULL, &sink, err);
    if (!rc)
        rc = nl_sink_write(sink, s->data, len, err);
    if (!rc)
        return nl_sink_commit(sink, err);
    nl_sink_abort(sink);
    return rc;
}

static int write_small(nl_store *store, const struct sick *s, nl_error *err)
{
    return write_bytes(store, s, 100, err);
}

static int write_parts(nl_store *store, const struct sick *s, nl_error *err)
{
    return write_bytes(store, s, LEN, err);
}

static int head(nl_store *store, const struct sick *s, nl_error *err)
{
    nl_object_info info;
    (void)s;
    int rc = nl_store_head(store, "s3://bucket/key", &info, err);
    if (!rc)
        CHECK_INT(info.size, LEN);
    return rc;
}

static int on_entry(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    (void)uri, (void)is_prefix, (void)info, (void)err;
    ++*(int *)ctx;
    return NL_OK;
}

static int list(nl_store *store, const struct sick *s, nl_error *err)
{
    int n = 0;
    (void)s;
    int rc = nl_store_list(store, "s3://bucket", true, on_entry, &n, err);
    CHECK(rc || n == 1);
    return rc;
}

static int removal(nl_store *store, const struct sick *s, nl_error *err)
{
    (void)s;
    return nl_store_delete(store, "s3://bucket/key", err);
}

static const struct {
    const char *name;
    int (*run)(nl_store *store, const struct sick *s, nl_error *err);
} operations[] = {{"a range", read_range},    {"a tail", read_tail}, {"a small object", write_small},
                  {"an upload", write_parts}, {"head", head},        {"a listing", list},
                  {"a removal", removal}};

static const struct {
    const char *why;
    struct standin_answer fault;
} faults[] = {
    {"reset", {.reset = true}},
    {"503", {.status = 503}},
    {"slow down", {.status = 503, .body = "<Error><Code>SlowDown</Code></Error>", .body_len = 36}},
    {"429 and a wait of no time", {.status = 429, .headers = "Retry-After: 0\r\n"}},
    {"cut", {.cut = 10}},
    {"closed without a word", {.status = 500, .close = true}},
    {"stall", {.silent = true}},
};

static void one_failure_heals_and_steady_ones_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(operations); i++)
        for (size_t j = 0; j < NL_LEN(faults); j++)
            for (int steady = 0; steady < 2; steady++) {
                check_why("%s, %s, %s", operations[i].name, faults[j].why, steady ? "always" : "once");
                if (steady && faults[j].fault.silent)
                    continue; /* the deadline has a test of its own */
                struct store_tuning t = {
                    .part_size = 1200, .part_buffers = 2, .max_attempts = 3, .retry_base_ms = 1, .stall_seconds = 1};
                struct fixture *f = start(&t);
                nl_error err = {0};
                nl_store_stats stats;
                f->sick.fault = faults[j].fault;
                f->sick.to = steady ? SIZE_MAX : 1;
                int rc = operations[i].run(f->store, &f->sick, &err);
                nl_store_get_stats(f->store, &stats);
                /* An answer without a body cannot be cut. */
                bool whole = faults[j].fault.cut && (!strcmp(operations[i].name, "head"));
                if (steady && !whole) {
                    CHECK(rc != NL_OK);
                    CHECK_HAS(err.message, "3 attempts");
                    CHECK_HAS(err.message, "s3://bucket");
                    CHECK(stats.retries >= 2);
                } else {
                    CHECK_OK(rc, err);
                    CHECK_INT(stats.retries, whole ? 0 : 1);
                }
                CHECK_INT(stats.requests, standin_count(f->server));
                stop(f);
            }
}

static void a_request_has_a_deadline(void **state)
{
    (void)state;
    struct fixture *f = start(&(struct store_tuning){.deadline_ms = 300, .retry_base_ms = 1});
    nl_error err = {0};
    f->sick.fault = (struct standin_answer){.silent = true};
    f->sick.to = SIZE_MAX;
    CHECK_FAILS(read_range(f->store, &f->sick, &err), NL_IO, err, "the request's 1 s are over");
    stop(f);
    /* Waiting for a retry counts too. */
    f = start(&(struct store_tuning){.deadline_ms = 1000});
    f->sick.fault = (struct standin_answer){.status = 503, .headers = "Retry-After: 30\r\n"};
    f->sick.to = SIZE_MAX;
    err = (nl_error){0};
    CHECK_FAILS(read_range(f->store, &f->sick, &err), NL_IO, err, "the request's 1 s are over");
    CHECK_INT(standin_count(f->server), 1);
    stop(f);
}

static void a_sick_store_is_not_hammered(void **state)
{
    (void)state;
    enum { CALLS = 200, TOKENS = 50 };
    struct fixture *f = start(&(struct store_tuning){.retry_base_ms = 1, .retry_most_ms = 1, .retry_tokens = TOKENS});
    f->sick.fault = (struct standin_answer){.status = 503};
    f->sick.to = SIZE_MAX;
    nl_error err = {0};
    for (int i = 0; i < CALLS; i++) {
        err = (nl_error){0};
        CHECK(head(f->store, &f->sick, &err) != NL_OK);
    }
    CHECK_HAS(err.message, "the budget for retries is spent");
    CHECK_INT(standin_count(f->server), CALLS + TOKENS / 5);
    /* It gets well: successes fill the budget again. */
    f->sick.to = 0;
    for (int i = 0; i < 5; i++) {
        err = (nl_error){0};
        CHECK_OK(head(f->store, &f->sick, &err), err);
    }
    f->sick.from = standin_count(f->server);
    f->sick.to = f->sick.from + 1;
    err = (nl_error){0};
    CHECK_OK(head(f->store, &f->sick, &err), err);
    stop(f);
}

/* A damaged body is told where the answer carries the whole object's checksum. */
static void damaged_bytes_are_told(void **state)
{
    (void)state;
    static const char *const headers[] = {"x-amz-checksum-crc64nvme: AAAAAAAAAAA=\r\n",
                                          "x-amz-checksum-crc32: AAAAAA==\r\n", "x-amz-checksum-sha256: AAAA\r\n",
                                          "x-amz-checksum-crc32: AAAAAA==-3\r\n"};
    static const char *const right[] = {"CRC64NVME", "CRC32", NULL, NULL}; /* NULL: no checksum at all */
    for (size_t i = 0; i < NL_LEN(headers); i++) {
        check_why("%s", headers[i]);
        struct fixture *f = start(&(struct store_tuning){.retry_base_ms = 1});
        nl_error err = {0};
        nl_source *source;
        nl_bytes b;
        f->sick.fault = (struct standin_answer){.headers = headers[i], .body = f->sick.data, .body_len = LEN};
        f->sick.to = SIZE_MAX;
        CHECK_OK(nl_store_open(f->store, "s3://bucket/key", NULL, &source, &err), err);
        int rc = nl_source_read_tail(source, LEN, &b, &err);
        if (right[i]) {
            CHECK_FAILS(rc, NL_CORRUPT, err, "s3://bucket/key: the bytes were damaged on their way");
            CHECK_HAS(err.message, right[i]);
        } else {
            CHECK_OK(rc, err);
            nl_bytes_release(&b);
        }
        nl_source_close(source);
        stop(f);
    }
}

/* What is written carries its checksum: small, in parts, and the whole from the parts'. */
static void what_is_written_carries_its_checksum(void **state)
{
    (void)state;
    static const char *const names[] = {NULL, "crc32", "CRC32C", "SHA256", "none"};
    for (size_t i = 0; i < NL_LEN(names); i++) {
        check_why("%s", names[i] ? names[i] : "as it comes");
        struct fixture *f = start(NULL);
        nl_error err = {0};
        nl_store_free(f->store);
        nl_store_options o = {.endpoint_url = standin_url(f->server),
                              .region = "us-east-1",
                              .access_key = "KEY",
                              .secret_key = "SECRET",
                              .checksum = names[i]};
        CHECK_OK(store_new_tuned(&o, &(struct store_tuning){.part_size = 1200}, &f->store, &err), err);
        CHECK_OK(write_small(f->store, &f->sick, &err), err);
        CHECK_OK(write_parts(f->store, &f->sick, &err), err);
        enum s3_digest_kind kind = S3_CRC64NVME;
        bool none = names[i] && !strcmp(names[i], "none");
        CHECK(none || !names[i] || s3_digest_find(names[i], &kind));
        uint8_t digest[S3_DIGEST_MAX];
        char want[64], got[64];
        for (size_t n = 0; n < standin_count(f->server); n++) {
            const struct standin_request *q = standin_seen(f->server, n);
            bool carries = !none && !strcmp(q->method, "PUT");
            CHECK_INT(standin_header(q, s3_digest_header(kind), got, sizeof got), carries);
            if (!carries)
                continue;
            s3_digest d;
            s3_digest_open(&d, kind);
            s3_digest_update(&d, q->body, q->body_len);
            s3_base64_text(digest, s3_digest_final(&d, digest), want);
            CHECK_STR(got, want);
        }
        stop(f);
    }
    nl_store *store;
    nl_error err = {0};
    CHECK_FAILS(nl_store_new(&(nl_store_options){.checksum = "MD4"}, &store, &err), NL_INVALID, err, "MD4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_failure_heals_and_steady_ones_end), cmocka_unit_test(a_request_has_a_deadline),
        cmocka_unit_test(a_sick_store_is_not_hammered),          cmocka_unit_test(damaged_bytes_are_told),
        cmocka_unit_test(what_is_written_carries_its_checksum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
