/* tests/server/s3/cors.c: CORS rules: kept with the bucket, asked by preflights, shown on answers. */
#include "server/s3/cors.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "support/check.h"

#define RULE(inside) "<CORSConfiguration><CORSRule>" inside "</CORSRule></CORSConfiguration>"
#define RULES                                                                                                          \
    "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.org</AllowedOrigin><AllowedMethod>GET"              \
    "</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag"       \
    "</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule><CORSRule><AllowedOrigin>*</AllowedOrigin>"            \
    "<AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool fold, want;
    } cases[] = {
        {"*", "", false, true},       {"a*b", "ab", false, true},     {"a*b", "axxb", false, true},
        {"a*ba", "aba", false, true}, {"ab*ba", "aba", false, false}, {"a", "ab", false, false},
        {"A*", "ab", true, true},     {"A*", "ab", false, false},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s ~ %s", cases[i].pattern, cases[i].text);
        CHECK(s3_cors_match(cases[i].pattern, cases[i].text, cases[i].fold) == cases[i].want);
    }
    check_why("%s", "");
}

static void what_is_taken(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        {RULES, 200},
        {"", 400},
        {"<CORSConfiguration/>", 400},
        {RULE("<AllowedOrigin>*</AllowedOrigin>"), 400},
        {RULE("<AllowedMethod>GET</AllowedMethod>"), 400},
        {RULE("<AllowedOrigin>*.*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"), 400},
        {RULE("<AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod>"), 400},
        {RULE("<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><ExposeHeader>*</ExposeHeader>"), 400},
        {RULE("<AllowedOrigin>a&#10;b</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"), 400},
        {RULE("<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><MaxAgeSeconds>x</MaxAgeSeconds>"),
         400},
    };
    CHECK_INT(request(f, "GET", "/bucket?cors", NULL, NULL), 404);
    CHECK_HAS(f->reply.body.data, "NoSuchCORSConfiguration");
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].body);
        CHECK_INT(request(f, "PUT", "/bucket?cors", NULL, cases[i].body), cases[i].status);
    }
    check_why("%s", "");
    fixture_stop(f);
    fixture_start(f);
    CHECK_INT(request(f, "GET", "/bucket?cors", NULL, NULL), 200);
    CHECK_STR(f->reply.body.data, RULES);
    CHECK_INT(request(f, "DELETE", "/bucket?cors", NULL, NULL), 204);
    CHECK_INT(request(f, "DELETE", "/bucket?cors", NULL, NULL), 204);
    CHECK_INT(request(f, "GET", "/bucket?cors", NULL, NULL), 404);
    CHECK_INT(request(f, "PUT", "/bucket?cors", NULL, RULES), 200);
    CHECK_INT(request(f, "DELETE", "/bucket", NULL, NULL), 204); /* settings are no objects */
    CHECK_INT(request(f, "PUT", "/missing?cors", NULL, RULES), 404);
}

#define ORIGIN "Origin: https://a.example.org\r\n"

static void preflights(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *why, *target, *headers;
        int status;
        const char *allowed; /* Access-Control-Allow-Origin; "": none */
    } cases[] = {
        {"no origin", "/bucket/x", "Access-Control-Request-Method: GET\r\n", 400, ""},
        {"no method", "/bucket/x", ORIGIN, 400, ""},
        {"by pattern", "/bucket/x", ORIGIN "Access-Control-Request-Method: PUT\r\n", 200, "https://a.example.org"},
        {"header fits", "/bucket/x",
         ORIGIN "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: X-Amz-Date, x-amz-meta-a\r\n",
         200, "https://a.example.org"},
        {"header does not", "/bucket/x",
         ORIGIN "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-amz-date,x-other\r\n", 403,
         ""},
        {"the other rule", "/bucket/x", "Origin: http://evil\r\nAccess-Control-Request-Method: GET\r\n", 200, "*"},
        {"not that method", "/bucket/x", "Origin: http://evil\r\nAccess-Control-Request-Method: PUT\r\n", 403, ""},
        {"no such bucket", "/missing/x", ORIGIN "Access-Control-Request-Method: GET\r\n", 403, ""},
    };
    char value[512];
    CHECK_INT(request(f, "PUT", "/bucket?cors", NULL, RULES), 200);
    f->client.access_key = NULL; /* browsers do not sign preflights */
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        CHECK_INT(request(f, "OPTIONS", cases[i].target, cases[i].headers, NULL), cases[i].status);
        CHECK_STR(reply_header(f, "Access-Control-Allow-Origin", value), cases[i].allowed);
    }
    check_why("%s", "");
}

static void answers(void **state)
{
    struct fixture *f = *state;
    char value[512];
    CHECK_INT(request(f, "PUT", "/bucket?cors", NULL, RULES), 200);
    CHECK_INT(request(f, "PUT", "/bucket/x", ORIGIN, "x"), 200);
    CHECK_STR(reply_header(f, "Access-Control-Allow-Origin", value), "https://a.example.org");
    CHECK_STR(reply_header(f, "Access-Control-Expose-Headers", value), "ETag");
    CHECK_STR(reply_header(f, "Access-Control-Allow-Credentials", value), "true");
    CHECK_INT(request(f, "GET", "/bucket/nothing", ORIGIN, NULL), 404);
    CHECK_STR(reply_header(f, "Access-Control-Allow-Origin", value), "https://a.example.org");
    CHECK_INT(request(f, "DELETE", "/bucket/x", ORIGIN, NULL), 204);
    CHECK_STR(reply_header(f, "Access-Control-Allow-Origin", value), "");
    CHECK_INT(request(f, "GET", "/bucket/nothing", NULL, NULL), 404);
    CHECK_STR(reply_header(f, "Access-Control-Allow-Origin", value), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test_setup_teardown(what_is_taken, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(preflights, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(answers, fixture_bucket, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
