/* tests/catalog/type.c: texts into values, type by type: edges, and what is none. */
#include "catalog/type.h"

#include "base/str.h"
#include "support/check.h"

static const struct {
    const char *format, *text;
    int want;
    enum nl_value_kind kind;
    int64_t i;
    double d;
} cases[] = {
    {"l", "9223372036854775807", NL_OK, NL_VALUE_INT, INT64_MAX, 0},
    {"l", "-9223372036854775808", NL_OK, NL_VALUE_INT, INT64_MIN, 0},
    {"l", "9223372036854775808", NL_INVALID, 0, 0, 0},
    {"l", "", NL_INVALID, 0, 0, 0},
    {"l", " 1", NL_INVALID, 0, 0, 0},
    {"l", "1x", NL_INVALID, 0, 0, 0},
    {"i", "2147483647", NL_OK, NL_VALUE_INT, INT32_MAX, 0},
    {"i", "2147483648", NL_INVALID, 0, 0, 0},
    {"b", "true", NL_OK, NL_VALUE_BOOL, 1, 0},
    {"b", "FALSE", NL_OK, NL_VALUE_BOOL, 0, 0},
    {"b", "yes", NL_INVALID, 0, 0, 0},
    {"g", "1.5e3", NL_OK, NL_VALUE_DOUBLE, 0, 1500},
    {"g", "-7", NL_OK, NL_VALUE_DOUBLE, 0, -7},
    {"g", "1e999", NL_INVALID, 0, 0, 0},
    {"g", "0x10", NL_INVALID, 0, 0, 0},
    {"g", "1,5", NL_INVALID, 0, 0, 0},
    {"tdD", "1970-01-01", NL_OK, NL_VALUE_INT, 0, 0},
    {"tdD", "1969-12-31", NL_OK, NL_VALUE_INT, -1, 0},
    {"tdD", "2000-02-29", NL_OK, NL_VALUE_INT, 11016, 0},
    {"tdD", "0000-03-01", NL_OK, NL_VALUE_INT, -719468, 0},
    {"tdD", "9999-12-31", NL_OK, NL_VALUE_INT, 2932896, 0},
    {"tdD", "1900-02-29", NL_INVALID, 0, 0, 0},
    {"tdD", "2024-13-01", NL_INVALID, 0, 0, 0},
    {"tdD", "2024-00-01", NL_INVALID, 0, 0, 0},
    {"tdD", "2024-01-00", NL_INVALID, 0, 0, 0},
    {"tdD", "2024-1-1", NL_INVALID, 0, 0, 0},
    {"tdD", "2024-01-01x", NL_INVALID, 0, 0, 0},
    {"tdD", "2024", NL_INVALID, 0, 0, 0},
    {"tsu:", "1970-01-02T00:00:01.5Z", NL_OK, NL_VALUE_INT, INT64_C(86401500000), 0},
    {"tsu:", "1970-01-02 00:00:01", NL_OK, NL_VALUE_INT, INT64_C(86401000000), 0},
    {"tsu:", "1969-12-31 23:59:59.999999", NL_OK, NL_VALUE_INT, -1, 0},
    {"tsu:", "1970-01-01", NL_OK, NL_VALUE_INT, 0, 0},
    {"tsu:", "1970-01-01 24:00:00", NL_INVALID, 0, 0, 0},
    {"tsu:", "1970-01-01 00:00", NL_INVALID, 0, 0, 0},
};

static void reads_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_value v = {0};
        nl_error err = {0};
        check_why("%s '%s'", cases[i].format, cases[i].text);
        int rc = catalog_value_parse(cases[i].format, cases[i].text, strlen(cases[i].text), &v, &err);
        CHECK_INT(rc, cases[i].want);
        if (rc) {
            CHECK_HAS(err.message, "is not a ");
            continue;
        }
        CHECK_INT(v.kind, cases[i].kind);
        if (v.kind == NL_VALUE_DOUBLE)
            CHECK_NEAR(v.d, cases[i].d, 0);
        else
            CHECK_INT(v.kind == NL_VALUE_BOOL ? v.b : v.i, cases[i].i);
    }
    check_why("%s", "");
}

static void refuses_bytes(void **state)
{
    (void)state;
    nl_value v;
    nl_error err = {0};
    CHECK_OK(catalog_value_parse("u", "d\xc3\xa9", 3, &v, &err), err);
    CHECK_INT(v.bytes.len, 3);
    CHECK_FAILS(catalog_value_parse("u", "d\xc3", 2, &v, &err), NL_INVALID, err, "not UTF-8");
    CHECK_FAILS(catalog_value_parse("l", "1\0", 2, &v, &err), NL_INVALID, err, "not a BIGINT");
}

static void names_types(void **state)
{
    (void)state;
    const char *format = NULL;
    nl_error err = {0};
    CHECK_OK(catalog_type_parse("bigint", &format, &err), err);
    CHECK_STR(format, "l");
    CHECK_STR(catalog_format_name("l"), "BIGINT");
    CHECK_FAILS(catalog_type_parse("BIGNT", &format, &err), NL_INVALID, err, "'BIGNT' is not a type");
    CHECK_STR(err.hint, "did you mean BIGINT?");
    CHECK_FAILS(catalog_type_parse("", &format, &err), NL_INVALID, err, "is not a type");
    CHECK_STR(catalog_type_format(NL_TIMESTAMP), "tsu:");
    CHECK(!catalog_type_format(NL_TYPE_NOT_STATED));
    CHECK(!catalog_type_format((enum nl_type)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),
        cmocka_unit_test(refuses_bytes),
        cmocka_unit_test(names_types),
    };
    return cmocka_run_group_tests_name("catalog/type", tests, NULL, NULL);
}
