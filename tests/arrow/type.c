/* tests/arrow/type.c: every format, its parts, its name in SQL; and what is not one. */
#include "arrow/arrow.h"
#include "base/str.h"
#include "support/check.h"

static const struct type_case {
    const char *format;
    struct arrow_type want;
    const char *sql;
} cases[] = {
    {"n", {.kind = ARROW_NULL}, "NULL"},
    {"b", {.kind = ARROW_BOOL, .width = 1}, "BOOLEAN"},
    {"c", {.kind = ARROW_INT, .width = 8, .is_signed = true}, "TINYINT"},
    {"C", {.kind = ARROW_INT, .width = 8}, "UTINYINT"},
    {"s", {.kind = ARROW_INT, .width = 16, .is_signed = true}, "SMALLINT"},
    {"S", {.kind = ARROW_INT, .width = 16}, "USMALLINT"},
    {"i", {.kind = ARROW_INT, .width = 32, .is_signed = true}, "INTEGER"},
    {"I", {.kind = ARROW_INT, .width = 32}, "UINTEGER"},
    {"l", {.kind = ARROW_INT, .width = 64, .is_signed = true}, "BIGINT"},
    {"L", {.kind = ARROW_INT, .width = 64}, "UBIGINT"},
    {"e", {.kind = ARROW_FLOAT, .width = 16}, "FLOAT"},
    {"f", {.kind = ARROW_FLOAT, .width = 32}, "FLOAT"},
    {"g", {.kind = ARROW_FLOAT, .width = 64}, "DOUBLE"},
    {"u", {.kind = ARROW_STRING, .layout = ARROW_OFFSETS32}, "VARCHAR"},
    {"U", {.kind = ARROW_STRING, .layout = ARROW_OFFSETS64}, "VARCHAR"},
    {"vu", {.kind = ARROW_STRING, .layout = ARROW_VIEW}, "VARCHAR"},
    {"z", {.kind = ARROW_BINARY, .layout = ARROW_OFFSETS32}, "BLOB"},
    {"Z", {.kind = ARROW_BINARY, .layout = ARROW_OFFSETS64}, "BLOB"},
    {"vz", {.kind = ARROW_BINARY, .layout = ARROW_VIEW}, "BLOB"},
    {"w:16", {.kind = ARROW_FIXED_BINARY, .byte_width = 16}, "BLOB"},
    {"w:0", {.kind = ARROW_FIXED_BINARY}, "BLOB"},
    {"d:15,2", {.kind = ARROW_DECIMAL, .width = 128, .is_signed = true, .precision = 15, .scale = 2}, "DECIMAL(15,2)"},
    {"d:38,0", {.kind = ARROW_DECIMAL, .width = 128, .is_signed = true, .precision = 38}, "DECIMAL(38,0)"},
    {"d:5,-3,128",
     {.kind = ARROW_DECIMAL, .width = 128, .is_signed = true, .precision = 5, .scale = -3},
     "DECIMAL(5,-3)"},
    {"d:76,2,256",
     {.kind = ARROW_DECIMAL_OTHER, .width = 256, .is_signed = true, .precision = 76, .scale = 2},
     "DECIMAL(76,2)"},
    {"d:9,2,32",
     {.kind = ARROW_DECIMAL_OTHER, .width = 32, .is_signed = true, .precision = 9, .scale = 2},
     "DECIMAL(9,2)"},
    {"d:18,0,64", {.kind = ARROW_DECIMAL_OTHER, .width = 64, .is_signed = true, .precision = 18}, "DECIMAL(18,0)"},
    {"tdD", {.kind = ARROW_DATE, .width = 32, .is_signed = true, .unit = ARROW_DAY}, "DATE"},
    {"tdm", {.kind = ARROW_DATE, .width = 64, .is_signed = true, .unit = ARROW_MILLI}, "DATE"},
    {"tts", {.kind = ARROW_TIME, .width = 32, .is_signed = true, .unit = ARROW_SECOND}, "TIME"},
    {"ttm", {.kind = ARROW_TIME, .width = 32, .is_signed = true, .unit = ARROW_MILLI}, "TIME"},
    {"ttu", {.kind = ARROW_TIME, .width = 64, .is_signed = true, .unit = ARROW_MICRO}, "TIME"},
    {"ttn", {.kind = ARROW_TIME, .width = 64, .is_signed = true, .unit = ARROW_NANO}, "TIME"},
    {"tss:", {.kind = ARROW_TIMESTAMP, .width = 64, .is_signed = true, .unit = ARROW_SECOND}, "TIMESTAMP_S"},
    {"tsm:", {.kind = ARROW_TIMESTAMP, .width = 64, .is_signed = true, .unit = ARROW_MILLI}, "TIMESTAMP_MS"},
    {"tsu:", {.kind = ARROW_TIMESTAMP, .width = 64, .is_signed = true, .unit = ARROW_MICRO}, "TIMESTAMP"},
    {"tsn:", {.kind = ARROW_TIMESTAMP, .width = 64, .is_signed = true, .unit = ARROW_NANO}, "TIMESTAMP_NS"},
    {"tsu:Europe/Berlin",
     {.kind = ARROW_TIMESTAMP, .width = 64, .is_signed = true, .unit = ARROW_MICRO, .timezone = "Europe/Berlin"},
     "TIMESTAMP WITH TIME ZONE"},
    {"+s", {.kind = ARROW_STRUCT}, "STRUCT"},
    {"+l", {.kind = ARROW_LIST, .layout = ARROW_OFFSETS32}, "LIST"},
    {"+L", {.kind = ARROW_LIST, .layout = ARROW_OFFSETS64}, "LIST"},
    {"+m", {.kind = ARROW_MAP}, "MAP"},
    {"+w:3", {.kind = ARROW_FIXED_LIST, .list_size = 3}, "ARRAY"},
    {"+ud:1,2", {.kind = ARROW_OTHER}, "OTHER"},
    {"+r", {.kind = ARROW_OTHER}, "OTHER"},
    {"tDs", {.kind = ARROW_DURATION, .width = 64, .is_signed = true, .unit = ARROW_SECOND}, "INTERVAL"},
    {"tDm", {.kind = ARROW_DURATION, .width = 64, .is_signed = true, .unit = ARROW_MILLI}, "INTERVAL"},
    {"tDu", {.kind = ARROW_DURATION, .width = 64, .is_signed = true, .unit = ARROW_MICRO}, "INTERVAL"},
    {"tDn", {.kind = ARROW_DURATION, .width = 64, .is_signed = true, .unit = ARROW_NANO}, "INTERVAL"},
    {"tiM", {.kind = ARROW_INTERVAL, .width = 32, .is_signed = true}, "INTERVAL"},
    {"tiD", {.kind = ARROW_INTERVAL, .width = 64, .is_signed = true}, "INTERVAL"},
    {"tin", {.kind = ARROW_INTERVAL, .width = 128, .is_signed = true}, "INTERVAL"},
};

static void every_format_is_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct arrow_type *want = &cases[i].want;
        struct arrow_type t;
        nl_error err = {0};
        char sql[64];
        check_why("%s", cases[i].format);
        CHECK_OK(arrow_type_parse(cases[i].format, &t, &err), err);
        CHECK_INT(t.kind, want->kind);
        CHECK_INT(t.width, want->width);
        CHECK_INT(t.is_signed, want->is_signed);
        CHECK_INT(t.unit, want->unit);
        CHECK_INT(t.layout, want->layout);
        CHECK_INT(t.precision, want->precision);
        CHECK_INT(t.scale, want->scale);
        CHECK_INT(t.byte_width, want->byte_width);
        CHECK_INT(t.list_size, want->list_size);
        CHECK_STR(t.timezone, want->timezone ? want->timezone : "");
        CHECK_STR(arrow_type_sql(&t, sql), cases[i].sql);
    }
}

static void what_is_no_format_is_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "x",         "ll",         "tx",          "ts",
                                      "tsu",        "tsx:",      "td",         "d:",          "d:1",
                                      "d:0,0",      "d:39,0",    "d:39,0,128", "d:9,2,17",    "d:9,2x",
                                      "d:9,2,128x", "w:",        "w:-1",       "w:1x",        "w:99999999999",
                                      "vx",         "+",         "+x",         "d:1000000,2", "n ",
                                      "+w:",        "+w:-1",     "tiX",        "ti",          "tD",
                                      "tDx",        "d:10,0,32", "d:77,0,256"};
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        struct arrow_type t;
        nl_error err = {0};
        check_why("'%s'", bad[i]);
        CHECK_FAILS(arrow_type_parse(bad[i], &t, &err), NL_INVALID, err, bad[i]);
    }
    struct arrow_type t;
    nl_error err = {0};
    CHECK_FAILS(arrow_type_parse(NULL, &t, &err), NL_INVALID, err, "without a format");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_is_taken_apart),
        cmocka_unit_test(what_is_no_format_is_named),
    };
    return cmocka_run_group_tests_name("arrow_type", tests, NULL, NULL);
}
