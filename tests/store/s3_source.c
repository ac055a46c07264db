/* s3_source.c: reading objects: which requests go out, how many bytes come, and what every kind of failure becomes. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/str.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/standin.h"

/* An object whose byte i is i's low byte xor its second one, and what goes wrong on the way. */
struct object {
    size_t len;
    uint8_t *data;
    const char *etag;
    struct standin_answer faults[8]; /* for the first n_faults requests */
    size_t n_faults;
    char headers[512][256];
};

static struct object *object_new(size_t len)
{
    struct object *o = calloc(1, sizeof *o);
    o->len = len;
    o->etag = "0123456789abcdef0123456789abcdef";
    o->data = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        o->data[i] = (uint8_t)(i ^ i >> 8);
    return o;
}

static void object_free(struct object *o)
{
    free(o->data);
    free(o);
}

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    struct object *o = ctx;
    standin_object(q, a, o->data, o->len, o->etag, o->headers[q->number % 512]);
    if (q->number >= o->n_faults)
        return;
    const struct standin_answer *f = &o->faults[q->number];
    if (f->cut && !f->status)
        a->cut = f->cut; /* the right answer, cut short */
    else
        *a = *f;
}

struct fixture {
    struct object *o;
    struct standin *server;
    nl_store *store;
};

static struct fixture start(size_t len, const struct store_tuning *tuning)
{
    struct fixture f = {.o = object_new(len)};
    nl_error err = {0};
    f.server = standin_start(answer, f.o);
    nl_store_options options = {.endpoint_url = standin_url(f.server),
                                .region = "us-east-1",
                                .access_key = "KEY",
                                .secret_key = "SECRET"};
    struct store_tuning t = tuning ? *tuning : (struct store_tuning){0};
    t.retry_base_ms = 1;
    CHECK_OK(store_new_tuned(&options, &t, &f.store, &err), err);
    return f;
}

static void stop(struct fixture *f)
{
    nl_store_free(f->store);
    standin_stop(f->server);
    object_free(f->o);
}

static nl_source *open_object(struct fixture *f, const nl_object_info *info)
{
    nl_source *s;
    nl_error err = {0};
    CHECK_OK(nl_store_open(f->store, "s3://bucket/key", info, &s, &err), err);
    return s;
}

static nl_object_info info_of(const struct object *o)
{
    nl_object_info info = {.size = o->len};
    snprintf(info.etag, sizeof info.etag, "%s", o->etag);
    return info;
}

static void check_bytes(const struct object *o, nl_bytes b, size_t offset, size_t len)
{
    CHECK_INT(b.len, len);
    CHECK_MEM(b.data, o->data + offset, len);
}

static nl_store_stats stats(const struct fixture *f)
{
    nl_store_stats s;
    nl_store_get_stats(f->store, &s);
    return s;
}

static void a_small_object_costs_one_request(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 100, 65535, 65536};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        check_why("%zu bytes", sizes[i]);
        struct fixture f = start(sizes[i], NULL);
        nl_source *s = open_object(&f, NULL);
        nl_error err = {0};
        nl_bytes b;
        CHECK_INT(standin_count(f.server), 0);
        CHECK(nl_source_size(s) == NL_SIZE_UNKNOWN);
        CHECK_OK(nl_source_read_tail(s, 65536, &b, &err), err);
        check_bytes(f.o, b, 0, sizes[i]);
        nl_bytes_release(&b);
        CHECK_INT(nl_source_size(s), sizes[i]);
        CHECK_OK(nl_source_read(s, 0, sizes[i], &b, &err), err);
        check_bytes(f.o, b, 0, sizes[i]);
        nl_bytes_release(&b);
        CHECK_OK(nl_source_read_tail(s, 1, &b, &err), err);
        check_bytes(f.o, b, sizes[i] - 1, 1);
        nl_bytes_release(&b);
        nl_source_close(s);
        CHECK_INT(stats(&f).requests, 1);
        CHECK_INT(stats(&f).bytes_received, sizes[i]);
        CHECK_INT(stats(&f).connections, 1);
        CHECK_INT(standin_count(f.server), 1);
        CHECK_HAS(standin_seen(f.server, 0)->head, "Range: bytes=-65536\r\n");
        CHECK_STR(standin_seen(f.server, 0)->method, "GET");
        CHECK_STR(standin_seen(f.server, 0)->target, "/bucket/key");
        CHECK(!strstr(standin_seen(f.server, 0)->head, "Expect"));
        stop(&f);
    }
}

/* Size and version come from a listing: the tail is a plain range then, and serves what lies in it all the same. */
static void a_listed_object_costs_one_request_too(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 65536, 100000};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        check_why("%zu bytes", sizes[i]);
        struct fixture f = start(sizes[i], NULL);
        nl_object_info info = info_of(f.o);
        nl_source *s = open_object(&f, &info);
        nl_error err = {0};
        nl_bytes b;
        size_t tail = sizes[i] < 65536 ? sizes[i] : 65536;
        CHECK_OK(nl_source_read_tail(s, 65536, &b, &err), err);
        check_bytes(f.o, b, sizes[i] - tail, tail);
        nl_bytes_release(&b);
        CHECK_OK(nl_source_read(s, sizes[i] - tail, tail, &b, &err), err);
        check_bytes(f.o, b, sizes[i] - tail, tail);
        nl_bytes_release(&b);
        CHECK_INT(stats(&f).requests, 1);
        CHECK_INT(stats(&f).bytes_received, tail);
        nl_source_close(s);
        stop(&f);
    }
}

static void an_empty_object_is_known_after_one_request(void **state)
{
    (void)state;
    struct fixture f = start(0, NULL);
    nl_source *s = open_object(&f, NULL);
    nl_error err = {0};
    nl_bytes b;
    CHECK_OK(nl_source_read_tail(s, 65536, &b, &err), err);
    CHECK_INT(b.len, 0);
    CHECK_INT(nl_source_size(s), 0);
    CHECK_OK(nl_source_read_tail(s, 65536, &b, &err), err);
    CHECK_OK(nl_source_read(s, 0, 0, &b, &err), err);
    CHECK_FAILS(nl_source_read(s, 0, 1, &b, &err), NL_INVALID, err, "s3://bucket/key");
    CHECK_INT(stats(&f).requests, 1);
    nl_source_close(s);
    stop(&f);
}

static void neighbours_share_a_request_and_come_in_any_order(void **state)
{
    (void)state;
    struct fixture f = start(300000, &(struct store_tuning){.max_gap = 1000, .max_request = 50000});
    nl_object_info info = info_of(f.o);
    nl_source *s = open_object(&f, &info);
    nl_error err = {0};
    nl_range ranges[] = {{200000, 10}, {0, 100}, {150, 50}, {1000, 100}, {100000, 0}, {250000, 40000}};
    nl_fetch *fetches[NL_LEN(ranges)];
    CHECK_INT(nl_source_size(s), 300000);
    CHECK_OK(nl_source_submit(s, ranges, NL_LEN(ranges), fetches, &err), err);
    for (size_t i = NL_LEN(ranges); i-- > 0;) {
        nl_bytes b;
        check_why("range %zu", i);
        CHECK_OK(nl_fetch_wait(fetches[i], NULL, &b, &err), err);
        check_bytes(f.o, b, ranges[i].offset, ranges[i].length);
        nl_bytes_release(&b);
    }
    CHECK_INT(stats(&f).requests, 3);
    CHECK_INT(stats(&f).bytes_received, 10 + 1100 + 40000);
    for (size_t i = 0; i < 3; i++)
        CHECK_HAS(standin_seen(f.server, i)->head, "If-Match: \"0123456789abcdef0123456789abcdef\"\r\n");
    nl_source_close(s);
    stop(&f);
}

static void a_large_range_is_read_in_pieces_side_by_side(void **state)
{
    (void)state;
    struct fixture f = start(1000000, &(struct store_tuning){.max_request = 100000, .split_above = 200000});
    nl_object_info info = info_of(f.o);
    nl_source *s = open_object(&f, &info);
    nl_error err = {0};
    nl_bytes b;
    CHECK_OK(nl_source_read(s, 1, 999998, &b, &err), err);
    check_bytes(f.o, b, 1, 999998);
    nl_bytes_release(&b);
    CHECK_INT(stats(&f).requests, 10);
    CHECK_INT(stats(&f).bytes_received, 999998);
    nl_source_close(s);
    stop(&f);
}

/* U1: what is ahead of its use stays within the budget, goes out in the order of need, and who waits for another range gets it. */
static void ahead_of_use_within_a_budget(void **state)
{
    (void)state;
    struct fixture f = start(1000000, &(struct store_tuning){.max_gap = 1, .max_request = 1000, .ahead = 3000});
    nl_object_info info = info_of(f.o);
    nl_source *s = open_object(&f, &info);
    nl_error err = {0};
    enum { n = 10 };
    nl_range ranges[n];
    nl_fetch *fetches[n];
    nl_bytes b;
    for (size_t i = 0; i < n; i++)
        ranges[i] = (nl_range){(n - i) * 5000, 1000}; /* backwards */
    CHECK_OK(nl_source_submit(s, ranges, n, fetches, &err), err);
    for (size_t i = 0; i < n - 1; i++) {
        check_why("range %zu", i);
        CHECK_OK(nl_fetch_wait(fetches[i], NULL, &b, &err), err);
        check_bytes(f.o, b, ranges[i].offset, 1000);
        nl_bytes_release(&b);
        CHECK_MAX(stats(&f).requests, i + 1 + 3 + (i > 2));
        if (i == 2) { /* the last one is needed early */
            CHECK_OK(nl_fetch_wait(fetches[n - 1], NULL, &b, &err), err);
            check_bytes(f.o, b, ranges[n - 1].offset, 1000);
            nl_bytes_release(&b);
        }
    }
    CHECK_INT(stats(&f).requests, n);
    CHECK_INT(stats(&f).bytes_received, n * 1000);
    check_why("what was dropped before its turn is never asked for");
    CHECK_OK(nl_source_submit(s, ranges, n, fetches, &err), err);
    for (size_t i = n; i-- > 0;)
        nl_fetch_drop(fetches[i]);
    CHECK_MAX(stats(&f).requests, n + 3);
    nl_source_close(s);
    stop(&f);
}

/* What goes wrong first, and how the read of bytes 100…199 ends. */
static const char slow_down[] = "<Error><Code>SlowDown</Code><Message>Please reduce</Message></Error>";
static const char timeout[] = "<Error><Code>RequestTimeout</Code></Error>";
static const char no_key[] =
    "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>gone &amp; lost</Message></Error>";
static const char no_bucket[] = "<Error><Code>NoSuchBucket</Code></Error>";
static const char signature[] = "<Error><Code>SignatureDoesNotMatch</Code></Error>";
static const char key_id[] = "<Error><Code>InvalidAccessKeyId</Code></Error>";
static const char region[] = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>";
#define BODY(text) .body = (text), .body_len = sizeof(text) - 1
static const struct {
    const char *why;
    struct standin_answer fault[3];
    size_t n_faults;
    int want;
    size_t requests, retries;
    const char *message, *hint;
} failures[] = {
    {"503, then well", {{.status = 503, BODY(slow_down)}}, 1, NL_OK, 2, 1, NULL, NULL},
    {"500 and 502, then well", {{.status = 500}, {.status = 502}}, 2, NL_OK, 3, 2, NULL, NULL},
    {"429 with Retry-After: 0", {{.status = 429, .headers = "Retry-After: 0\r\n"}}, 1, NL_OK, 2, 1, NULL, NULL},
    {"400 RequestTimeout", {{.status = 400, BODY(timeout)}}, 1, NL_OK, 2, 1, NULL, NULL},
    {"reset, then well", {{.reset = true}}, 1, NL_OK, 2, 1, NULL, NULL},
    {"truncated body, then well", {{.cut = 40}}, 1, NL_OK, 2, 1, NULL, NULL},
    {"three times 503", {{.status = 503}, {.status = 503}, {.status = 503}}, 3, NL_IO, 3, 2, "3 attempts", NULL},
    {"Retry-After of an hour", {{.status = 503, .headers = "Retry-After: 3600\r\n"}}, 1, NL_IO, 1, 0, "HTTP 503", NULL},
    {"404",
     {{.status = 404, .headers = "x-amz-request-id: R1D\r\n", BODY(no_key)}},
     1,
     NL_NOT_FOUND,
     1,
     0,
     "s3://bucket/key: gone & lost (NoSuchKey, HTTP 404, http://127.0.0.1:",
     NULL},
    {"no bucket",
     {{.status = 404, BODY(no_bucket)}},
     1,
     NL_NOT_FOUND,
     1,
     0,
     "NoSuchBucket",
     "neuralake s3 mb s3://bucket"},
    {"wrong secret",
     {{.status = 403, BODY(signature)}},
     1,
     NL_DENIED,
     1,
     0,
     "SignatureDoesNotMatch",
     "AWS_SECRET_ACCESS_KEY"},
    {"wrong key", {{.status = 403, BODY(key_id)}}, 1, NL_DENIED, 1, 0, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"},
    {"another region", {{.status = 400, BODY(region)}}, 1, NL_OK, 2, 1, NULL, NULL},
    {"redirect", {{.status = 301, .headers = "x-amz-bucket-region: eu-west-2\r\n"}}, 1, NL_OK, 2, 1, NULL, NULL},
    {"another region, and then a third",
     {{.status = 400, BODY(region)}, {.status = 301, .headers = "x-amz-bucket-region: eu-west-2\r\n"}},
     2,
     NL_INVALID,
     2,
     1,
     "HTTP 301",
     "AWS_REGION=eu-west-2"},
    {"not XML", {{.status = 403, BODY("<html>no")}}, 1, NL_DENIED, 1, 0, "HTTP 403", "AWS_ACCESS_KEY_ID"},
    {"range ignored",
     {{.status = 200,
       BODY("the whole object is longer than the hundred bytes that were asked for, and "
            "so this cannot be what was wanted")}},
     1,
     NL_UNSUPPORTED,
     1,
     0,
     "whole object",
     NULL},
    {"less than asked for",
     {{.status = 206,
       .headers = "Content-Range: bytes 100-149/1000\r\n",
       BODY("0123456789"
            "0123456789012345678901234567890123456789")}},
     1,
     NL_INVALID,
     1,
     0,
     "do not lie inside",
     NULL},
    {"another range",
     {{.status = 206, .headers = "Content-Range: bytes 0-0/1000\r\n", BODY("0")}},
     1,
     NL_UNSUPPORTED,
     1,
     0,
     "does not answer requests for a range",
     NULL},
};

static void failures_that_heal_and_failures_that_do_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(failures); i++) {
        check_why("%s", failures[i].why);
        struct fixture f = start(1000, &(struct store_tuning){.max_attempts = 3});
        memcpy(f.o->faults, failures[i].fault, sizeof failures[i].fault);
        f.o->n_faults = failures[i].n_faults;
        nl_source *s = open_object(&f, NULL);
        nl_error err = {0};
        nl_bytes b;
        int rc = nl_source_read(s, 100, 100, &b, &err);
        if (failures[i].want == NL_OK) {
            CHECK_OK(rc, err);
            check_bytes(f.o, b, 100, 100);
        } else {
            CHECK_FAILS(rc, failures[i].want, err, failures[i].message);
            CHECK_HAS(err.message, "s3://bucket/key: ");
        }
        if (failures[i].hint)
            CHECK_HAS(err.hint, failures[i].hint);
        nl_bytes_release(&b);
        CHECK_INT(stats(&f).requests, failures[i].requests);
        CHECK_INT(stats(&f).retries, failures[i].retries);
        CHECK_INT(standin_count(f.server), failures[i].requests);
        nl_source_close(s);
        stop(&f);
    }
}

static void a_changed_object_is_a_conflict(void **state)
{
    (void)state;
    struct fixture f = start(100000, NULL);
    nl_source *s = open_object(&f, NULL);
    nl_error err = {0};
    nl_bytes b;
    CHECK_OK(nl_source_read_tail(s, 100, &b, &err), err);
    nl_bytes_release(&b);
    f.o->etag = "another";
    CHECK_FAILS(nl_source_read(s, 0, 100, &b, &err), NL_CONFLICT, err, "changed while it was read");
    CHECK_INT(stats(&f).requests, 2);
    nl_source_close(s);
    stop(&f);
}

static void answers_of_two_versions_are_a_conflict(void **state)
{
    (void)state;
    struct fixture f = start(1000, NULL);
    f.o->n_faults = 1;
    f.o->faults[0] = (struct standin_answer){.status = 206,
                                             .headers = "ETag: \"old\"\r\nContent-Range: bytes 0-0/1000\r\n",
                                             .body = "x",
                                             .body_len = 1};
    nl_source *s = open_object(&f, NULL);
    nl_error err = {0};
    nl_bytes b;
    CHECK_OK(nl_source_read(s, 0, 1, &b, &err), err);
    nl_bytes_release(&b);
    CHECK_FAILS(nl_source_read(s, 0, 1, &b, &err), NL_CONFLICT, err, "changed while it was read");
    nl_source_close(s);
    stop(&f);
}

struct canceller {
    struct fixture *f;
    nl_cancel *cancel;
};

/* Set the token once the request has come: then the other thread waits, or soon will. */
static void *cancel_when_asked(void *arg)
{
    struct canceller *c = arg;
    while (!standin_count(c->f->server))
        sched_yield();
    nl_cancel_set(c->cancel);
    return NULL;
}

static void cancel_wakes_who_waits(void **state)
{
    (void)state;
    struct fixture f = start(1000, NULL);
    f.o->n_faults = 2;
    f.o->faults[0].silent = f.o->faults[1].silent = true;
    nl_source *s = open_object(&f, NULL);
    nl_error err = {0};
    nl_cancel cancel;
    nl_cancel_init(&cancel);
    struct canceller c = {&f, &cancel};
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, cancel_when_asked, &c), 0);
    nl_fetch *fetches[2];
    nl_bytes b;
    CHECK_OK(nl_source_submit(s, (nl_range[]){{0, 10}, {900, 10}}, 2, fetches, &err), err);
    CHECK_FAILS(nl_fetch_wait(fetches[1], &cancel, &b, &err), NL_CANCELLED, err, "cancelled");
    nl_fetch_drop(fetches[0]);
    pthread_join(thread, NULL);
    nl_cancel_destroy(&cancel);
    nl_source_close(s);
    stop(&f);
}

static void dropped_handles_leave_nothing_behind(void **state)
{
    (void)state;
    struct fixture f = start(1 << 20, &(struct store_tuning){.max_gap = 1, .max_request = 4096});
    nl_object_info info = info_of(f.o);
    nl_source *s = open_object(&f, &info);
    nl_error err = {0};
    enum { n = 200 };
    nl_range ranges[n];
    nl_fetch *fetches[n];
    for (size_t i = 0; i < n; i++)
        ranges[i] = (nl_range){i * 5000, 4000};
    CHECK_OK(nl_source_submit(s, ranges, n, fetches, &err), err);
    for (size_t i = 0; i < n; i++) {
        nl_bytes b;
        if (i % 3) {
            nl_fetch_drop(fetches[i]);
        } else {
            CHECK_OK(nl_fetch_wait(fetches[i], NULL, &b, &err), err);
            check_bytes(f.o, b, i * 5000, 4000);
            nl_bytes_release(&b);
        }
    }
    nl_source_close(s);
    stop(&f);
}

struct reader {
    struct fixture *f;
    nl_source *s;
    unsigned id;
    atomic_int failures;
};

static void *read_some(void *arg)
{
    struct reader *r = arg;
    for (unsigned i = 0; i < 50; i++) {
        size_t offset = (r->id * 7919 + i * 104729) % 900000, len = 1 + (i * 977) % 90000;
        nl_bytes b;
        if (nl_source_read(r->s, offset, len, &b, NULL) || b.len != len || memcmp(b.data, r->f->o->data + offset, len))
            atomic_fetch_add(&r->failures, 1);
        nl_bytes_release(&b);
    }
    return NULL;
}

static void threads_share_a_source(void **state)
{
    (void)state;
    struct fixture f = start(1000000, NULL);
    nl_source *s = open_object(&f, NULL);
    enum { n = 8 };
    struct reader readers[n];
    pthread_t threads[n];
    for (unsigned i = 0; i < n; i++) {
        readers[i] = (struct reader){.f = &f, .s = s, .id = i};
        CHECK_INT(pthread_create(&threads[i], NULL, read_some, &readers[i]), 0);
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(readers[i].failures, 0);
    }
    CHECK_INT(stats(&f).requests, n * 50);
    CHECK_MAX(stats(&f).connections, n);
    CHECK_INT(stats(&f).connections, standin_connections(f.server));
    nl_source_close(s);
    stop(&f);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct fixture f = start(10, NULL);
    standin_stop(f.server);
    nl_source *s = open_object(&f, NULL);
    nl_error err = {0};
    nl_bytes b;
    CHECK_FAILS(nl_source_read_tail(s, 10, &b, &err), NL_IO, err, "cannot connect to http://127.0.0.1:");
    CHECK_HAS(err.message, "connection refused");
    CHECK_HAS(err.hint, "neuralake s3 serve");
    CHECK_INT(stats(&f).requests, 1);
    nl_source_close(s);
    nl_store_free(f.store);
    object_free(f.o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_object_costs_one_request),
        cmocka_unit_test(a_listed_object_costs_one_request_too),
        cmocka_unit_test(an_empty_object_is_known_after_one_request),
        cmocka_unit_test(neighbours_share_a_request_and_come_in_any_order),
        cmocka_unit_test(a_large_range_is_read_in_pieces_side_by_side),
        cmocka_unit_test(ahead_of_use_within_a_budget),
        cmocka_unit_test(failures_that_heal_and_failures_that_do_not),
        cmocka_unit_test(a_changed_object_is_a_conflict),
        cmocka_unit_test(answers_of_two_versions_are_a_conflict),
        cmocka_unit_test(cancel_wakes_who_waits),
        cmocka_unit_test(dropped_handles_leave_nothing_behind),
        cmocka_unit_test(threads_share_a_source),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
