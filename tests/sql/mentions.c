/* tests/sql/mentions.c: which tables a text names. */
#include "sql/mentions.h"

#include "base/buf.h"
#include "base/str.h"
#include "support/check.h"

/* Statements joined by " | ": names (a call with "()"), paths in quotes, * where everything is wanted, newest first. */
static const struct mention_case {
    const char *why, *sql, *want;
} cases[] = {
    {"one table", "SELECT * FROM demo_db.part", "demo_db.part demo_db"},
    {"quoted", "select 1 from \"demo db\".\"pa\"\"rt\"", "demo db.pa\"rt demo db"},
    {"a join", "SELECT p.x FROM d.a p JOIN d.b USING (id)", "d.b d d.a d p.x"},
    {"three parts", "FROM memory.d.a", "d.a memory.d memory"},
    {"an unquoted single name", "SELECT a FROM part, other WHERE b", "other part"},
    {"a call", "SELECT * FROM d.fn(3, x.y)", "x.y d.fn() d"},
    {"a path", "SELECT * FROM 's3://b/x.parquet'", "'s3://b/x.parquet'"},
    {"an address", "SELECT * FROM 'https://h/x?y=z' JOIN 'http://h/a'", "'http://h/a' 'https://h/x?y=z'"},
    {"a path behind a comma", "FROM 'a.parquet' x, \"b.parquet\"", "'b.parquet' 'a.parquet'"},
    {"the same path twice", "FROM 'a.parquet' JOIN 'a.parquet' USING (i)", "'a.parquet'"},
    {"strings elsewhere are texts", "SELECT 'a.parquet', 'b.parquet' WHERE x IN ('c.parquet')", ""},
    {"strings behind WHERE are texts", "FROM 'a.parquet' WHERE x = 'b.parquet' OR y IN ('c.parquet', 's3://d')",
     "'a.parquet'"},
    {"CSV is DuckDB's", "FROM 'a.csv'", ""},
    {"arguments of a function are DuckDB's", "FROM read_parquet('a.parquet')", "read_parquet()"},
    {"IS DISTINCT FROM", "SELECT a IS DISTINCT FROM 's3://b/c' FROM 's3://d/e'", "'s3://d/e'"},
    {"a subquery", "SELECT * FROM (SELECT * FROM 'a.parquet'), 'b.parquet'", "'b.parquet' 'a.parquet'"},
    {"a list in parentheses", "SELECT * FROM ('a.parquet' CROSS JOIN 'b.parquet')", "'b.parquet' 'a.parquet'"},
    {"in comments and strings", "SELECT 'x FROM d.a' -- FROM d.b\n/* FROM d.c */", ""},
    {"copy to a file", "COPY (SELECT * FROM d.a) TO 'out.parquet'", "d.a d"},
    {"describe", "DESCRIBE d.a", "d.a d"},
    {"summarize a path", "SUMMARIZE 'a.parquet'", "'a.parquet'"},
    {"two statements", "SELECT 1 FROM d.a; ; FROM d.b;", "d.a d | d.b d"},
    {"a semicolon in a string", "SELECT ';' FROM d.a", "d.a d"},
    {"all tables", "SHOW TABLES", "* TABLES"},
    {"the information schema", "FROM information_schema.tables", "* information_schema.tables information_schema"},
    {"a column called tables", "SELECT tables FROM d.a", "d.a d"},
    {"nothing", " ; ", ""},
};

static void put_statement(nl_buf *b, const struct sql_statement *s)
{
    if (s->everything)
        nl_buf_puts(b, " *", NULL);
    for (const struct sql_name *n = s->names; n; n = n->next)
        nl_buf_printf(b, NULL, " %s%s%s%s", n->database ? n->database : "", n->database ? "." : "", n->name,
                      n->is_call ? "()" : "");
    for (const struct sql_path *p = s->paths; p; p = p->next)
        nl_buf_printf(b, NULL, " '%s'", p->text);
}

static void names_are_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s: %s", cases[i].why, cases[i].sql);
        nl_arena arena = {0};
        nl_error err = {0};
        nl_buf got = {0};
        const char *at = cases[i].sql;
        struct sql_statement s;
        bool found;
        nl_buf_puts(&got, "", NULL);
        for (int n = 0;; n++) {
            CHECK_OK(sql_statement_next(&arena, &at, &s, &found, &err), err);
            if (!found)
                break;
            if (n)
                nl_buf_puts(&got, " |", NULL);
            put_statement(&got, &s);
        }
        CHECK_STR(got.data + (got.len > 0), cases[i].want);
        nl_buf_free(&got);
        nl_arena_free(&arena);
    }
}

static void what_else_is_noted(void **state)
{
    (void)state;
    nl_arena arena = {0};
    const char *at = "USE \"my db\"; SELECT 1 WHERE x IN (1); SELECT 2";
    struct sql_statement s;
    bool found;
    nl_error err;
    CHECK_OK(sql_statement_next(&arena, &at, &s, &found, &err), err);
    CHECK_STR(s.use, "my db");
    CHECK(!s.has_condition);
    CHECK_OK(sql_statement_next(&arena, &at, &s, &found, &err), err);
    CHECK(!s.use && s.has_condition && s.has_in);
    CHECK_INT(s.len, strlen("SELECT 1 WHERE x IN (1)"));
    CHECK_OK(sql_statement_next(&arena, &at, &s, &found, &err), err);
    CHECK(!s.has_condition && !s.has_in);
    nl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_as_the_table_says),
        cmocka_unit_test(what_else_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
