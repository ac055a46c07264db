/* s3_sink.c: writing objects, and the small operations: the requests, their order, and what is left after a failure. The
 * server of these tests keeps what it gets, as S3 would. */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "s3proto/sigv4.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/standin.h"

enum { most_parts = 64 };

/* An endpoint for one object. */
struct s3 {
    char *object; /* NULL: there is none */
    size_t len;
    char etag[72], write_id[64];
    char *parts[most_parts + 1];
    size_t part_len[most_parts + 1];
    bool uploading, aborted;
    struct standin_answer faults[16]; /* instead of the answer, by the request's number; status, reset or silent set */
    bool after[16];                   /* the fault comes after the work was done: a lost answer */
    char scratch[256][256];
};

static const char started[] =
    "<InitiateMultipartUploadResult><UploadId>up&amp;1</UploadId></InitiateMultipartUploadResult>";
static const char done[] = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>";
static const char no_upload[] = "<Error><Code>NoSuchUpload</Code></Error>";

static void md5_hex(const void *data, size_t len, char out[33])
{
    s3_digest d;
    uint8_t raw[S3_DIGEST_MAX];
    s3_digest_open(&d, S3_MD5);
    s3_digest_update(&d, data, len);
    s3_digest_final(&d, raw);
    nl_hex(raw, 16, out);
}

static void keep_object(struct s3 *s, const char *data, size_t len, const char *etag)
{
    free(s->object);
    s->object = malloc(len + 1);
    memcpy(s->object, data, len);
    s->len = len;
    snprintf(s->etag, sizeof s->etag, "%s", etag);
}

static void put_part(struct s3 *s, const struct standin_request *q, struct standin_answer *a)
{
    char hex[33];
    unsigned long n = strtoul(strstr(q->target, "partNumber=") + strlen("partNumber="), NULL, 10);
    free(s->parts[n]);
    s->parts[n] = malloc(q->body_len + 1);
    memcpy(s->parts[n], q->body, q->body_len);
    s->part_len[n] = q->body_len;
    md5_hex(q->body, q->body_len, hex);
    snprintf(s->scratch[q->number], 256, "ETag: \"%s\"\r\n", hex);
    a->headers = s->scratch[q->number];
}

static void complete(struct s3 *s, const struct standin_request *q, struct standin_answer *a)
{
    char value[8], hex[33], etag[72];
    if (!s->uploading) {
        *a = (struct standin_answer){.status = 404, .body = no_upload, .body_len = sizeof no_upload - 1};
        return;
    }
    if (standin_header(q, "If-None-Match", value, sizeof value) && s->object) {
        a->status = 412;
        return;
    }
    nl_buf all = {0}, sums = {0};
    unsigned n = 0;
    for (unsigned i = 1; i <= most_parts; i++)
        if (s->parts[i]) {
            uint8_t raw[16];
            nl_buf_append(&all, s->parts[i], s->part_len[i], NULL);
            md5_hex(s->parts[i], s->part_len[i], hex);
            nl_unhex(hex, 32, raw);
            nl_buf_append(&sums, raw, 16, NULL);
            n++;
        }
    md5_hex(sums.data, sums.len, hex);
    snprintf(etag, sizeof etag, "%s-%u", hex, n);
    keep_object(s, all.data, all.len, etag);
    s->uploading = false;
    *a = (struct standin_answer){.body = done, .body_len = sizeof done - 1};
    nl_buf_free(&all);
    nl_buf_free(&sums);
}

static void put_object(struct s3 *s, const struct standin_request *q, struct standin_answer *a)
{
    char value[64], hex[33];
    if (standin_header(q, "If-None-Match", value, sizeof value) && s->object) {
        a->status = 412;
        return;
    }
    md5_hex(q->body, q->body_len, hex);
    keep_object(s, q->body, q->body_len, hex);
    standin_header(q, "x-amz-meta-neuralake-write", s->write_id, sizeof s->write_id);
}

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    struct s3 *s = ctx;
    bool planned = q->number < NL_LEN(s->faults);
    const struct standin_answer *f = &s->faults[planned ? q->number : 0];
    bool fault = planned && (f->status || f->reset || f->silent);
    if (fault && !s->after[q->number]) {
        *a = *f;
        return;
    }
    if (!strcmp(q->method, "HEAD") && s->object) {
        snprintf(s->scratch[q->number], 256, "ETag: \"%s\"\r\nx-amz-meta-neuralake-write: %s\r\n", s->etag,
                 s->write_id);
        *a = (struct standin_answer){.headers = s->scratch[q->number], .body_len = s->len, .head_only = true};
    } else if (!strcmp(q->method, "HEAD")) {
        *a = (struct standin_answer){.status = 404, .head_only = true};
    } else if (!strcmp(q->method, "POST") && strstr(q->target, "?uploads=")) {
        s->uploading = true;
        standin_header(q, "x-amz-meta-neuralake-write", s->write_id, sizeof s->write_id);
        *a = (struct standin_answer){.body = started, .body_len = sizeof started - 1};
    } else if (!strcmp(q->method, "POST")) {
        complete(s, q, a);
    } else if (!strcmp(q->method, "PUT") && strstr(q->target, "partNumber=")) {
        put_part(s, q, a);
    } else if (!strcmp(q->method, "PUT")) {
        put_object(s, q, a);
    } else if (!strcmp(q->method, "DELETE")) {
        s->aborted = strstr(q->target, "uploadId=up%261") != NULL;
        s->uploading = false;
        a->status = 204;
    }
    if (fault)
        *a = *f;
}

struct fixture {
    struct s3 *s3;
    struct standin *server;
    nl_store *store;
};

static struct fixture start(void)
{
    struct fixture f = {.s3 = calloc(1, sizeof *f.s3)};
    nl_error err = {0};
    f.server = standin_start(answer, f.s3);
    nl_store_options options = {.endpoint_url = standin_url(f.server),
                                .region = "us-east-1",
                                .access_key = "KEY",
                                .secret_key = "SECRET"};
    struct store_tuning t = {.part_size = 100000, .part_buffers = 3, .max_attempts = 3, .retry_base_ms = 1};
    CHECK_OK(store_new_tuned(&options, &t, &f.store, &err), err);
    return f;
}

static void stop(struct fixture *f)
{
    nl_store_free(f->store);
    standin_stop(f->server);
    for (size_t i = 0; i <= most_parts; i++)
        free(f->s3->parts[i]);
    free(f->s3->object);
    free(f->s3);
}

static char *some_bytes(size_t len)
{
    char *data = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        data[i] = (char)(i * 7 ^ i >> 9);
    return data;
}

/* Write len bytes in pieces of an odd size. */
static int write_object(struct fixture *f, const char *data, size_t len, const nl_put_options *o, nl_error *err)
{
    nl_sink *sink;
    int rc = nl_store_create(f->store, "s3://bucket/a key/x", o, &sink, err);
    for (size_t at = 0; !rc && at < len;) {
        size_t n = len - at < 7777 ? len - at : 7777;
        rc = nl_sink_write(sink, data + at, n, err);
        if (rc) {
            nl_sink_abort(sink);
            return rc;
        }
        at += n;
    }
    return rc ? rc : nl_sink_commit(sink, err);
}

static nl_store_stats stats(const struct fixture *f)
{
    nl_store_stats s;
    nl_store_get_stats(f->store, &s);
    return s;
}

static void objects_of_every_size(void **state)
{
    (void)state;
    static const struct {
        size_t len, requests;
    } cases[] = {{0, 1}, {1, 1}, {65536, 1}, {65537, 1}, {100000, 1}, {100001, 4}, {200000, 4}, {1000001, 13}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct fixture f = start();
        nl_error err = {0};
        char *data = some_bytes(cases[i].len);
        check_why("%zu bytes", cases[i].len);
        CHECK_OK(write_object(&f, data, cases[i].len, NULL, &err), err);
        CHECK_INT(f.s3->len, cases[i].len);
        CHECK_MEM(f.s3->object, data, cases[i].len);
        CHECK_INT(stats(&f).requests, cases[i].requests);
        CHECK_INT(standin_count(f.server), cases[i].requests);
        CHECK_HAS(standin_seen(f.server, 0)->target, "/bucket/a%20key/x");
        CHECK_HAS(standin_seen(f.server, 0)->head, "Content-Type: application/octet-stream\r\n");
        CHECK(!strstr(standin_seen(f.server, 0)->head, "Expect"));
        if (cases[i].requests == 1)
            CHECK_INT(stats(&f).bytes_sent, cases[i].len);
        free(data);
        stop(&f);
    }
}

/* A request that is not for this machine carries the hash of its body, made by the pool where there are parts. "0.0.0.0" is
 * this machine, but does not look like it. */
static void bodies_are_hashed_where_somebody_may_be_on_the_way(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 100, 450000};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        struct fixture f = start();
        nl_error err = {0};
        char endpoint[64], *data = some_bytes(sizes[i]);
        check_why("%zu bytes", sizes[i]);
        snprintf(endpoint, sizeof endpoint, "http://0.0.0.0%s", strrchr(standin_url(f.server), ':'));
        nl_store_free(f.store);
        nl_store_options o = {.endpoint_url = endpoint, .region = "r", .access_key = "KEY", .secret_key = "SECRET"};
        struct store_tuning t = {.part_size = 100000, .part_buffers = 3, .retry_base_ms = 1};
        CHECK_OK(store_new_tuned(&o, &t, &f.store, &err), err);
        CHECK_OK(write_object(&f, data, sizes[i], NULL, &err), err);
        CHECK_INT(f.s3->len, sizes[i]);
        CHECK_MEM(f.s3->object, data, sizes[i]);
        for (size_t n = 0; n < standin_count(f.server); n++) {
            const struct standin_request *q = standin_seen(f.server, n);
            char want[S3_SHA256_HEX], got[80];
            s3_sha256_hex(q->body, q->body_len, want);
            CHECK(standin_header(q, "x-amz-content-sha256", got, sizeof got));
            CHECK_STR(got, want);
        }
        free(data);
        stop(&f);
    }
}

/* What goes out is what the other side's half of s3proto accepts. */
static void every_request_is_signed(void **state)
{
    (void)state;
    struct fixture f = start();
    nl_error err = {0};
    char *data = some_bytes(150000);
    CHECK_OK(write_object(&f, data, 150000, &(nl_put_options){.if_absent = true, .content_type = "text/x  y"}, &err),
             err);
    for (size_t n = 0; n < standin_count(f.server); n++) {
        const struct standin_request *q = standin_seen(f.server, n);
        nl_arena arena = {0};
        s3_pair headers[32], *query;
        size_t n_headers = 0, n_query, path_len;
        const char *raw;
        for (char *line = nl_arena_strdup(&arena, q->head), *end; (end = strstr(line, "\r\n")); line = end + 2) {
            *end = 0;
            char *colon = strchr(line, ':');
            *colon = 0;
            headers[n_headers++] = (s3_pair){line, colon + 1};
        }
        char authorization[512], date[32], payload[80];
        CHECK(standin_header(q, "Authorization", authorization, sizeof authorization));
        CHECK(standin_header(q, "x-amz-date", date, sizeof date));
        CHECK(standin_header(q, "x-amz-content-sha256", payload, sizeof payload));
        s3_target_split(q->target, &path_len, &raw);
        char *path = nl_arena_strndup(&arena, q->target, path_len);
        CHECK_OK(s3_query_parse(&arena, raw ? raw : "", raw ? strlen(raw) : 0, &query, &n_query, &err), err);
        s3_sign_request r = {q->method, path, query, n_query, headers, n_headers, payload};
        s3_auth auth;
        uint8_t key[32];
        check_why("%s %s", q->method, q->target);
        CHECK_OK(s3_auth_parse_header(&arena, authorization, date, NULL, &auth, &err), err);
        CHECK_OK(s3_signing_key("SECRET", &auth.scope, key, &err), err);
        CHECK_OK(s3_verify(&r, &auth, key, &err), err);
        nl_arena_free(&arena);
    }
    free(data);
    stop(&f);
}

static void an_abort_leaves_nothing(void **state)
{
    (void)state;
    struct fixture f = start();
    nl_error err = {0};
    nl_sink *sink;
    char *data = some_bytes(500000);
    CHECK_OK(nl_store_create(f.store, "s3://bucket/key", NULL, &sink, &err), err);
    nl_sink_abort(sink);
    CHECK_INT(standin_count(f.server), 0);
    CHECK_OK(nl_store_create(f.store, "s3://bucket/key", NULL, &sink, &err), err);
    CHECK_OK(nl_sink_write(sink, data, 500000, &err), err);
    CHECK_INT(nl_sink_written(sink), 500000);
    nl_sink_abort(sink);
    CHECK(f.s3->aborted);
    CHECK(!f.s3->object);
    free(data);
    stop(&f);
}

static void a_failing_part_aborts_the_upload(void **state)
{
    (void)state;
    static const char denied[] = "<Error><Code>AccessDenied</Code></Error>";
    for (size_t at = 0; at < 6; at++) { /* the beginning, each part, the completion */
        struct fixture f = start();
        nl_error err = {0};
        char *data = some_bytes(350000);
        f.s3->faults[at] = (struct standin_answer){.status = 403, .body = denied, .body_len = sizeof denied - 1};
        check_why("request %zu fails", at);
        CHECK_FAILS(write_object(&f, data, 350000, NULL, &err), NL_DENIED, err, "AccessDenied");
        CHECK(!f.s3->object);
        CHECK(f.s3->aborted == (at > 0));
        free(data);
        stop(&f);
    }
}

static void parts_are_tried_again(void **state)
{
    (void)state;
    struct fixture f = start();
    nl_error err = {0};
    char *data = some_bytes(350000);
    /* Two, since one part may meet all of them, and has three attempts. */
    f.s3->faults[1].status = 503;
    f.s3->faults[2].reset = true;
    CHECK_OK(write_object(&f, data, 350000, NULL, &err), err);
    CHECK_INT(f.s3->len, 350000);
    CHECK_MEM(f.s3->object, data, 350000);
    CHECK_INT(stats(&f).retries, 2);
    CHECK_INT(stats(&f).requests, 6 + 2);
    free(data);
    stop(&f);
}

static void if_absent_is_a_conflict_where_there_is_one(void **state)
{
    (void)state;
    static const size_t sizes[] = {10, 250000};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        struct fixture f = start();
        nl_error err = {0};
        char *data = some_bytes(sizes[i]);
        check_why("%zu bytes", sizes[i]);
        CHECK_OK(write_object(&f, data, sizes[i], &(nl_put_options){.if_absent = true}, &err), err);
        CHECK_FAILS(write_object(&f, data, sizes[i], &(nl_put_options){.if_absent = true}, &err), NL_CONFLICT, err,
                    "s3://bucket/a key/x");
        CHECK_INT(f.s3->len, sizes[i]);
        CHECK_OK(write_object(&f, data, 5, NULL, &err), err);
        CHECK_INT(f.s3->len, 5);
        free(data);
        stop(&f);
    }
}

/* The write takes place, its answer is lost, the second attempt meets what the first one left. */
static void a_lost_answer_is_no_conflict(void **state)
{
    (void)state;
    static const struct {
        size_t len, lost;
        bool if_absent;
    } cases[] = {{10, 0, true}, {10, 0, false}, {150000, 3, true}, {150000, 3, false}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct fixture f = start();
        nl_error err = {0};
        char *data = some_bytes(cases[i].len);
        check_why("%zu bytes, if_absent %d", cases[i].len, cases[i].if_absent);
        f.s3->faults[cases[i].lost].reset = true;
        f.s3->after[cases[i].lost] = true;
        CHECK_OK(write_object(&f, data, cases[i].len, &(nl_put_options){.if_absent = cases[i].if_absent}, &err), err);
        CHECK_INT(f.s3->len, cases[i].len);
        CHECK(!f.s3->aborted);
        free(data);
        stop(&f);
    }
}

static void somebody_elses_object_stays_a_conflict(void **state)
{
    (void)state;
    struct fixture f = start();
    nl_error err = {0};
    keep_object(f.s3, "theirs", 6, "e");
    f.s3->faults[0].status = 503; /* the second attempt meets it */
    CHECK_FAILS(write_object(&f, "ours", 4, &(nl_put_options){.if_absent = true}, &err), NL_CONFLICT, err, "HTTP 412");
    CHECK_MEM(f.s3->object, "theirs", 6);
    stop(&f);
}

static void a_completion_may_fail_inside_a_200(void **state)
{
    (void)state;
    static const char internal[] = "<Error><Code>InternalError</Code></Error>";
    struct fixture f = start();
    nl_error err = {0};
    char *data = some_bytes(150000);
    f.s3->faults[3] = (struct standin_answer){.status = 200, .body = internal, .body_len = sizeof internal - 1};
    CHECK_OK(write_object(&f, data, 150000, NULL, &err), err);
    CHECK_INT(stats(&f).retries, 1);
    CHECK_INT(f.s3->len, 150000);
    free(data);
    stop(&f);
}

/* Takes every part and keeps none. */
static void take_all(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    (void)ctx;
    if (strstr(q->target, "?uploads="))
        *a = (struct standin_answer){.body = started, .body_len = sizeof started - 1};
    else if (!strcmp(q->method, "POST"))
        *a = (struct standin_answer){.body = done, .body_len = sizeof done - 1};
    else
        a->headers = "ETag: \"p\"\r\n";
}

/* At most 10,000 parts: larger ones where the size is known and needs it; where it is not, they grow on the way. */
static void parts_fit_the_object(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        uint64_t hint;
        size_t len, parts, first, last; /* bytes of the first and the last part */
    } cases[] = {
        {"a size that fits", 9999999, 4000, 4, 1000, 1000},
        {"a size that just fits", 10000000, 4000, 4, 1000, 1000},
        {"one byte more", 10000001, 4000, 2, 2000, 2000},
        {"655 times as much", UINT64_C(6553600000), 1320000, 3, 656000, 8000},
        {"more than anything", UINT64_MAX, 4000, 0, 0, 0},
        {"unknown: twice as large after 500 parts", 0, 506000, 503, 1000, 2000},
        {"known, and not what it was said to be", 1, 506000, 506, 1000, 1000},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        struct standin *server = standin_start(take_all, NULL);
        nl_store_options o = {.endpoint_url = standin_url(server),
                              .region = "us-east-1",
                              .access_key = "KEY",
                              .secret_key = "SECRET"};
        struct fixture f = {.server = server};
        nl_error err = {0};
        struct store_tuning t = {.part_size = 1000, .part_buffers = 3};
        CHECK_OK(store_new_tuned(&o, &t, &f.store, &err), err);
        char *data = some_bytes(cases[i].len);
        CHECK_OK(write_object(&f, data, cases[i].len, &(nl_put_options){.size_hint = cases[i].hint}, &err), err);
        size_t parts = 0, first = 0, last = 0;
        for (size_t n = 0; n < standin_count(server); n++) {
            const struct standin_request *q = standin_seen(server, n);
            const char *number = strstr(q->target, "partNumber=");
            parts += number != NULL;
            if (number && strtoul(number + strlen("partNumber="), NULL, 10) == 1)
                first = q->body_len;
            if (number && strtoul(number + strlen("partNumber="), NULL, 10) == cases[i].parts)
                last = q->body_len;
        }
        CHECK_INT(parts, cases[i].parts);
        CHECK_INT(first, cases[i].first);
        CHECK_INT(last, cases[i].last);
        free(data);
        nl_store_free(f.store);
        standin_stop(server);
    }
}

/* What is kept with an object goes with the request that makes it: the PUT, or the beginning of an upload; and with a copy,
 * where it replaces what the source has. */
static void headers_go_with_the_object(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "Cache-Control", "no-cache", "x-amz-meta-by", "us and  them", "Content-Encoding", "gzip", NULL};
    static const char *const wanted[] = {"Content-Type: text/csv\r\n", "Cache-Control: no-cache\r\n",
                                         "x-amz-meta-by: us and  them\r\n", "Content-Encoding: gzip\r\n"};
    const nl_put_options o = {.content_type = "text/csv", .headers = headers}, none = {0};
    static const size_t sizes[] = {10, 250000};
    struct fixture f = start();
    nl_error err = {0};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        char *data = some_bytes(sizes[i]);
        size_t first = standin_count(f.server);
        CHECK_OK(write_object(&f, data, sizes[i], &o, &err), err);
        for (size_t j = 0; j < NL_LEN(wanted); j++) {
            check_why("%zu bytes, %s", sizes[i], wanted[j]);
            CHECK_HAS(standin_seen(f.server, first)->head, wanted[j]);
        }
        free(data);
    }
    size_t at = standin_count(f.server);
    CHECK_OK(nl_store_copy_known(f.store, "s3://bucket/a", NULL, "s3://bucket/b", &o, &err), err);
    CHECK_HAS(standin_seen(f.server, at)->head, "x-amz-metadata-directive: REPLACE\r\n");
    for (size_t j = 0; j < NL_LEN(wanted); j++)
        CHECK_HAS(standin_seen(f.server, at)->head, wanted[j]);
    CHECK_OK(nl_store_copy_known(f.store, "s3://bucket/a", NULL, "s3://bucket/b", &none, &err), err);
    CHECK(!strstr(standin_seen(f.server, at + 1)->head, "directive"));
    CHECK(!strstr(standin_seen(f.server, at + 1)->head, "Content-Type"));
    stop(&f);
}

static void headers_that_cannot_be_kept_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *headers[3], *type, *why;
    } cases[] = {
        {{"X-Other", "x"}, NULL, "keeps no header \"X-Other\""},
        {{"Authorization", "x"}, NULL, "keeps no header"},
        {{"x-amz-meta-", "x"}, NULL, "keeps no header"},
        {{"x-amz-meta-a b", "x"}, NULL, "keeps no header"},
        {{"x-amz-meta-a:b", "x"}, NULL, "keeps no header"},
        {{"x-amz-meta-a", "x\r\nHost: evil"}, NULL, "0x0D"},
        {{"x-amz-meta-a", "\xC3\xBC"}, NULL, "0xC3"},
        {{"Expires", "\x7F"}, NULL, "0x7F"},
        {{NULL}, "text/x\n", "Content-Type"},
    };
    struct fixture f = start();
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err = {0};
        nl_sink *sink;
        nl_put_options o = {.headers = cases[i].headers, .content_type = cases[i].type};
        check_why("case %zu", i);
        CHECK_FAILS(nl_store_create(f.store, "s3://bucket/key", &o, &sink, &err), NL_INVALID, err, cases[i].why);
        CHECK_HAS(err.message, "s3://bucket/key");
        CHECK_FAILS(nl_store_copy_known(f.store, "s3://bucket/a", NULL, "s3://bucket/key", &o, &err), NL_INVALID, err,
                    cases[i].why);
    }
    nl_error err = {0};
    CHECK_FAILS(nl_store_copy_known(f.store, "s3://bucket/a", NULL, "s3://bucket/key",
                                    &(nl_put_options){.if_absent = true}, &err),
                NL_UNSUPPORTED, err, "takes no condition");
    CHECK_INT(standin_count(f.server), 0);
    stop(&f);
}

static void small_operations(void **state)
{
    (void)state;
    struct fixture f = start();
    nl_error err = {0};
    nl_object_info info;
    CHECK_FAILS(nl_store_head(f.store, "s3://bucket/key", &info, &err), NL_NOT_FOUND, err, "not found");
    keep_object(f.s3, "hello", 5, "abc");
    CHECK_OK(nl_store_head(f.store, "s3://bucket/key", &info, &err), err);
    CHECK_INT(info.size, 5);
    CHECK_STR(info.etag, "abc");
    CHECK_OK(nl_store_delete(f.store, "s3://bucket/key", &err), err);
    CHECK_STR(standin_seen(f.server, 2)->method, "DELETE");
    CHECK_OK(nl_store_copy(f.store, "s3://bucket/a b", "s3://other/c", &err), err);
    CHECK_STR(standin_seen(f.server, 3)->target, "/other/c");
    CHECK_HAS(standin_seen(f.server, 3)->head, "x-amz-copy-source: /bucket/a%20b\r\n");
    CHECK_OK(nl_store_make_bucket(f.store, "new-bucket", &err), err);
    CHECK_STR(standin_seen(f.server, 4)->target, "/new-bucket");
    CHECK_FAILS(nl_store_make_bucket(f.store, "Bad", &err), NL_INVALID, err, "lower-case");
    CHECK_FAILS(nl_store_head(f.store, "s3://bucket", &info, &err), NL_INVALID, err, "key is empty");
    CHECK_FAILS(nl_store_head(f.store, "gs://bucket/x", &info, &err), NL_UNSUPPORTED, err, "gs://bucket/x");
    CHECK_INT(stats(&f).requests, 5);
    stop(&f);
}

int main(void)
{
    unsetenv("http_proxy"); /* one test's endpoint does not look like this machine */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_every_size),
        cmocka_unit_test(bodies_are_hashed_where_somebody_may_be_on_the_way),
        cmocka_unit_test(every_request_is_signed),
        cmocka_unit_test(an_abort_leaves_nothing),
        cmocka_unit_test(a_failing_part_aborts_the_upload),
        cmocka_unit_test(parts_are_tried_again),
        cmocka_unit_test(if_absent_is_a_conflict_where_there_is_one),
        cmocka_unit_test(a_lost_answer_is_no_conflict),
        cmocka_unit_test(somebody_elses_object_stays_a_conflict),
        cmocka_unit_test(a_completion_may_fail_inside_a_200),
        cmocka_unit_test(parts_fit_the_object),
        cmocka_unit_test(headers_go_with_the_object),
        cmocka_unit_test(headers_that_cannot_be_kept_are_refused),
        cmocka_unit_test(small_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
