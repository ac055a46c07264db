/* tests/cli/place.c: where a copy goes, and which keys may not become files. */
#include "cli/place.h"

#include "base/str.h"
#include "support/check.h"
#include "support/tmp.h"

static void targets_keep_the_name_where_they_are_folders(void **state)
{
    static const struct {
        const char *source, *target, *want; /* NULL: refused */
    } cases[] = {
        {"a/parts.parquet", "s3://lake", "s3://lake/parts.parquet"},
        {"a/parts.parquet", "s3://lake/", "s3://lake/parts.parquet"},
        {"a/parts.parquet", "s3://lake/raw/", "s3://lake/raw/parts.parquet"},
        {"a/parts.parquet", "s3://lake/raw", "s3://lake/raw"},
        {"s3://lake/a/b.csv", "out/", "out/b.csv"},
        {"s3://lake/a/b.csv", "c.csv", "c.csv"},
        {"-", "s3://lake/x", "s3://lake/x"},
        {"-", "s3://lake/", NULL},
        {"s3://lake/a/", "out/", NULL},
    };
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf out = {0};
        nl_error err = {0};
        check_why("%s to %s", cases[i].source, cases[i].target);
        int rc = cli_target_of(cases[i].source, cases[i].target, &out, &err);
        if (cases[i].want) {
            CHECK_OK(rc, err);
            CHECK_STR(out.data, cases[i].want);
        } else {
            CHECK_FAILS(rc, NL_INVALID, err, NULL);
        }
        nl_buf_free(&out);
    }
}

static void an_existing_folder_is_a_folder(void **state)
{
    nl_buf out = {0};
    nl_error err = {0};
    CHECK_OK(cli_target_of("s3://lake/a/b.csv", *state, &out, &err), err);
    CHECK(nl_ends_with(out.data, "/b.csv"));
    CHECK(nl_starts_with(out.data, *state));
    nl_buf_free(&out);
}

static void keys_do_not_leave_their_folder(void **state)
{
    static const char *const bad[] = {"../x", "a/../../x", "a/..", ".", "a//b", "/etc/passwd", ""};
    static const char *const good[] = {"x", "a/b", "..x", "a/...", "a/.b"};
    (void)state;
    for (size_t i = 0; i < NL_LEN(bad) + NL_LEN(good); i++) {
        bool ok = i >= NL_LEN(bad);
        const char *key = ok ? good[i - NL_LEN(bad)] : bad[i];
        nl_buf out = {0};
        nl_error err = {0};
        check_why("'%s'", key);
        CHECK_INT(cli_below("out", key, &out, &err), ok ? NL_OK : NL_INVALID);
        CHECK_INT(cli_below("s3://lake/out", key, &out, &err), NL_OK);
        nl_buf_free(&out);
    }
}

static void uris_are_checked(void **state)
{
    static const struct {
        const char *uri;
        bool key_optional;
        int want;
    } cases[] = {{"s3://lake/x", false, NL_OK},     {"s3://lake", true, NL_OK},  {"s3://lake/", true, NL_OK},
                 {"s3://lake", false, NL_INVALID},  {"s3://", true, NL_INVALID}, {"s3:///x", false, NL_INVALID},
                 {"http://a/b", false, NL_INVALID}, {"lake/x", true, NL_INVALID}};
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err = {0};
        check_why("%s", cases[i].uri);
        CHECK_INT(cli_check_s3(cases[i].uri, cases[i].key_optional, &err), cases[i].want);
    }
    CHECK_STR(cli_s3_key("s3://lake/a/b"), "a/b");
    CHECK_STR(cli_s3_key("s3://lake"), "");
    CHECK_STR(cli_base_name("s3://lake/a/b"), "b");
    CHECK_STR(cli_base_name("s3://lake"), "");
    CHECK_STR(cli_base_name("x"), "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_keep_the_name_where_they_are_folders),
        cmocka_unit_test_setup_teardown(an_existing_folder_is_a_folder, tmp_setup, tmp_teardown),
        cmocka_unit_test(keys_do_not_leave_their_folder),
        cmocka_unit_test(uris_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
