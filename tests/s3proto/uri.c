/* uri.c: percent-encoding and queries: each rule of uri.h, both ways, and what must be refused. */
#include "s3proto/uri.h"

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

static void encoding(void **state)
{
    (void)state;
    static const struct {
        const char *text, *with_slash, *without;
    } cases[] = {
        {"", "", ""},
        {"azAZ09-._~", "azAZ09-._~", "azAZ09-._~"},
        {"a/b c", "a/b%20c", "a%2Fb%20c"},
        {"%+&=?#", "%25%2B%26%3D%3F%23", "%25%2B%26%3D%3F%23"},
        {"!'()*", "%21%27%28%29%2A", "%21%27%28%29%2A"},
        {"\xc3\xa4\xf0\x9f\x8c\x8a", "%C3%A4%F0%9F%8C%8A", "%C3%A4%F0%9F%8C%8A"},
        {"\x01\x7f", "%01%7F", "%01%7F"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf b = {0}, back = {0};
        nl_error err = {0};
        check_why("\"%s\"", cases[i].text);
        CHECK_OK(s3_uri_encode(&b, cases[i].text, strlen(cases[i].text), true, &err), err);
        CHECK_STR(b.data, cases[i].with_slash);
        nl_buf_clear(&b);
        CHECK_OK(s3_uri_encode(&b, cases[i].text, strlen(cases[i].text), false, &err), err);
        CHECK_INT(b.len, strlen(cases[i].without));
        CHECK_MEM(b.data, cases[i].without, b.len);
        CHECK_OK(s3_uri_decode(&back, b.data, b.len, true, &err), err);
        CHECK_INT(back.len, strlen(cases[i].text));
        CHECK_MEM(back.data, cases[i].text, back.len);
        nl_buf_free(&b);
        nl_buf_free(&back);
    }
}

static void decoding_is_strict_and_happens_once(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool plus;
        const char *want; /* NULL: refused */
    } cases[] = {{"%2520", false, "%20"}, {"a+b", false, "a+b"}, {"a+b", true, "a b"},  {"%e4%E4", false, "\xe4\xe4"},
                 {"%", false, NULL},      {"%1", false, NULL},   {"a%zz", false, NULL}, {"%00", false, NULL},
                 {"%%20", false, NULL},   {"%2", false, NULL}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf b = {0};
        nl_error err = {0};
        check_why("\"%s\"", cases[i].text);
        CHECK_OK(nl_buf_puts(&b, "x", &err), err);
        int rc = s3_uri_decode(&b, cases[i].text, strlen(cases[i].text), cases[i].plus, &err);
        if (cases[i].want) {
            CHECK_OK(rc, err);
            CHECK_STR(b.data + 1, cases[i].want);
        } else {
            CHECK_FAILS(rc, NL_INVALID, err, "byte");
            CHECK_STR(b.data, "x");
        }
        nl_buf_free(&b);
    }
}

static void queries(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *canonical; /* NULL: refused */
        size_t n;
    } cases[] = {
        {"", "", 0},
        {"uploads", "uploads=", 1},
        {"b=2&a=1", "a=1&b=2", 2},
        {"a=2&a=1&A=0", "A=0&a=1&a=2", 3},
        {"&&a=1&", "a=1", 1},
        {"prefix=a%2Fb+c&delimiter=/", "delimiter=%2F&prefix=a%2Fb%20c", 2},
        {"a=b=c", "a=b%3Dc", 1},
        {"=x", "=x", 1},
        {"a=%", NULL, 0},
        {"%00=a", NULL, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_arena arena = {0};
        nl_buf out = {0};
        nl_error err = {0};
        s3_pair *pairs;
        size_t n;
        check_why("\"%s\"", cases[i].raw);
        int rc = s3_query_parse(&arena, cases[i].raw, strlen(cases[i].raw), &pairs, &n, &err);
        if (!cases[i].canonical) {
            CHECK_FAILS(rc, NL_INVALID, err, "byte");
        } else {
            CHECK_OK(rc, err);
            CHECK_INT(n, cases[i].n);
            CHECK_OK(nl_buf_puts(&out, "", &err), err);
            CHECK_OK(s3_query_canonical(&out, pairs, n, NULL, &err), err);
            CHECK_STR(out.data ? out.data : "", cases[i].canonical);
        }
        nl_buf_free(&out);
        nl_arena_free(&arena);
    }
}

static void limits_and_lookups(void **state)
{
    (void)state;
    char many[1000];
    memset(many, '&', sizeof many);
    nl_arena arena = {0};
    nl_buf out = {0};
    nl_error err = {0};
    s3_pair *pairs;
    size_t n, path;
    const char *query;
    CHECK_FAILS(s3_query_parse(&arena, many, sizeof many, &pairs, &n, &err), NL_INVALID, err, "1001");
    CHECK_OK(s3_query_parse(&arena, "a=1&b=2&a=3", 11, &pairs, &n, &err), err);
    CHECK_STR(s3_query_get(pairs, n, "a"), "1");
    CHECK(!s3_query_get(pairs, n, "c"));
    CHECK_OK(s3_query_canonical(&out, pairs, n, "a", &err), err);
    CHECK_STR(out.data, "b=2");
    s3_target_split("/a/b?c?d", &path, &query);
    CHECK_INT(path, 4);
    CHECK_STR(query, "c?d");
    s3_target_split("/a", &path, &query);
    CHECK_INT(path, 2);
    CHECK(!query);
    nl_buf_free(&out);
    nl_arena_free(&arena);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_arena arena = {0};
        nl_buf out = {0};
        nl_error err = {0};
        s3_pair *pairs;
        size_t n;
        int rc = s3_query_parse(&arena, "b=%20&a=1", 9, &pairs, &n, &err);
        if (!rc)
            rc = s3_query_canonical(&out, pairs, n, NULL, &err);
        bool failed = fault_off(&f);
        CHECK(rc == (failed ? NL_NO_MEMORY : NL_OK));
        nl_buf_free(&out);
        nl_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding),
        cmocka_unit_test(decoding_is_strict_and_happens_once),
        cmocka_unit_test(queries),
        cmocka_unit_test(limits_and_lookups),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
