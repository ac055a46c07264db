/* tests/scan/run/constant.c: columns of one value, of every type. */
#include "scan/run/constant.h"

#include "arrow/arrow.h"
#include "base/str.h"
#include "support/check.h"

#define BYTES(s)                                                                                                       \
    {                                                                                                                  \
        .kind = NL_VALUE_BYTES, .bytes = {(const uint8_t *)(s), sizeof(s) - 1 }                                        \
    }

static const struct constant_case {
    const char *why, *format;
    nl_value value;
    const char *want; /* as text; NULL: null */
} cases[] = {
    {"a bit", "b", {.kind = NL_VALUE_BOOL, .b = true}, "true"},
    {"negative in one byte", "c", {.kind = NL_VALUE_INT, .i = -5}, "-5"},
    {"two bytes", "s", {.kind = NL_VALUE_INT, .i = -300}, "-300"},
    {"unsigned", "I", {.kind = NL_VALUE_UINT, .u = 4000000000}, "4000000000"},
    {"eight bytes", "l", {.kind = NL_VALUE_INT, .i = INT64_MIN}, "-9223372036854775808"},
    {"a float", "f", {.kind = NL_VALUE_DOUBLE, .d = 0.5}, "0.5"},
    {"a double", "g", {.kind = NL_VALUE_DOUBLE, .d = -1e300}, "-1e+300"},
    {"a decimal", "d:10,2", {.kind = NL_VALUE_DECIMAL, .decimal = -150}, "-1.50"},
    {"a date", "tdD", {.kind = NL_VALUE_INT, .i = 19782}, "2024-02-29"},
    {"a timestamp", "tsu:", {.kind = NL_VALUE_INT, .i = 0}, "1970-01-01T00:00:00"},
    {"a short string", "vu", BYTES("de"), "de"},
    {"a string of twelve", "vu", BYTES("twelve bytes"), "twelve bytes"},
    {"a long string", "vu", BYTES("thirteen byte"), "thirteen byte"},
    {"an empty string", "vu", BYTES(""), ""},
    {"null of fixed width", "l", {.kind = NL_VALUE_NULL}, NULL},
    {"null of bits", "b", {.kind = NL_VALUE_NULL}, NULL},
    {"null of strings", "vu", {.kind = NL_VALUE_NULL}, NULL},
    {"null of fixed bytes", "w:3", {.kind = NL_VALUE_NULL}, NULL},
    {"null of nulls", "n", {.kind = NL_VALUE_NULL}, NULL},
};

static void every_row_has_the_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct constant_case *c = &cases[i];
        struct scan_constant constant;
        struct ArrowArray array;
        struct arrow_type type;
        nl_error err;
        check_why("%s", c->why);
        CHECK_OK(arrow_type_parse(c->format, &type, &err), err);
        CHECK_OK(scan_constant_make(&constant, c->format, &c->value, 100, &err), err);
        CHECK_OK(scan_constant_array(&constant, 70, &array, &err), err);
        scan_constant_free(&constant); /* the array has references of its own */
        CHECK_INT(array.length, 70);
        CHECK_OK(arrow_array_check(&array, &type, &err), err);
        for (int64_t row = 0; row < 70; row += 23) {
            nl_buf text = {0};
            CHECK_INT(arrow_is_valid(&array, row), c->want != NULL);
            nl_buf_puts(&text, "", NULL);
            if (c->want)
                CHECK_OK(arrow_format_value(&array, &type, row, &text, &err), err);
            CHECK_STR(text.data, c->want ? c->want : "");
            nl_buf_free(&text);
        }
        arrow_array_release(&array);
    }
}

static void a_value_of_another_type_is_refused(void **state)
{
    (void)state;
    struct scan_constant constant;
    nl_error err;
    nl_value d = {.kind = NL_VALUE_DOUBLE, .d = 1}, i = {.kind = NL_VALUE_INT, .i = 1};
    CHECK_FAILS(scan_constant_make(&constant, "l", &d, 10, &err), NL_INTERNAL, err, "not of its column's type");
    CHECK_FAILS(scan_constant_make(&constant, "g", &i, 10, &err), NL_INTERNAL, err, "not of its column's type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_the_value),
        cmocka_unit_test(a_value_of_another_type_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
