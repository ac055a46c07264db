/* tests/server/s3/access.c: what a key may do, in every operation; unsigned requests; the file read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "support/check.h"
#include "support/tmp.h"

static const char keys[] = "- {access_key: owner, secret_key: owner-secret}\n"
                           "- {access_key: reader, secret_key: reader-secret, access: read-only, buckets: [one]}\n"
                           "- {access_key: part, secret_key: part-secret, buckets: [one], prefixes: [in/, also/]}\n"
                           "- {anonymous: read-only, buckets: [open], prefixes: [pub/]}\n";

static void as(struct fixture *f, const char *who)
{
    static char secret[64];
    snprintf(secret, sizeof(secret), "%s-secret", who ? who : "");
    f->client.access_key = who;
    f->client.secret_key = secret;
    f->client.payload = who ? NULL : "UNSIGNED-PAYLOAD";
}

static char *start(struct fixture *f)
{
    char *path = tmp_path(f->root, "keys.yaml");
    tmp_write_text(path, keys);
    fixture_start_with(f, (struct s3_server_options){.credentials_file = path, .durability = S3_DURABILITY_NONE});
    return path;
}

#define UPLOAD        "uploadId=00000000000000000000000000000000"
#define DELETE_TWO    "<Delete><Object><Key>in/b</Key></Object><Object><Key>out</Key></Object></Delete>"
#define DIGEST_OF_TWO "Content-MD5: oUuYpv8Qz4X0sOksdaufDg==\r\n"

static void every_operation(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *who, *method, *target, *extra, *body;
        int status;
        const char *part;
    } cases[] = {
        /* read-only, one bucket */
        {"reader", "GET", "/one/in/a", NULL, NULL, 200, NULL},
        {"reader", "PUT", "/one/in/a", NULL, "x", 403, "AccessDenied"},
        {"reader", "DELETE", "/one/in/a", NULL, NULL, 403, "AccessDenied"},
        {"reader", "GET", "/two/a", NULL, NULL, 403, "AccessDenied"},
        {"reader", "GET", "/one?list-type=2", NULL, NULL, 200, NULL},
        {"reader", "GET", "/two?list-type=2", NULL, NULL, 403, NULL},
        {"reader", "HEAD", "/two", NULL, NULL, 403, NULL},
        {"reader", "GET", "/", NULL, NULL, 200, "</CreationDate></Bucket></Buckets>"},
        {"reader", "PUT", "/three", NULL, NULL, 403, NULL},
        {"reader", "DELETE", "/one", NULL, NULL, 403, NULL},
        {"reader", "POST", "/one?delete", NULL, DELETE_TWO, 403, NULL},
        {"reader", "POST", "/one/in/up?uploads", NULL, NULL, 403, NULL},
        {"reader", "PUT", "/one/in/a?partNumber=1&" UPLOAD, NULL, "x", 403, NULL},
        {"reader", "POST", "/one/in/a?" UPLOAD, NULL, "x", 403, NULL},
        {"reader", "DELETE", "/one/in/a?" UPLOAD, NULL, NULL, 403, NULL},
        {"reader", "PUT", "/one/in/a?tagging", NULL, "x", 403, NULL},
        {"reader", "DELETE", "/one/in/a?tagging", NULL, NULL, 403, NULL},
        {"reader", "PUT", "/one?cors", NULL, "x", 403, NULL},
        {"reader", "DELETE", "/one?cors", NULL, NULL, 403, NULL},
        {"reader", "GET", "/one/in/a?tagging", NULL, NULL, 200, NULL},
        /* some prefixes */
        {"part", "PUT", "/one/in/b", NULL, "x", 200, NULL},
        {"part", "PUT", "/one/out", NULL, "x", 403, "AccessDenied"},
        {"part", "GET", "/one/out", NULL, NULL, 403, NULL},
        {"part", "PUT", "/one/in/c", "x-amz-copy-source: one/out\r\n", NULL, 403, "AccessDenied"},
        {"part", "PUT", "/one/in/c", "x-amz-copy-source: two/a\r\n", NULL, 403, "AccessDenied"},
        {"part", "PUT", "/one/in/c", "x-amz-copy-source: one/in/a\r\n", NULL, 200, NULL},
        {"part", "GET", "/one?list-type=2", NULL, NULL, 403, NULL},
        {"part", "GET", "/one?prefix=i", NULL, NULL, 403, NULL},
        {"part", "GET", "/one?prefix=in/", NULL, NULL, 200, "<Key>in/a</Key>"},
        {"part", "GET", "/one?list-type=2&prefix=also/x", NULL, NULL, 200, NULL},
        {"part", "GET", "/one?uploads", NULL, NULL, 403, NULL},
        {"part", "GET", "/one?uploads&prefix=in/", NULL, NULL, 200, NULL},
        {"part", "POST", "/one/out?uploads", NULL, NULL, 403, NULL},
        {"part", "POST", "/one?delete", DIGEST_OF_TWO, DELETE_TWO, 200,
         "<Deleted><Key>in/b</Key></Deleted><Error><Key>out</Key><Code>AccessDenied</Code>"},
        {"part", "PUT", "/one?cors", NULL, "x", 403, NULL},
        {"part", "DELETE", "/one", NULL, NULL, 403, NULL},
        {"owner", "HEAD", "/one/out", NULL, NULL, 200, NULL},
        /* nobody */
        {NULL, "GET", "/open/pub/a", NULL, NULL, 200, NULL},
        {NULL, "HEAD", "/open/pub/a", NULL, NULL, 200, NULL},
        {NULL, "GET", "/open/pub/a?response-content-type=a/b", NULL, NULL, 400, "InvalidRequest"},
        {NULL, "GET", "/open/private", NULL, NULL, 403, "AccessDenied"},
        {NULL, "GET", "/open?prefix=pub/", NULL, NULL, 200, "pub/a"},
        {NULL, "GET", "/open", NULL, NULL, 403, NULL},
        {NULL, "PUT", "/open/pub/b", NULL, "x", 403, "AccessDenied"},
        {NULL, "DELETE", "/open/pub/a", NULL, NULL, 403, NULL},
        {NULL, "POST", "/open?delete", NULL, DELETE_TWO, 403, NULL},
        {NULL, "GET", "/one/in/a", NULL, NULL, 403, NULL},
        {NULL, "GET", "/", NULL, NULL, 403, NULL},
        {"owner", "HEAD", "/open/pub/a", NULL, NULL, 200, NULL},
    };
    char *path = start(f);
    as(f, "owner");
    static const char *const made[] = {"/one",     "/two",   "/open",       "/one/in/a",
                                       "/one/out", "/two/a", "/open/pub/a", "/open/private"};
    for (size_t i = 0; i < NL_LEN(made); i++)
        CHECK_INT(request(f, "PUT", made[i], NULL, i < 3 ? NULL : "bytes"), 200);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s: %s %s", cases[i].who ? cases[i].who : "unsigned", cases[i].method, cases[i].target);
        as(f, cases[i].who);
        CHECK_INT(request(f, cases[i].method, cases[i].target, cases[i].extra, cases[i].body), cases[i].status);
        if (cases[i].part)
            CHECK_HAS(f->reply.body.data, cases[i].part);
    }
    check_why("%s", "");
    free(path);
}

/* A file that is wrong changes nothing and says so; one that is right holds from the next request on. */
static void read_again(void **state)
{
    struct fixture *f = *state;
    char *path = start(f);
    nl_error err = {0};
    as(f, "owner");
    CHECK_INT(request(f, "GET", "/", NULL, NULL), 200);
    tmp_write_text(path, "- {access_key: owner}\n");
    CHECK_FAILS(s3_server_reload(f->server, &err), NL_INVALID, err, "secret_key is missing");
    CHECK_HAS(err.message, "stay as they were");
    CHECK_INT(request(f, "GET", "/", NULL, NULL), 200);
    tmp_write_text(path, "- {access_key: other, secret_key: other-secret}\n");
    nl_error_clear(&err);
    CHECK_OK(s3_server_reload(f->server, &err), err);
    CHECK_INT(request(f, "GET", "/", NULL, NULL), 403);
    CHECK_HAS(f->reply.body.data, "InvalidAccessKeyId");
    as(f, "other");
    CHECK_INT(request(f, "GET", "/", NULL, NULL), 200);
    free(path);
}

static void files_that_are_wrong(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"- {access_key: abc, secret_key: long-enough, access: all}\n", "access must be read-only or read-write"},
        {"- {access_key: abc, secret_key: long-enough, buckets: []}\n", "buckets is empty"},
        {"- {access_key: abc, secret_key: long-enough, prefixes: [[a]]}\n", "prefixes must be a list of names"},
        {"- {anonymous: read-only, buckets: [a]}\n", "there is no access_key"},
        {"- {anonymous: read-write, buckets: [a]}\n", "anonymous must be read-only"},
        {"- {anonymous: read-only}\n", "must name its buckets"},
        {"% {access_key: a\xff\n", "not UTF-8"},
        {"# keys\n%YAML 1.2\n", ":2: '%' has no place"},
        {"- ? access_key\n", ":1: '?' has no place"},
        {"- access_key:\tabc\n", ":1: the character 0x09"},
        {"- {anonymous: read-only, buckets: [a], access_key: abc}\n", "an anonymous entry has no keys"},
    };
    char *path = tmp_path(f->root, "keys.yaml");
    struct s3_server_options o = {.root = f->root, .credentials_file = path};
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        nl_error err = {0};
        check_why("%s", bad[i].text);
        tmp_write_text(path, bad[i].text);
        CHECK_FAILS(s3_server_start(&o, &f->server, &err), NL_INVALID, err, bad[i].part);
    }
    check_why("%s", "");
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_operation, fixture_folder, fixture_teardown),
        cmocka_unit_test_setup_teardown(read_again, fixture_folder, fixture_teardown),
        cmocka_unit_test_setup_teardown(files_that_are_wrong, fixture_folder, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
