/* tests/server/s3/page.c: the page for people: signing in, what is shown, what is escaped, what is refused. */
#include "server/s3/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support/check.h"

#define HTML "Accept: text/html,*/*;q=0.8\r\n"

/* Sign in; the Cookie line into out. */
static void sign_in(struct fixture *f, char out[static 600])
{
    char form[256], value[512];
    snprintf(form, sizeof(form), "access=%s&secret=%s", f->access, f->secret);
    CHECK_INT(request(f, "POST", "/-/login", NULL, form), 303);
    reply_header(f, "Set-Cookie", value);
    CHECK_HAS(value, "HttpOnly; SameSite=Strict");
    CHECK(!strstr(value, f->secret));
    snprintf(out, 600, HTML "Cookie: other=1; %.*s\r\n", (int)strcspn(value, ";"), value);
}

static void shows(void **state)
{
    struct fixture *f = *state;
    char cookie[600], value[512];
    CHECK_INT(request(f, "PUT", "/bucket/dir/x%3Cscript%3E%26%22", NULL, "hello"), 200);
    CHECK_INT(request(f, "PUT", "/bucket/plain", NULL, "hello"), 200);
    f->client.access_key = NULL;
    CHECK_INT(request(f, "GET", "/", NULL, NULL), 403); /* a client that is no browser */
    CHECK_HAS(f->reply.body.data, "<Code>AccessDenied");
    CHECK_INT(request(f, "GET", "/", HTML, NULL), 200);
    CHECK_HAS(f->reply.body.data, "type=\"password\"");
    CHECK(!strstr(f->reply.body.data, "bucket"));
    sign_in(f, cookie);
    CHECK_INT(request(f, "GET", "/", cookie, NULL), 200);
    CHECK_HAS(f->reply.body.data, "<a href=\"/-/browse/bucket\">bucket</a>");
    CHECK_HAS(reply_header(f, "Content-Security-Policy", value), "default-src 'none'");
    CHECK_INT(request(f, "GET", "/-/browse/bucket", cookie, NULL), 200);
    CHECK_HAS(f->reply.body.data, "<a href=\"/-/browse/bucket?prefix=dir/\">dir/</a>");
    CHECK_HAS(f->reply.body.data, "5 B");
    CHECK_INT(request(f, "GET", "/-/browse/bucket?prefix=dir/%3Cb%3E/x", cookie, NULL), 200);
    CHECK_HAS(f->reply.body.data,
              "<h2><a href=\"/-/browse/bucket\">bucket</a> / <a href=\"/-/browse/bucket?prefix=dir/\">dir</a> / "
              "<a href=\"/-/browse/bucket?prefix=dir/%3Cb%3E/\">&#60;b&#62;</a> / x</h2>");
    CHECK_HAS(f->reply.body.data, "Nothing is here.");
    CHECK_INT(request(f, "GET", "/-/browse/bucket?prefix=dir/", cookie, NULL), 200);
    CHECK_HAS(f->reply.body.data, "x&#60;script&#62;&#38;&#34;</a>");
    CHECK(!strstr(f->reply.body.data, "<script"));
    CHECK_INT(request(f, "GET", "/-/object/bucket/dir/x%3Cscript%3E%26%22", cookie, NULL), 200);
    CHECK_STR(f->reply.body.data, "hello");
    CHECK_STR(reply_header(f, "Content-Disposition", value), "attachment");
    CHECK_INT(request(f, "GET", "/-/object/bucket/none", cookie, NULL), 404);
    CHECK_INT(request(f, "GET", "/-/browse/nothing", cookie, NULL), 404);
    CHECK_INT(request(f, "GET", "/-/browse/%00", cookie, NULL), 400);
    CHECK_INT(request(f, "GET", "/-/style.css", NULL, NULL), 200);
    CHECK_INT(request(f, "PUT", "/bucket/by-cookie", cookie, "x"), 403); /* the cookie opens the page alone */
}

static void refuses(void **state)
{
    struct fixture *f = *state;
    char cookie[600], form[256];
    f->client.access_key = NULL;
    CHECK_INT(request(f, "POST", "/-/login", NULL, "access=x&secret=y"), 403);
    CHECK_INT(request(f, "POST", "/-/login", NULL, ""), 403);
    CHECK_INT(request(f, "POST", "/-/login", NULL, "%zz"), 403);
    snprintf(form, sizeof(form), "access=%s&secret=%s", f->access, f->secret);
    CHECK_INT(request(f, "POST", "/-/login", "Sec-Fetch-Site: cross-site\r\n", form), 403);
    CHECK_INT(request(f, "GET", "/-/browse/bucket", HTML, NULL), 403);
    CHECK_INT(request(f, "GET", "/-/object/bucket/x", HTML, NULL), 403);
    sign_in(f, cookie);
    char *last = strrchr(cookie, '\r') - 1;
    *last = *last == '0' ? '1' : '0';
    CHECK_INT(request(f, "GET", "/-/browse/bucket", cookie, NULL), 403);
    CHECK_INT(request(f, "POST", "/-/logout", NULL, NULL), 303);
}

/* C1: a session ends with its time, its key, its secret, its process. */
static void sessions(void **state)
{
    (void)state;
    uint8_t process[32] = {1}, other[32] = {2};
    char access[] = "owner", secret[] = "owner-secret", changed[] = "other-secret", header[600];
    s3_credential c = {.access_key = access, .secret_key = secret};
    s3_credentials keys = {.list = &c, .n = 1}, none = {0};
    nl_buf b = {0};
    nl_error err = {0};
    CHECK_OK(s3_session_make(process, &c, 1000, &b, &err), err);
    snprintf(header, sizeof(header), "a=b; " S3_SESSION_COOKIE "=%s; c=d", b.data);
    CHECK(s3_session_find(process, &keys, header, 1000) == &c);
    CHECK(s3_session_find(process, &keys, header, 1000 + S3_SESSION_SECONDS) == NULL);
    CHECK(s3_session_find(other, &keys, header, 1000) == NULL);
    CHECK(s3_session_find(process, &none, header, 1000) == NULL);
    c.secret_key = changed;
    CHECK(s3_session_find(process, &keys, header, 1000) == NULL);
    static const char *const bad[] = {"",    "neuralake=",          "neuralake=..", "neuralake=6f.1.",
                                      ";;;", "neuralake=zz.9999.00"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(s3_session_find(process, &keys, bad[i], 0) == NULL);
    CHECK(s3_session_find(process, &keys, NULL, 0) == NULL);
    nl_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(refuses, fixture_bucket, fixture_teardown),
        cmocka_unit_test(sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
