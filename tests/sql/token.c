/* tests/sql/token.c: quotes, comments, dollars, and the words between them. */
#include "sql/token.h"

#include "base/buf.h"
#include "base/str.h"
#include "support/check.h"

/* Tokens as "kind:value", joined by blanks. */
static const struct token_case {
    const char *why, *sql, *want;
} cases[] = {
    {"words and symbols", "SELECT a.b,c FROM t", "w:SELECT w:a s:. w:b s:, w:c w:FROM w:t"},
    {"doubled quotes", "'it''s' \"a\"\"b\"", "'it's \"a\"b"},
    {"a quote inside the other", "\"it's\" '\"'", "\"it's '\""},
    {"a comment to the end of the line", "a -- 'b\nc", "w:a w:c"},
    {"nested comments", "a /* b /* 'c */ d */ e", "w:a w:e"},
    {"a comment in a string", "'-- no' '/* no */'", "'-- no '/* no */"},
    {"dollar quotes", "$$it's$$ $q$ $$ ; $q$", "'it's ' $$ ; "},
    {"a parameter is no dollar quote", "$1 + $2", "s:$ n:1 s:+ s:$ n:2"},
    {"escapes", "E'a\\'b' x", "'a\\'b w:x"},
    {"numbers", "1e-3 .5 10.25 0x1F 1_000", "n:1e-3 n:.5 n:10.25 n:0x1F n:1_000"},
    {"two-character symbols", "a<=b::c!=d<>e", "w:a s:<= w:b s::: w:c s:!= w:d s:<> w:e"},
    {"letters beyond ASCII", "größe \xe2\x82\xac", "w:größe w:\xe2\x82\xac"},
    {"a string without end", "'abc", "'abc"},
    {"a comment without end", "a /* b", "w:a"},
    {"a dollar quote without end", "$$abc", "'abc"},
    {"nothing", "  \t\n ", ""},
};

static void tokens_are_as_the_table_says(void **state)
{
    (void)state;
    nl_arena arena = {0};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        nl_buf got = {0};
        const char *at = cases[i].sql;
        nl_buf_puts(&got, "", NULL);
        for (struct sql_token t = sql_token_next(&at); t.kind; t = sql_token_next(&at)) {
            static const char *const marks[] = {"", "w:", "\"", "'", "n:", "s:"};
            nl_buf_printf(&got, NULL, "%s%s%s", got.len ? " " : "", marks[t.kind], sql_token_value(&arena, &t));
        }
        CHECK_STR(got.data, cases[i].want);
        nl_buf_free(&got);
    }
    nl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tokens_are_as_the_table_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
