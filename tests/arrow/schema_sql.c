/* tests/arrow/schema_sql.c: nested types in SQL's words. (More of them, made by pyarrow: tests/interop/arrow.) */
#include "arrow/arrow.h"
#include "support/check.h"

static void members_are_named_and_quoted(void **state)
{
    (void)state;
    struct ArrowSchema s;
    nl_buf out = {0};
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(&s, 4, &err), err);
    CHECK_OK(arrow_schema_field(s.children[0], "i", "a_1", true, &err), err);
    CHECK_OK(arrow_schema_nested(s.children[1], "+w:3", "two \"words\"", true, 1, &err), err);
    CHECK_OK(arrow_schema_field(s.children[1]->children[0], "d:9,2", "item", true, &err), err);
    CHECK_OK(arrow_schema_nested(s.children[2], "+m", "", true, 1, &err), err);
    CHECK_OK(arrow_schema_nested(s.children[2]->children[0], "+s", "entries", true, 2, &err), err);
    CHECK_OK(arrow_schema_field(s.children[2]->children[0]->children[0], "vu", "key", true, &err), err);
    CHECK_OK(arrow_schema_nested(s.children[2]->children[0]->children[1], "+L", "value", true, 1, &err), err);
    CHECK_OK(arrow_schema_field(s.children[2]->children[0]->children[1]->children[0], "tss:", "", true, &err), err);
    CHECK_OK(arrow_schema_field(s.children[3], "u", "1st", true, &err), err);
    CHECK_OK(nl_buf_puts(&out, "type ", &err), err);
    CHECK_OK(arrow_schema_sql(&s, &out, &err), err);
    CHECK_STR(out.data,
              "type STRUCT(a_1 INTEGER, \"two \"\"words\"\"\" DECIMAL(9,2)[3], \"\" MAP(VARCHAR, TIMESTAMP_S[]), "
              "\"1st\" VARCHAR)");
    arrow_schema_release(&s);
    nl_buf_free(&out);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct ArrowSchema s, *at = &s;
    nl_buf out = {0};
    nl_error err = {0};
    for (int i = 0; i < 65; i++, at = at->children[0])
        CHECK_OK(arrow_schema_nested(at, "+l", "", true, 1, &err), err);
    CHECK_OK(arrow_schema_field(at, "l", "", true, &err), err);
    CHECK_OK(nl_buf_puts(&out, "before", &err), err);
    CHECK_FAILS(arrow_schema_sql(&s, &out, &err), NL_UNSUPPORTED, err, "more than 64 levels");
    CHECK_STR(out.data, "before");
    arrow_schema_release(&s);
    nl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_named_and_quoted),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests_name("arrow_schema_sql", tests, NULL, NULL);
}
