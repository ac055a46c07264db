/* tests/sql/explain.c: plans as JSON, and the conditions right above our scans. */
#include "sql/explain.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "support/check.h"

static const struct plan_case {
    const char *why, *json;
    bool ok;
    const char *want; /* "function=condition" joined by blanks; "-": no condition */
} cases[] = {
    {"a scan alone", "[{\"name\":\"NEURALAKE_SCAN_1\",\"children\":[]}]", true, "NEURALAKE_SCAN_1=-"},
    {"a filter above it",
     "[{\"name\":\"FILTER\",\"extra_info\":{\"Expression\":\"(id=4)\"},\"children\":[{\"name\":\"NEURALAKE_SCAN_1\"}]}"
     "]",
     true, "NEURALAKE_SCAN_1=(id=4)"},
    {"a filter further up does not count",
     "[{\"name\":\"FILTER\",\"extra_info\":{\"Expression\":\"(x)\"},\"children\":[{\"name\":\"PROJECTION\","
     "\"children\":"
     "[{\"name\":\"NEURALAKE_SCAN_2\"}]}]}]",
     true, "NEURALAKE_SCAN_2=-"},
    {"two scans",
     "[{\"name\":\"JOIN\",\"children\":[{\"name\":\"NEURALAKE_SCAN_1\"},{\"name\":\"FILTER\",\"extra_info\":{"
     "\"Expression\":\"b\"},"
     "\"children\":[{\"name\":\"NEURALAKE_SCAN_2\"}]}]}]",
     true, "NEURALAKE_SCAN_1=- NEURALAKE_SCAN_2=b"},
    {"a list of expressions is not understood",
     "[{\"name\":\"FILTER\",\"extra_info\":{\"Expression\":[\"a\",\"b\"]},\"children\":[{\"name\":\"NEURALAKE_SCAN_1\"}"
     "]}]",
     true, "NEURALAKE_SCAN_1=-"},
    {"no scans", "[{\"name\":\"EMPTY_RESULT\",\"children\":[]}]", true, ""},
    {"another shape", "{\"name\":\"x\"}", false, ""},
    {"no JSON", "[{", false, ""},
    {"nothing", "", false, ""},
};

static void note(void *ctx, const char *function, const char *condition)
{
    nl_buf *b = ctx;
    nl_buf_printf(b, NULL, "%s%s=%s", b->len ? " " : "", function, condition ? condition : "-");
}

static void plans_are_read_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf got = {0};
        nl_buf_puts(&got, "", NULL);
        check_why("%s", cases[i].why);
        CHECK_INT(sql_plan_scans(cases[i].json, strlen(cases[i].json), note, &got), cases[i].ok);
        CHECK_STR(got.data, cases[i].want);
        nl_buf_free(&got);
    }
}

static void a_deep_plan_is_no_danger(void **state)
{
    (void)state;
    nl_buf json = {0}, got = {0};
    for (int i = 0; i < 100000; i++)
        nl_buf_puts(&json, "[{\"children\":", NULL);
    CHECK(!sql_plan_scans(json.data, json.len, note, &got));
    nl_buf_free(&json);
    nl_buf_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_are_read_as_the_table_says),
        cmocka_unit_test(a_deep_plan_is_no_danger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
