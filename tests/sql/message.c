/* tests/sql/message.c: DuckDB's texts as one line with a code. */
#include "sql/message.h"

#include <stdio.h>

#include "base/str.h"
#include "support/check.h"

static const struct message_case {
    const char *text;
    int code;
    const char *want;
} cases[] = {
    {"Binder Error: Referenced column \"idd\" not found in FROM clause!\nCandidate bindings: \"id\"\n\nLINE 1: select "
     "idd\n               ^",
     NL_INVALID, "Binder Error: Referenced column \"idd\" not found in FROM clause! Candidate bindings: \"id\""},
    {"Parser Error: syntax error at or near \"x\"\n\nLINE 12: x\n  ^", NL_INVALID,
     "Parser Error: syntax error at or near \"x\" (line 12)"},
    {"INTERRUPT Error: Interrupted!", NL_CANCELLED, "cancelled"},
    {"IO Error: No files found that match the pattern \"a.csv\"", NL_NOT_FOUND,
     "IO Error: No files found that match the pattern \"a.csv\""},
    {"IO Error: disk is full.", NL_IO, "IO Error: disk is full"},
    {"Out of Memory Error: failed to allocate\nmore\n\nPossible solutions:\n* less", NL_NO_MEMORY,
     "Out of Memory Error: failed to allocate more"},
    {"Missing Extension Error: File s3://b requires the extension httpfs to be loaded\n\nPlease try", NL_UNSUPPORTED,
     "Missing Extension Error: File s3://b requires the extension httpfs to be loaded"},
    {"", NL_INVALID, ""},
};

static void texts_become_one_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err = {0};
        check_why("%s", cases[i].text);
        CHECK_INT(sql_message(&err, 0, cases[i].text), cases[i].code);
        CHECK_STR(err.message, cases[i].want);
    }
    nl_error err = {0};
    CHECK_INT(sql_message(&err, 29, "whatever"), NL_CANCELLED); /* the type says more than the text */
    CHECK_INT(sql_message(&err, 0, NULL), NL_INVALID);
    CHECK_INT(sql_message(NULL, 0, "x"), NL_INVALID);
}

/* Whether the caret stands in a URI outside quotes. */
static void a_bare_uri_has_a_hint(void **state)
{
    (void)state;
    static const struct {
        const char *excerpt;
        bool hint;
    } carets[] = {
        {"LINE 1: FROM s3://b/x\n               ^", false}, /* at the colon */
        {"LINE 1: FROM s3://b/x\n                ^", true},
        {"LINE 1: s3://b/x\n        ^", true},
        {"LINE 1: 's3://b' // 2\n                 ^", false},
        {"LINE 1: s3://b/x", false},
        {"LINE 1: s3://b/x\n", false},
        {"LINE 1: s3://b/x\n^", false},
        {"LINE 1: s3://b/x\n                ^", false}, /* behind the end */
        {"LINE 1: s3://b/x\n                                     ^", false},
    };
    for (size_t i = 0; i < NL_LEN(carets); i++) {
        char text[200];
        nl_error err = {0};
        snprintf(text, sizeof text, "Parser Error: syntax error at or near \"x\"\n\n%s", carets[i].excerpt);
        check_why("%s", text);
        CHECK_INT(sql_message(&err, 0, text), NL_INVALID);
        CHECK_STR(err.hint, carets[i].hint ? "a path or URI is a table inside quotes: SELECT * FROM 's3://…'" : "");
    }
}

static void the_missing_table_is_found(void **state)
{
    (void)state;
    char name[8];
    CHECK(sql_message_missing_table("Catalog Error: Table with name prt does not exist!", name, sizeof name));
    CHECK_STR(name, "prt");
    CHECK(sql_message_missing_table("Table with name \"a.b\" does not exist because schema \"a\" does not exist.", name,
                                    sizeof name));
    CHECK_STR(name, "a.b");
    CHECK(sql_message_missing_table("Table with name 0123456789 does not exist", name, sizeof name));
    CHECK_STR(name, "0123456");
    CHECK(!sql_message_missing_table("Table with name x is fine", name, sizeof name));
    CHECK(!sql_message_missing_table(NULL, name, sizeof name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_one_line),
        cmocka_unit_test(a_bare_uri_has_a_hint),
        cmocka_unit_test(the_missing_table_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
