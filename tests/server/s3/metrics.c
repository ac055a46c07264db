/* tests/server/s3/metrics.c: health, counters, and the access log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support/check.h"
#include "support/tmp.h"

static void counters(void **state)
{
    struct fixture *f = *state;
    CHECK_INT(request(f, "PUT", "/bucket/x", NULL, "hello"), 200);
    for (int i = 0; i < 3; i++)
        CHECK_INT(request(f, "GET", "/bucket/x", NULL, NULL), 200);
    CHECK_INT(request(f, "GET", "/bucket/y", NULL, NULL), 404);
    f->client.access_key = NULL;
    CHECK_INT(request(f, "GET", "/bucket/x", NULL, NULL), 403);
    CHECK_INT(request(f, "GET", "/-/health", NULL, NULL), 200);
    CHECK_STR(f->reply.body.data, "ok\n");
    CHECK_INT(request(f, "GET", "/-/nothing", NULL, NULL), 404);
    CHECK_INT(request(f, "POST", "/-/health", NULL, "x"), 404);
    /* A request is counted when it is over, which may be after its answer was read. */
    for (int i = 0; i < 1000; i++) {
        CHECK_INT(request(f, "GET", "/-/metrics", NULL, NULL), 200);
        if (strstr(f->reply.body.data, "operation=\"Unknown\",status=\"403\"} 1\n") &&
            strstr(f->reply.body.data, "seconds_count{operation=\"GetObject\"} 4\n") &&
            strstr(f->reply.body.data, "neuralake_s3_open_connections 1\n"))
            break;
    }
    static const char *const lines[] = {
        "neuralake_s3_requests_total{operation=\"PutObject\",status=\"200\"} 1\n",
        "neuralake_s3_requests_total{operation=\"GetObject\",status=\"200\"} 3\n",
        "neuralake_s3_requests_total{operation=\"GetObject\",status=\"404\"} 1\n",
        "neuralake_s3_requests_total{operation=\"Unknown\",status=\"403\"} 1\n",
        "neuralake_s3_request_duration_seconds_bucket{operation=\"GetObject\",le=\"+Inf\"} 4\n",
        "neuralake_s3_request_duration_seconds_count{operation=\"GetObject\"} 4\n",
        "neuralake_s3_received_bytes_total 6\n",
        "neuralake_s3_open_connections 1\n",
        "# TYPE neuralake_s3_syncs_total counter\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        CHECK_HAS(f->reply.body.data, lines[i]);
}

/* A line a request, with the id that the client sees, and without the secrets of a link. */
static void access_log(void **state)
{
    struct fixture *f = *state;
    nl_error err = {0};
    char *keys = tmp_path(f->root, "keys.yaml"), *log = tmp_path(f->root, "log"), *moved = tmp_path(f->root, "log.1");
    char id[512], line[700];
    tmp_write_text(keys, "- {access_key: owner, secret_key: owner-secret}\n");
    fixture_start_with(f, (struct s3_server_options){.credentials_file = keys, .access_log = log});
    f->client.access_key = "owner";
    f->client.secret_key = "owner-secret";
    CHECK_INT(request(f, "PUT", "/bucket", NULL, NULL), 200);
    CHECK_INT(request(f, "GET", "/bucket/a%22b", NULL, NULL), 404);
    reply_header(f, "x-amz-request-id", id);
    CHECK_INT(request(f, "GET", "/bucket/x?X-Amz-Signature=abcdef&y=1", NULL, NULL), 400);
    /* A line is written when its request is over: before the next one of its connection. */
    CHECK_INT(request(f, "DELETE", "/bucket/x", NULL, NULL), 204);
    CHECK(rename(log, moved) == 0);
    CHECK_OK(s3_server_reload(f->server, &err), err);
    CHECK_INT(request(f, "HEAD", "/bucket", NULL, NULL), 200);
    fixture_stop(f); /* every line is written when its request is over */
    char *text = tmp_read(moved, NULL);
    snprintf(line, sizeof(line), "%s 127.0.0.1 owner GetObject \"GET /bucket/a%%22b\" 404 in=0 out=", id);
    CHECK_HAS(text, line);
    CHECK_HAS(text, "CreateBucket \"PUT /bucket\" 200 in=0 out=0 us=");
    CHECK_HAS(text, "\"GET /bucket/x?X-Amz-Signature=...&y=1\" 400");
    CHECK(!strstr(text, "abcdef"));
    char *text2 = tmp_read(log, NULL);
    CHECK_HAS(text2, "owner HeadBucket \"HEAD /bucket\" 200");
    free(text);
    free(text2);
    free(keys);
    free(log);
    free(moved);
}

/* Whom they are for. That other machines' requests are told apart is tried by tests/interop/s3_clients.sh. */
static void whom(void **state)
{
    static const struct {
        enum s3_metrics_for whom;
        int status;
    } cases[] = {{S3_METRICS_FOR_THIS_MACHINE, 200}, {S3_METRICS_FOR_ALL, 200}, {S3_METRICS_FOR_NOBODY, 404}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_why("whom %d", (int)cases[i].whom);
        fixture_start_with(f, (struct s3_server_options){.metrics_for = cases[i].whom});
        CHECK_INT(request(f, "GET", "/-/metrics", NULL, NULL), cases[i].status);
        CHECK_INT(request(f, "GET", "/-/health", NULL, NULL), 200);
        fixture_stop(f);
    }
    check_why("%s", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counters, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(access_log, fixture_folder, fixture_teardown),
        cmocka_unit_test_setup_teardown(whom, fixture_folder, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
