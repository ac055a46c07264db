/* s3_retry.c: the pure parts of the I/O thread: reading the head of an answer, what heals, how long to wait. */
#include <errno.h>

#include "base/str.h"
#include "store/s3/call.h"
#include "support/check.h"

static void line(struct store_reply *r, const char *text)
{
    store_reply_line(r, text, strlen(text));
}

static void heads(void **state)
{
    (void)state;
    struct store_reply r = {0};
    line(&r, "HTTP/1.1 100 Continue\r\n");
    CHECK_INT(r.http, 100);
    line(&r, "ETag: \"lost\"\r\n");
    line(&r, "HTTP/1.1 206 Partial Content\r\n");
    CHECK_INT(r.http, 206);
    CHECK_STR(r.etag, "");
    CHECK(r.length == UINT64_MAX && r.total == UINT64_MAX && r.retry_after == -1);
    line(&r, "content-length:  12 \r\n");
    line(&r, "CONTENT-RANGE: bytes 10-21/100\r\n");
    line(&r, "etag: \"abc\"\r\n");
    line(&r, "Last-Modified: Fri, 24 May 2013 00:00:00 GMT\r\n");
    line(&r, "x-amz-request-id: R\r\n");
    line(&r, "Retry-After: 3\r\n");
    line(&r, "\r\n");
    CHECK_INT(r.length, 12);
    CHECK_INT(r.first, 10);
    CHECK_INT(r.last, 21);
    CHECK_INT(r.total, 100);
    CHECK_STR(r.etag, "abc");
    CHECK_INT(r.modified, 1369353600);
    CHECK_STR(r.request_id, "R");
    CHECK_INT(r.retry_after, 3);
    line(&r, "HTTP/2 416\r\n");
    CHECK_INT(r.http, 416);
    line(&r, "Content-Range: bytes */0\r\n");
    CHECK_INT(r.total, 0);
}

#define TEN     "0123456789"
#define LONG_ID "x-amz-request-id: " TEN TEN TEN TEN TEN TEN TEN TEN

/* A line that does not parse is as if it were not there. */
static void hostile_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {"Content-Length: -1",
                                        "Content-Length: 1x",
                                        "Content-Length: 99999999999999999999",
                                        "Content-Range: bytes 5-1/10",
                                        "Content-Range: bytes 0-10/10",
                                        "Content-Range: bytes 0-1",
                                        "Content-Range: bytes -/",
                                        "Content-Range: items 0-1/2",
                                        "Content-Range: bytes 0-1/99999999999999999999",
                                        "Last-Modified: yesterday",
                                        "Retry-After: soon",
                                        "no colon",
                                        ":",
                                        "ETag: W/\"weak\"",
                                        LONG_ID};
    for (size_t i = 0; i < NL_LEN(lines); i++) {
        struct store_reply r = {0};
        check_why("%s", lines[i]);
        line(&r, "HTTP/1.1 200 OK\r\n");
        line(&r, lines[i]);
        CHECK(r.length == UINT64_MAX && r.total == UINT64_MAX && r.retry_after == -1 && !r.modified);
        CHECK_STR(r.etag, "");
        CHECK_STR(r.request_id, "");
    }
    struct store_reply r = {0};
    char text[2000] = "ETag: \"";
    memset(text + 7, 'e', sizeof text - 8);
    line(&r, "HTTP/1.1 200 OK");
    line(&r, text);
    store_reply_line(&r, "ETag: \"a\0b\"", 11);
    CHECK_STR(r.etag, "");
}

static void what_heals(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        CURLcode curl;
        long os_errno;
        int http, failed;
        const char *body;
        bool error_in_200, heals;
    } cases[] = {
        {"well", CURLE_OK, 0, 200, 0, "", false, false},
        {"500", CURLE_OK, 0, 500, 0, "", false, true},
        {"501", CURLE_OK, 0, 501, 0, "", false, false},
        {"503", CURLE_OK, 0, 503, 0, "", false, true},
        {"429", CURLE_OK, 0, 429, 0, "", false, true},
        {"404", CURLE_OK, 0, 404, 0, "<Error><Code>NoSuchKey</Code></Error>", false, false},
        {"403", CURLE_OK, 0, 403, 0, "<Error><Code>AccessDenied</Code></Error>", false, false},
        {"412", CURLE_OK, 0, 412, 0, "<Error><Code>PreconditionFailed</Code></Error>", false, false},
        {"400 RequestTimeout", CURLE_OK, 0, 400, 0, "<Error><Code>RequestTimeout</Code></Error>", false, true},
        {"409 ConditionalRequestConflict", CURLE_OK, 0, 409, 0,
         "<Error><Code>ConditionalRequestConflict</Code></Error>", false, true},
        {"an error in a 200", CURLE_OK, 0, 200, 0, "<Error><Code>InternalError</Code></Error>", true, true},
        {"an error in a 200 that is data", CURLE_OK, 0, 200, 0, "<Error><Code>InternalError</Code></Error>", false,
         false},
        {"a code that is not closed", CURLE_OK, 0, 400, 0, "<Error><Code>RequestTimeout", false, true},
        {"refused", CURLE_COULDNT_CONNECT, ECONNREFUSED, 0, 0, "", false, false},
        {"no route", CURLE_COULDNT_CONNECT, EHOSTUNREACH, 0, 0, "", false, true},
        {"no name", CURLE_COULDNT_RESOLVE_HOST, 0, 0, 0, "", false, false},
        {"reset", CURLE_RECV_ERROR, 0, 0, 0, "", false, true},
        {"cut", CURLE_PARTIAL_FILE, 0, 206, 0, "", false, true},
        {"no answer", CURLE_GOT_NOTHING, 0, 0, 0, "", false, true},
        {"stalled", CURLE_OPERATION_TIMEDOUT, 0, 206, 0, "", false, true},
        {"bad certificate", CURLE_PEER_FAILED_VERIFICATION, 0, 0, 0, "", false, false},
        {"too long", CURLE_WRITE_ERROR, 0, 206, NL_INVALID, "", false, false},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_call call = {.curl = cases[i].curl, .os_errno = cases[i].os_errno, .failed = cases[i].failed};
        call.reply.http = cases[i].http;
        call.request.error_in_200 = cases[i].error_in_200;
        call.text = (nl_buf){.data = (char *)(uintptr_t)cases[i].body, .len = strlen(cases[i].body)};
        check_why("%s", cases[i].why);
        CHECK_INT(store_retry_heals(&call), cases[i].heals);
    }
}

static void delays(void **state)
{
    (void)state;
    static const struct {
        unsigned attempts;
        int64_t retry_after;
        uint32_t random;
        int64_t want_ms;
    } cases[] = {
        {1, -1, 0, 0},          {1, -1, UINT32_MAX, 99},        {2, -1, UINT32_MAX, 199},
        {3, -1, 1u << 31, 200}, {30, -1, UINT32_MAX, 999},      {1, 0, 1u << 31, 50},
        {1, 5, 0, 5000},        {2, 5, 1u << 31, 5100},         {1, 60, 0, 60000},
        {1, 61, 0, -1},         {1, INT64_MAX, UINT32_MAX, -1},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("case %zu", i);
        int64_t got = store_retry_delay(cases[i].attempts, 100, 1000, cases[i].retry_after, cases[i].random);
        CHECK_INT(got < 0 ? -1 : got / 1000000, cases[i].want_ms);
    }
}

static void the_budget(void **state)
{
    (void)state;
    struct store_budget b = {20, 20};
    struct store_call reset = {.curl = CURLE_RECV_ERROR}, late = {.curl = CURLE_OPERATION_TIMEDOUT};
    CHECK_INT(store_budget_cost(&reset), 5);
    CHECK_INT(store_budget_cost(&late), 10);
    CHECK(store_budget_take(&b, 10) && store_budget_take(&b, 10) && !store_budget_take(&b, 5));
    CHECK_INT(b.tokens, 0);
    store_budget_give(&b, 0);
    CHECK_INT(b.tokens, 1);
    store_budget_give(&b, 10);
    CHECK_INT(b.tokens, 11);
    store_budget_give(&b, 10);
    CHECK_INT(b.tokens, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget), cmocka_unit_test(heads),  cmocka_unit_test(hostile_lines),
        cmocka_unit_test(what_heals), cmocka_unit_test(delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
