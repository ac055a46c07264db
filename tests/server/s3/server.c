/* tests/server/s3/server.c: the server from outside: who may ask, what is refused, locks, what it leaves in its root. */
#include "server/s3/server.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "fixture.h"
#include "s3proto/hash.h"
#include "s3proto/time.h"
#include "server/s3/state.h"
#include "support/check.h"
#include "support/tmp.h"

/* How many temporary files a bucket has; the folder of them may not have been made. */
static size_t left_behind(const struct fixture *f)
{
    char *tmp = tmp_path(f->root, "bucket/.neuralake/tmp");
    size_t n = tmp_exists(tmp) ? tmp_entries(tmp) : 0;
    free(tmp);
    return n;
}

static void put_and_get(void **state)
{
    struct fixture *f = *state;
    CHECK_INT(request(f, "PUT", "/bucket", NULL, NULL), 200);
    CHECK_INT(request(f, "PUT", "/bucket/a%2Fb%25c", "Content-Type: x/y\r\n", "hello"), 200);
    CHECK_HAS(f->reply.head.data, "ETag: \"5d41402abc4b2a76b9719d911017c592\"");
    CHECK_INT(request(f, "GET", "/bucket/a/b%25c", NULL, NULL), 200);
    CHECK_STR(f->reply.body.data, "hello");
    CHECK_HAS(f->reply.head.data, "content-type: x/y");
    char *path = tmp_path(f->root, "bucket/a/b%25c");
    char *bytes = tmp_read(path, NULL);
    CHECK_STR(bytes, "hello");
    free(bytes);
    free(path);
    CHECK_INT(request(f, "DELETE", "/bucket/a/b%25c", NULL, NULL), 204);
    path = tmp_path(f->root, "bucket/a");
    CHECK(!tmp_exists(path)); /* pruned */
    free(path);
    CHECK_INT(request(f, "HEAD", "/bucket/a/b%25c", NULL, NULL), 404);
}

/* Signatures: wrong, stale, missing, of nobody, over another body. A refused write leaves nothing. */
static void who_may_ask(void **state)
{
    struct fixture *f = *state;
    char then[S3_TIME_BASIC];
    CHECK_INT(request(f, "PUT", "/bucket", NULL, NULL), 200);
    f->client.secret_key = "not-the-secret-key";
    CHECK_INT(request(f, "PUT", "/bucket/x", NULL, "body"), 403);
    CHECK_HAS(f->reply.body.data, "SignatureDoesNotMatch");
    f->client.secret_key = f->secret;
    f->client.access_key = "NOBODY";
    CHECK_INT(request(f, "GET", "/bucket/x", NULL, NULL), 403);
    CHECK_HAS(f->reply.body.data, "InvalidAccessKeyId");
    f->client.access_key = NULL;
    CHECK_INT(request(f, "GET", "/bucket/x", NULL, NULL), 403);
    CHECK_HAS(f->reply.body.data, "AccessDenied");
    f->client.access_key = f->access;
    for (int minutes = -20; minutes <= 20; minutes += 10) {
        check_why("%d minutes off", minutes);
        s3_time_basic(nl_wall_ns() / 1000000000 + 60 * minutes, then);
        f->client.time = then;
        CHECK_INT(request(f, "GET", "/", NULL, NULL), minutes < -15 || minutes > 15 ? 403 : 200);
    }
    check_why("%s", "");
    f->client.time = NULL;
    f->client.payload = S3_EMPTY_SHA256;
    CHECK_INT(request(f, "PUT", "/bucket/x", NULL, "body"), 400);
    CHECK_HAS(f->reply.body.data, "XAmzContentSHA256Mismatch");
    f->client.payload = "UNSIGNED-PAYLOAD";
    CHECK_INT(request(f, "PUT", "/bucket/y", NULL, "body"), 200);
    f->client.payload = "nonsense";
    CHECK_INT(request(f, "PUT", "/bucket/x", NULL, "body"), 400);
    f->client.payload = NULL;
    CHECK_INT(request(f, "PUT", "/bucket/x", "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "body"), 400);
    CHECK_HAS(f->reply.body.data, "BadDigest");
    CHECK_INT(request(f, "GET", "/bucket/x", NULL, NULL), 404);
    CHECK_INT(left_behind(f), 0);
    /* Tampering with what was signed. */
    CHECK_INT(request(f, "GET", "/bucket/y", "x-amz-meta-a: 1\r\n", NULL), 200);
}

static void hosts(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *host;
        int status;
    } cases[] = {{"localhost", 200},    {"127.0.0.1:1", 200},     {"[::1]:9000", 200},
                 {"evil.example", 403}, {"evil.example:80", 403}, {"127.0.0.1.evil.example", 403}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].host);
        f->client.host = cases[i].host;
        CHECK_INT(request(f, "GET", "/", NULL, NULL), cases[i].status);
    }
    check_why("%s", "");
    f->client.host = NULL;
    CHECK_INT(request(f, "PUT", "/virtual", NULL, NULL), 200);
    f->client.host = "virtual.localhost:9000";
    CHECK_INT(request(f, "PUT", "/key", NULL, "v"), 200);
    f->client.host = NULL;
    CHECK_INT(request(f, "GET", "/virtual/key", NULL, NULL), 200);
}

/* Raw bytes that no client sends: each gets a 4xx or a closed connection, and the server goes on. */
static void hostile_bytes(void **state)
{
    struct fixture *f = *state;
    static const char *const cases[] = {
        "PUT /bucket/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT /bucket/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "PUT /bucket/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        "PUT /bucket/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: \r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /bucket/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /?a=%2 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "OPTIONS /bucket HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS4-HMAC-SHA256\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Signature=\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS x:y\r\n\r\n",
        "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=99999999999999999999 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\r\n\r\n\r\n",
        "nonsense\r\n\r\n",
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i]);
        client_close(&f->client);
        if (i + 2 < NL_LEN(cases)) {
            client_raw(&f->client, cases[i], strlen(cases[i]), &f->reply);
            CHECK(f->reply.status == 0 || (f->reply.status >= 400 && f->reply.status < 500));
        }
        client_close(&f->client);
        CHECK_INT(request(f, "GET", "/", NULL, NULL), 200);
    }
    check_why("%s", "");
    nl_buf big = {0};
    nl_buf_puts(&big, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ", NULL);
    for (int i = 0; i < 20000; i++)
        nl_buf_putc(&big, 'x', NULL);
    nl_buf_puts(&big, "\r\n\r\n", NULL);
    client_close(&f->client);
    client_raw(&f->client, big.data, big.len, &f->reply);
    CHECK_INT(f->reply.status, 400);
    CHECK_HAS(f->reply.body.data, "RequestHeaderSectionTooLarge");
    nl_buf_free(&big);
}

/* A refusal before the body: with Expect the answer comes at once; without, a small body is read and the connection kept. */
static void early_refusal(void **state)
{
    struct fixture *f = *state;
    client_close(&f->client);
    static const char expect[] = "PUT /bucket/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n"
                                 "Expect: 100-continue\r\n\r\n";
    client_raw(&f->client, expect, strlen(expect), &f->reply);
    CHECK_INT(f->reply.status, 403);
    client_close(&f->client);
    static const char small[] = "PUT /bucket/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
    client_raw(&f->client, small, strlen(small), &f->reply);
    CHECK_INT(f->reply.status, 403);
    CHECK(f->client.fd >= 0);
    client_raw(&f->client, small, strlen(small), &f->reply);
    CHECK_INT(f->reply.status, 403);
}

/* A client that goes away within a request: the connection ends, and nothing is left of its body. One that ends its stream
 * behind a whole request gets its answer. */
static void cut_off(void **state)
{
    struct fixture *f = *state;
    static const char body[4096];
    static const size_t missing[] = {1, sizeof(body) / 2, sizeof(body) - 1, sizeof(body)};
    CHECK_INT(request(f, "PUT", "/bucket", NULL, NULL), 200);
    for (size_t i = 0; i < NL_LEN(missing); i++) {
        check_why("%zu bytes missing", missing[i]);
        CHECK(client_cut(&f->client, "PUT", "/bucket/x", body, sizeof(body), missing[i], &f->reply));
        CHECK_INT(f->reply.status, 0);
        CHECK_INT(left_behind(f), 0);
        CHECK_INT(request(f, "HEAD", "/bucket/x", NULL, NULL), 404);
    }
    check_why("whole");
    CHECK(client_cut(&f->client, "PUT", "/bucket/x", body, sizeof(body), 0, &f->reply));
    CHECK_INT(f->reply.status, 200);
    CHECK_INT(left_behind(f), 0);
    CHECK(client_cut(&f->client, "GET", "/bucket/x", "", 0, 0, &f->reply));
    CHECK_INT(f->reply.status, 200);
    check_why("%s", "");
}

static void one_server_a_root(void **state)
{
    struct fixture *f = *state;
    nl_error err = {0};
    struct s3_server *second;
    struct s3_server_options o = {.root = f->root};
    CHECK_FAILS(s3_server_start(&o, &second, &err), NL_CONFLICT, err, "another server");
    CHECK(second == NULL);
    CHECK_INT(request(f, "GET", "/", NULL, NULL), 200);
    /* The port. */
    char *other = tmp_make();
    struct s3_server_options busy = {.root = other, .port = f->client.port};
    CHECK_FAILS(s3_server_start(&busy, &second, &err), NL_CONFLICT, err, "in use");
    CHECK(err.hint[0] != '\0');
    struct s3_server_options open = {.root = other, .host = "0.0.0.0"};
    CHECK_FAILS(s3_server_start(&open, &second, &err), NL_INVALID, err, "loopback");
    tmp_remove(other);
}

static void state_is_found_and_forgotten(void **state)
{
    struct fixture *f = *state;
    nl_error err = {0};
    struct stat st;
    char *url, *access, *secret, *json = tmp_path(f->root, ".neuralake/server.json");
    char *keys = tmp_path(f->root, ".neuralake/credentials.yaml");
    CHECK_INT(stat(json, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    CHECK_INT(stat(keys, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    char *first = strdup(f->access);
    char *text = tmp_read(json, NULL);
    fixture_stop(f);
    CHECK(!tmp_exists(json));
    tmp_write_text(json, text); /* as a killed server leaves it */
    CHECK_FAILS(s3_state_find(f->root, &url, &access, &secret, &err), NL_NOT_FOUND, err, "no S3 server runs");
    CHECK_HAS(err.hint, "neuralake s3 serve");
    CHECK(url == NULL && access == NULL && secret == NULL);
    fixture_start(f);
    CHECK_STR(f->access, first); /* the pair belongs to the root */
    free(first);
    free(text);
    free(json);
    free(keys);
}

static void credentials_files(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"", "not a YAML document"},
        {"[]", "empty"},
        {"access_key: a", "list"},
        {"- access_key: abcdef\n", ":1:3: secret_key is missing"},
        {"- access_key: abcdef\n  secret_key: short\n", ":2:15: secret_key has 5"},
        {"- access_key: abcdef\n  secret_key: long-enough\n  colour: red\n", ":3:3: unknown key \"colour\""},
        {"- access_key: abc/def\n  secret_key: long-enough\n", ":1:15: access_key may not hold"},
        {"- {access_key: abcdef, secret_key: longenough}\n- {access_key: abcdef, secret_key: longenough}\n",
         "comes twice"},
        {"- access_key: [1\n", ":"},
    };
    char *path = tmp_path(f->root, "keys.yaml"), *other = tmp_make();
    struct s3_server_options o = {.root = other, .credentials_file = path};
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        nl_error err = {0};
        struct s3_server *s;
        check_why("%s", bad[i].text);
        tmp_write_text(path, bad[i].text);
        CHECK_FAILS(s3_server_start(&o, &s, &err), NL_INVALID, err, bad[i].part);
        CHECK_HAS(err.message, "keys.yaml");
    }
    check_why("%s", "");
    tmp_write_text(path, "- access_key: first-key\n  secret_key: the-first-secret\n  name: me\n"
                         "- access_key: second-key\n  secret_key: the-second-secret\n");
    nl_error err = {0};
    struct s3_server *s;
    CHECK_OK(s3_server_start(&o, &s, &err), err);
    struct client c = {.fd = -1,
                       .port = client_port(s3_server_url(s)),
                       .access_key = "second-key",
                       .secret_key = "the-second-secret"};
    client_request(&c, "GET", "/", NULL, "", 0, &f->reply);
    CHECK_INT(f->reply.status, 200);
    c.access_key = "first-key";
    client_request(&c, "GET", "/", NULL, "", 0, &f->reply);
    CHECK_INT(f->reply.status, 403);
    client_close(&c);
    s3_server_stop(s);
    tmp_remove(other);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(put_and_get, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(who_may_ask, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(hosts, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(hostile_bytes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(early_refusal, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(cut_off, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_server_a_root, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(state_is_found_and_forgotten, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(credentials_files, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
