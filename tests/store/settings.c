/* settings.c: who wins over whom, the two files and their parser, and what is said where something is missing. */
#include "store/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/str.h"
#include "store/ini.h"
#include "store/s3/endpoint.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

static char *folder;

static const char *const variables[] = {"AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_ENDPOINT_URL_S3",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_CA_BUNDLE",
                                        "AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE",
                                        "AWS_CONFIG_FILE",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                        "AWS_NO_SIGN_REQUEST",
                                        "AWS_REQUEST_PAYER",
                                        "NEURALAKE_MAX_IN_FLIGHT"};

static int setup(void **state)
{
    (void)state;
    folder = tmp_make();
    setenv("HOME", folder, 1);
    for (size_t i = 0; i < NL_LEN(variables); i++)
        unsetenv(variables[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tmp_remove(folder);
    return 0;
}

/* Write a file into the temporary folder and let a variable name it. */
static void file(const char *variable, const char *name, const char *text)
{
    char *path = tmp_path(folder, name);
    tmp_write_text(path, text);
    setenv(variable, path, 1);
    free(path);
}

static void nothing_is_set(void **state)
{
    (void)state;
    struct store_settings s;
    nl_error err = {0};
    CHECK_OK(store_settings_read(NULL, &s, &err), err);
    CHECK_STR(s.profile, "default");
    CHECK_STR(s.region, "us-east-1");
    CHECK(!s.endpoint_url && !s.ca_bundle && !s.access_key && !s.anonymous && !s.requester_pays);
    store_settings_free(&s);
}

static void who_asks_and_who_pays(void **state)
{
    (void)state;
    static const struct {
        const char *sign, *payer;
        nl_store_options o;
        int want; /* NL_OK, or the failure */
        bool anonymous, pays;
    } cases[] = {
        {"true", NULL, {0}, NL_OK, true, false},
        {"YES", NULL, {0}, NL_OK, true, false},
        {"0", NULL, {0}, NL_OK, false, false},
        {"perhaps", NULL, {0}, NL_INVALID, false, false},
        {"true", NULL, {.access_key = "A", .secret_key = "S"}, NL_OK, false, false},
        {"true", NULL, {.profile = "default"}, NL_OK, false, false},
        {NULL, NULL, {.anonymous = true}, NL_OK, true, false},
        {NULL, NULL, {.anonymous = true, .access_key = "A"}, NL_INVALID, false, false},
        {NULL, "requester", {0}, NL_OK, false, true},
        {NULL, "me", {0}, NL_INVALID, false, false},
        {NULL, NULL, {.requester_pays = true}, NL_OK, false, true},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_settings s;
        nl_error err = {0};
        check_why("case %zu", i);
        unsetenv("AWS_NO_SIGN_REQUEST");
        unsetenv("AWS_REQUEST_PAYER");
        if (cases[i].sign)
            setenv("AWS_NO_SIGN_REQUEST", cases[i].sign, 1);
        if (cases[i].payer)
            setenv("AWS_REQUEST_PAYER", cases[i].payer, 1);
        CHECK_INT(store_settings_read(&cases[i].o, &s, &err), cases[i].want);
        CHECK_INT(s.anonymous, cases[i].anonymous);
        CHECK_INT(s.requester_pays, cases[i].pays);
        store_settings_free(&s);
    }
}

static void the_environment(void **state)
{
    (void)state;
    struct store_settings s;
    nl_error err = {0};
    setenv("AWS_ACCESS_KEY_ID", "A", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
    setenv("AWS_SESSION_TOKEN", "T", 1);
    setenv("AWS_ENDPOINT_URL", "http://general", 1);
    setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
    CHECK_OK(store_settings_read(NULL, &s, &err), err);
    CHECK_STR(s.endpoint_url, "http://general");
    CHECK_STR(s.region, "eu-west-1");
    CHECK(!s.ca_bundle);
    store_settings_free(&s);
    setenv("AWS_ENDPOINT_URL_S3", "http://of-s3", 1);
    setenv("AWS_REGION", "eu-west-2", 1);
    setenv("AWS_CA_BUNDLE", "/certs", 1);
    CHECK_OK(store_settings_read(NULL, &s, &err), err);
    CHECK_STR(s.endpoint_url, "http://of-s3");
    CHECK_STR(s.region, "eu-west-2");
    CHECK_STR(s.ca_bundle, "/certs");
    store_settings_free(&s);
    nl_store_options o = {.endpoint_url = "http://mine", .region = "r", .access_key = "MA", .secret_key = "MS"};
    CHECK_OK(store_settings_read(&o, &s, &err), err);
    CHECK_STR(s.endpoint_url, "http://mine");
    CHECK_STR(s.region, "r");
    CHECK_STR(s.access_key, "MA");
    CHECK(!s.session_token);
    store_settings_free(&s);
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    CHECK_OK(store_settings_read(NULL, &s, &err), err);
    CHECK(!s.endpoint_url);
    store_settings_free(&s);
}

static void the_files(void **state)
{
    (void)state;
    struct store_settings s;
    nl_error err = {0};
    file("AWS_CONFIG_FILE", "config",
         "# comment\n[default]\nregion = us-west-1 ; here\n\n[profile lab]\nregion=eu-central-1\nservices = ours\n"
         "s3 =\n  addressing_style = path\n  max_concurrent_requests = 20\nca_bundle = /b\n"
         "[profile keys]\naws_access_key_id = CA\naws_secret_access_key = CS\nendpoint_url = http://profile\n"
         "[profile sso]\nsso_session = x\n[services ours]\ns3 =\n  endpoint_url = http://service\ndynamodb =\n"
         "  endpoint_url = http://other\n[sso-session x]\nsso_start_url = https://y\n");
    file("AWS_SHARED_CREDENTIALS_FILE", "credentials",
         "[default]\naws_access_key_id = DA\naws_secret_access_key = DS\n[lab]\naws_access_key_id=LA\n"
         "aws_secret_access_key=L+/=S\naws_session_token = LT\r\n");
    CHECK_OK(store_settings_read(NULL, &s, &err), err);
    CHECK_STR(s.region, "us-west-1");
    CHECK(!s.endpoint_url);
    CHECK_INT(s.addressing, STORE_ADDRESS_AUTO);
    store_settings_free(&s);

    setenv("AWS_PROFILE", "lab", 1);
    CHECK_OK(store_settings_read(NULL, &s, &err), err);
    CHECK_STR(s.region, "eu-central-1");
    CHECK_STR(s.endpoint_url, "http://service");
    CHECK_STR(s.ca_bundle, "/b");
    CHECK_INT(s.addressing, STORE_ADDRESS_PATH);
    CHECK_INT(s.max_in_flight, 20);
    store_settings_free(&s);

    nl_store_options o = {.profile = "keys"};
    CHECK_OK(store_settings_read(&o, &s, &err), err);
    CHECK_STR(s.endpoint_url, "http://profile");
    store_settings_free(&s);

    o.profile = "missing";
    CHECK_FAILS(store_settings_read(&o, &s, &err), NL_INVALID, err, "profile \"missing\" is in neither");
}

/* The caller, the variable, the profile, 64. 0: refused. */
static void requests_in_flight(void **state)
{
    (void)state;
    static const struct {
        size_t option;
        const char *variable, *profile;
        size_t want;
    } cases[] = {{0, NULL, NULL, 64},  {0, NULL, "1", 1},       {0, "7", "20", 7},    {3, "7", "20", 3},
                 {3, "x", NULL, 3},    {0, "4096", NULL, 4096}, {0, "4097", NULL, 0}, {0, "0", NULL, 0},
                 {0, "-1", NULL, 0},   {0, "8 ", NULL, 0},      {0, NULL, "0", 0},    {0, NULL, "many", 0},
                 {0, NULL, "4097", 0}, {0, "", "20", 20}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_settings s;
        nl_error err = {0};
        nl_store_options o = {.max_in_flight = cases[i].option};
        char text[128];
        check_why("case %zu", i);
        snprintf(text, sizeof text, "[default]\ns3 =\n  %s%s\n",
                 cases[i].profile ? "max_concurrent_requests = " : "x = y", cases[i].profile ? cases[i].profile : "");
        file("AWS_CONFIG_FILE", "config", text);
        unsetenv("NEURALAKE_MAX_IN_FLIGHT");
        if (cases[i].variable)
            setenv("NEURALAKE_MAX_IN_FLIGHT", cases[i].variable, 1);
        if (cases[i].want) {
            CHECK_OK(store_settings_read(&o, &s, &err), err);
            CHECK_INT(s.max_in_flight, cases[i].want);
            store_settings_free(&s);
        } else
            CHECK_FAILS(store_settings_read(&o, &s, &err), NL_INVALID, err,
                        cases[i].variable ? "NEURALAKE_MAX_IN_FLIGHT" : "max_concurrent_requests");
    }
    check_why("%s", "");
}

static void files_in_the_home_folder(void **state)
{
    (void)state;
    struct store_settings s;
    nl_error err = {0};
    char *dot = tmp_path(folder, ".aws");
    mkdir(dot, 0700);
    char *path = tmp_path(dot, "config");
    tmp_write_text(path, "[default]\nregion = sa-east-1\n");
    CHECK_OK(store_settings_read(NULL, &s, &err), err);
    CHECK_STR(s.region, "sa-east-1");
    store_settings_free(&s);
    free(path);
    free(dot);
}

static void bad_files_name_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"key = before\n", "config, line 1: a setting before any [section]"},
        {"[default]\nregion\n", "config, line 2: neither"},
        {"[default]\n= x\n", "config, line 2: neither"},
        {"[default\n", "config, line 1: a section is written [name]"},
        {"[default] x\n", "config, line 1: a section is written [name]"},
        {"\n\n[]\n", "config, line 3: a section without a name"},
        {"[default]\ns3 =\n  addressing_style = sideways\n", "addressing_style is auto, path or virtual"},
    };
    setenv("AWS_ACCESS_KEY_ID", "A", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_settings s;
        nl_error err = {0};
        check_why("%s", cases[i].text);
        file("AWS_CONFIG_FILE", "config", cases[i].text);
        CHECK_FAILS(store_settings_read(NULL, &s, &err), NL_INVALID, err, cases[i].message);
    }
}

static int collect(void *ctx, const char *section, const char *key, const char *sub, const char *value, nl_error *err)
{
    return nl_buf_printf(ctx, err, "%s|%s|%s|%s;", section, key, sub, value);
}

static void the_parser(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"[a]\nk=v", "a|k||v;"},
        {"[ a  b ] # c\n k = v # c\nk2 = v#2\n;x\n", "a b|k||v;a b|k2||v#2;"},
        {"[a]\ns3 =\n x = 1\n\ty=2\nz = 3\n  continued\n", "a|s3||;a|s3|x|1;a|s3|y|2;a|z||3;"},
        {"[a]\r\nk = v\r\n", "a|k||v;"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf out = {0};
        nl_error err = {0};
        check_why("%s", cases[i].text);
        CHECK_OK(nl_buf_puts(&out, "", &err), err);
        CHECK_OK(store_ini_parse("f", cases[i].text, strlen(cases[i].text), collect, &out, &err), err);
        CHECK_STR(out.data ? out.data : "", cases[i].want);
        nl_buf_free(&out);
    }
    char long_line[5000];
    nl_buf out = {0};
    nl_error err = {0};
    memset(long_line, 'a', sizeof long_line);
    CHECK_FAILS(store_ini_parse("f", long_line, sizeof long_line, collect, &out, &err), NL_INVALID, err, "5000 bytes");
    CHECK_FAILS(store_ini_parse("f", "[a]\nb\0=c", 8, collect, &out, &err), NL_INVALID, err, "f, line 2: a NUL");
    nl_buf_free(&out);
}

static void endpoints_and_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint, *region;
        enum store_addressing style;
        const char *bucket, *key, *host, *path; /* host NULL: refused */
    } cases[] = {
        {NULL, "eu-west-1", STORE_ADDRESS_AUTO, "b", "a b/c", "b.s3.eu-west-1.amazonaws.com", "/a%20b/c"},
        {NULL, "us-east-1", STORE_ADDRESS_AUTO, "b", NULL, "b.s3.us-east-1.amazonaws.com", "/"},
        {NULL, "us-east-1", STORE_ADDRESS_AUTO, "b.c", "k", "s3.us-east-1.amazonaws.com", "/b.c/k"},
        {NULL, "cn-north-1", STORE_ADDRESS_PATH, "b", "k", "s3.cn-north-1.amazonaws.com.cn", "/b/k"},
        {"http://127.0.0.1:9000", "r", STORE_ADDRESS_AUTO, "b", "k", "127.0.0.1:9000", "/b/k"},
        {"http://127.0.0.1:9000/", "r", STORE_ADDRESS_AUTO, "b", NULL, "127.0.0.1:9000", "/b"},
        {"http://h:80", "r", STORE_ADDRESS_AUTO, NULL, NULL, "h", "/"},
        {"https://h:443/x/y/", "r", STORE_ADDRESS_AUTO, "b", "../k", "h", "/x/y/b/../k"},
        {"https://h:80", "r", STORE_ADDRESS_VIRTUAL, "b", "k", "b.h:80", "/k"},
        {"http://[::1]:9000", "r", STORE_ADDRESS_AUTO, "b", "k", "[::1]:9000", "/b/k"},
        {"HTTP://localhost", "r", STORE_ADDRESS_AUTO, "b", "k", "localhost", "/b/k"},
        {"localhost:9000", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {"ftp://h", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {"http://", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {"http://user@h", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {"http://h:0", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {"http://h:99999", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {"http://h:1x", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {"http://h?x", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {"http://a b", "r", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
        {NULL, "evil.com/", STORE_ADDRESS_AUTO, NULL, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_settings s = {.endpoint_url = cases[i].endpoint,
                                   .region = cases[i].region,
                                   .addressing = cases[i].style};
        struct store_endpoint e;
        nl_buf host = {0}, path = {0};
        nl_error err = {0};
        check_why("case %zu: %s", i, cases[i].endpoint ? cases[i].endpoint : cases[i].region);
        int rc = store_endpoint_parse(&s, &e, &err);
        if (!cases[i].host) {
            CHECK_FAILS(rc, NL_INVALID, err, NULL);
            continue;
        }
        CHECK_OK(rc, err);
        CHECK_OK(store_endpoint_address(&e, cases[i].bucket, cases[i].key, &host, &path, &err), err);
        CHECK_STR(host.data, cases[i].host);
        CHECK_STR(path.data, cases[i].path);
        nl_buf_free(&host);
        nl_buf_free(&path);
    }
}

static void loopback(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        bool loopback;
    } cases[] = {{"http://127.0.0.1:1", true}, {"http://127.9.8.7", true},  {"http://localhost:9", true},
                 {"http://[::1]", true},       {"http://128.0.0.1", false}, {"http://127.0.0.1.evil.com", false},
                 {"http://h", false}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct store_settings s = {.endpoint_url = cases[i].endpoint, .region = "r"};
        struct store_endpoint e;
        nl_error err = {0};
        check_why("%s", cases[i].endpoint);
        CHECK_OK(store_endpoint_parse(&s, &e, &err), err);
        CHECK_INT(e.loopback, cases[i].loopback);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    file("AWS_CONFIG_FILE", "config",
         "[default]\nregion = r\nservices = x\n[services x]\ns3 =\n  endpoint_url = http://e\n");
    file("AWS_SHARED_CREDENTIALS_FILE", "credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=S\n");
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct store_settings s;
        nl_error err = {0};
        int rc = store_settings_read(NULL, &s, &err);
        bool failed = fault_off(&f);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        store_settings_free(&s);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_set),
        TEST(who_asks_and_who_pays),
        TEST(the_environment),
        TEST(the_files),
        TEST(requests_in_flight),
        TEST(files_in_the_home_folder),
        TEST(bad_files_name_file_and_line),
        TEST(the_parser),
        TEST(endpoints_and_addresses),
        TEST(loopback),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
