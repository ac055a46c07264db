/* tests/server/http/host.c: which Host headers are ours. */
#include "server/http/host.h"

#include "base/str.h"
#include "support/check.h"

static const char *const known[] = {"localhost", "127.0.0.1", "::1", "lake.example"};

static const struct host_case {
    const char *why, *header;
    bool ok;
    const char *label; /* of an accepted one */
} cases[] = {
    {"a name", "localhost", true, ""},
    {"a name and a port", "localhost:9000", true, ""},
    {"any port", "127.0.0.1:1", true, ""},
    {"upper case", "LocalHost:9000", true, ""},
    {"IPv6", "[::1]:9000", true, ""},
    {"IPv6 without a port", "[::1]", true, ""},
    {"added by --host-name", "lake.example:80", true, ""},
    {"a bucket in front", "my-bucket.localhost:9000", true, "my-bucket"},
    {"a bucket with a dot", "my.bucket.lake.example", true, "my.bucket"},
    {"rebinding", "evil.example:9000", false, NULL},
    {"ours as a prefix", "localhost.evil.example", false, NULL},
    {"ours as a suffix without a dot", "evillocalhost", false, NULL},
    {"an address has no labels", "bucket.127.0.0.1", false, NULL},
    {"another loopback address", "127.0.0.2", false, NULL},
    {"empty", "", false, NULL},
    {"only a port", ":9000", false, NULL},
    {"only a dot in front", ".localhost", false, NULL},
    {"two ports", "localhost:1:2", false, NULL},
    {"a port with letters", "localhost:9a", false, NULL},
    {"a user", "user@localhost", false, NULL},
    {"a path", "localhost/x", false, NULL},
    {"an open bracket", "[::1", false, NULL},
    {"behind a bracket", "[::1]x", false, NULL},
    {"a space", "local host", false, NULL},
    {"a byte of UTF-8", "loc\xc3\xa4lhost", false, NULL},
};

static void host_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct host_case *c = &cases[i];
        char name[HTTP_HOST_MAX + 1];
        size_t label = 0;
        check_why("%s", c->why);
        bool ok = http_host_name(c->header, name) && http_host_known(name, known, NL_LEN(known), &label);
        CHECK(ok == c->ok);
        if (c->ok) {
            name[label] = '\0';
            CHECK_STR(label ? name : "", c->label);
        }
    }
}

static void host_too_long(void **state)
{
    (void)state;
    char header[400], name[HTTP_HOST_MAX + 1];
    memset(header, 'a', sizeof(header));
    header[399] = '\0';
    CHECK(!http_host_name(header, name));
    header[HTTP_HOST_MAX] = '\0';
    CHECK(http_host_name(header, name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(host_table), cmocka_unit_test(host_too_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
