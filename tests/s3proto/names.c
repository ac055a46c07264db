/* names.c: rules for buckets, keys and URIs; the table of error codes; times. */
#include "s3proto/names.h"

#include "base/str.h"
#include "s3proto/errors.h"
#include "s3proto/time.h"
#include "support/check.h"
#include "support/rng.h"

static void buckets(void **state)
{
    (void)state;
    static const char *const good[] = {"abc",
                                       "my-bucket",
                                       "a.b.c",
                                       "123",
                                       "1.2.3",
                                       "1.2.3.4.5",
                                       "neuralake-bucket",
                                       "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"};
    static const struct {
        const char *name, *message;
    } bad[] = {{"", "0 characters"},
               {"ab", "2 characters"},
               {"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01", "64 characters"},
               {"Abc", "lower-case"},
               {"a_b", "lower-case"},
               {"a b", "lower-case"},
               {"a/b", "lower-case"},
               {"-ab", "begin and end"},
               {"ab-", "begin and end"},
               {".ab", "begin and end"},
               {"a..b", "\"..\""},
               {"a.-b", "\".-\""},
               {"a-.b", "\"-.\""},
               {"127.0.0.1", "IP address"},
               {"xn--a", "reserved"},
               {"sthree-a", "reserved"},
               {"a-s3alias", "reserved"},
               {"a--ol-s3", "reserved"}};
    for (size_t i = 0; i < NL_LEN(good); i++) {
        nl_error err = {0};
        check_why("%s", good[i]);
        CHECK_OK(s3_bucket_check(good[i], strlen(good[i]), &err), err);
    }
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        nl_error err = {0};
        check_why("%s", bad[i].name);
        CHECK_FAILS(s3_bucket_check(bad[i].name, strlen(bad[i].name), &err), NL_INVALID, err, bad[i].message);
    }
}

static void keys(void **state)
{
    (void)state;
    char key[S3_KEY_MAX + 2];
    nl_error err = {0};
    memset(key, 'k', sizeof key);
    CHECK_OK(s3_key_check(key, S3_KEY_MAX, &err), err);
    CHECK_FAILS(s3_key_check(key, S3_KEY_MAX + 1, &err), NL_INVALID, err, "1025 bytes");
    CHECK_FAILS(s3_key_check("", 0, &err), NL_INVALID, err, "empty");
    CHECK_FAILS(s3_key_check("a\0b", 3, &err), NL_INVALID, err, "NUL");
    CHECK_FAILS(s3_key_check("\xff", 1, &err), NL_INVALID, err, "UTF-8");
    CHECK_OK(s3_key_check("../a//b/./\xc3\xa4 ?&", 14, &err), err);
}

static void uris(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *bucket, *key;
    } cases[] = {{"s3://abc/a/b", "abc", "a/b"}, {"s3://abc/", "abc", ""},
                 {"s3://abc", "abc", ""},        {"s3://abc//a%20", "abc", "/a%20"},
                 {"s3://", NULL, NULL},          {"s3://A/b", NULL, NULL},
                 {"s3:/abc", NULL, NULL},        {"http://abc/d", NULL, NULL}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char bucket[S3_BUCKET_MAX + 1];
        const char *key;
        nl_error err = {0};
        check_why("%s", cases[i].uri);
        int rc = s3_uri_split(cases[i].uri, bucket, &key, &err);
        if (!cases[i].bucket) {
            CHECK_FAILS(rc, NL_INVALID, err, cases[i].uri);
            continue;
        }
        CHECK_OK(rc, err);
        CHECK_STR(bucket, cases[i].bucket);
        CHECK_STR(key, cases[i].key);
    }
}

static void error_codes(void **state)
{
    (void)state;
    CHECK_INT(s3_error_find("NoSuchKey")->http, 404);
    CHECK_INT(s3_error_find("NoSuchKey")->status, NL_NOT_FOUND);
    CHECK_INT(s3_error_find("SlowDown")->retry, true);
    CHECK_INT(s3_error_find("AccessDenied")->status, NL_DENIED);
    CHECK_INT(s3_error_find("XAmzContentSHA256Mismatch")->http, 400);
    CHECK(!s3_error_find("Nosuchkey"));
    CHECK(!s3_error_find(""));
    CHECK_INT(s3_status_of_http(404), NL_NOT_FOUND);
    CHECK_INT(s3_status_of_http(412), NL_CONFLICT);
    CHECK_INT(s3_status_of_http(503), NL_IO);
    CHECK_INT(s3_status_of_http(505), NL_IO);
    CHECK_INT(s3_status_of_http(204), NL_OK);
    CHECK(s3_http_retry(503));
    CHECK(!s3_http_retry(501));
    CHECK(!s3_http_retry(404));
}

static void times_written(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *basic, *http, *iso;
    } cases[] = {
        {0, "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"},
        {1369353600, "20130524T000000Z", "Fri, 24 May 2013 00:00:00 GMT", "2013-05-24T00:00:00.000Z"},
        {951782399, "20000228T235959Z", "Mon, 28 Feb 2000 23:59:59 GMT", "2000-02-28T23:59:59.000Z"},
        {951782400, "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.000Z"},
        {4107542399, "21000228T235959Z", "Sun, 28 Feb 2100 23:59:59 GMT", "2100-02-28T23:59:59.000Z"},
        {4107542400, "21000301T000000Z", "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01T00:00:00.000Z"},
        {253402300799, "99991231T235959Z", "Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59.000Z"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char basic[S3_TIME_BASIC], http[S3_TIME_HTTP], iso[S3_TIME_ISO];
        int64_t back;
        check_why("%s", cases[i].basic);
        s3_time_basic(cases[i].seconds, basic);
        s3_time_http(cases[i].seconds, http);
        s3_time_iso(cases[i].seconds, 0, iso);
        CHECK_STR(basic, cases[i].basic);
        CHECK_STR(http, cases[i].http);
        CHECK_STR(iso, cases[i].iso);
        CHECK(s3_time_parse_basic(basic, &back) && back == cases[i].seconds);
        CHECK(s3_time_parse_http(http, &back) && back == cases[i].seconds);
        CHECK(s3_time_parse_iso(iso, &back) && back == cases[i].seconds);
    }
}

static void times_make_the_round_trip(void **state)
{
    (void)state;
    struct rng r = rng_seed("times");
    for (int i = 0; i < 20000; i++) {
        char text[S3_TIME_HTTP];
        int64_t at = (int64_t)rng_below(&r, 253402300800), back;
        check_why("%lld", (long long)at);
        s3_time_basic(at, text);
        CHECK(s3_time_parse_basic(text, &back) && back == at);
        s3_time_http(at, text);
        CHECK(s3_time_parse_http(text, &back) && back == at);
    }
}

static void times_refused(void **state)
{
    (void)state;
    int64_t t;
    static const char *const basic[] = {"",
                                        "20130524T000000",
                                        "20130524T000000Zx",
                                        "20131324T000000Z",
                                        "20130230T000000Z",
                                        "20210229T000000Z",
                                        "20130524T240000Z",
                                        "20130524 000000Z",
                                        "2013-05-24T00:00:00Z",
                                        "19691231T235959Z",
                                        "2013052aT000000Z"};
    static const char *const http[] = {"", "Fri, 24 May 2013 00:00:00", "Fri, 24 Mai 2013 00:00:00 GMT",
                                       "Fri, 24 May 2013 00:00:00 CET", "24 May 2013 00:00:00 GMT"};
    static const char *const iso[] = {"", "2013-05-24", "2013-05-24T00:00:00", "2013-05-24T00:00:00.Z",
                                      "2013-05-24T00:00:00+01:00"};
    for (size_t i = 0; i < NL_LEN(basic); i++) {
        check_why("%s", basic[i]);
        CHECK(!s3_time_parse_basic(basic[i], &t));
    }
    for (size_t i = 0; i < NL_LEN(http); i++) {
        check_why("%s", http[i]);
        CHECK(!s3_time_parse_http(http[i], &t));
    }
    for (size_t i = 0; i < NL_LEN(iso); i++) {
        check_why("%s", iso[i]);
        CHECK(!s3_time_parse_iso(iso[i], &t));
    }
    CHECK(s3_time_parse_iso("2013-05-24T00:00:00Z", &t) && t == 1369353600);
    CHECK(s3_time_parse_iso("2013-05-24T00:00:00.123456+00:00", &t) && t == 1369353600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets),       cmocka_unit_test(keys),          cmocka_unit_test(uris),
        cmocka_unit_test(error_codes),   cmocka_unit_test(times_written), cmocka_unit_test(times_make_the_round_trip),
        cmocka_unit_test(times_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
