/* tests/sql/engine.c: SQL over Parquet files, whole: rows, order, errors, interruption. */
#include <neuralake/query.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "sql/lake.h"
#include "support/check.h"
#include "support/tmp.h"

/* Run and compare with the rows wanted; "$" in sql stands for the test's folder. */
static void expect(nl_engine *e, const char *dir, const char *sql, const char *want)
{
    nl_buf text = {0};
    nl_error err;
    for (; *sql; sql++)
        if (*sql == '$')
            nl_buf_puts(&text, dir, NULL);
        else
            nl_buf_putc(&text, *sql, NULL);
    char *got = lake_query(e, text.data, &err);
    check_why("%s: %s", text.data, got ? "" : err.message);
    CHECK(got != NULL);
    CHECK_STR(got, want);
    free(got);
    nl_buf_free(&text);
}

static void plain_statements(void **state)
{
    lake_need_duckdb();
    struct lake l = lake_open(NULL, 2);
    expect(l.engine, *state, "SELECT 42, 'x'", "42,x");
    expect(l.engine, *state, "SELECT 1; SELECT 2;", "2");
    expect(l.engine, *state, "CREATE TABLE t AS SELECT 1 AS a; INSERT INTO t VALUES (2); SELECT * FROM t", "1;2");
    expect(l.engine, *state, "CREATE TABLE u AS SELECT * FROM t", "");
    expect(l.engine, *state, "SELECT count(*) FROM u", "2");
    lake_close(&l);
}

static void a_file_is_a_table(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet");
    lake_write(path, 0, 10, 4);
    struct lake l = lake_open(NULL, 2);
    expect(l.engine, *state, "SELECT * FROM '$/a.parquet' WHERE id IN (2, 3)",
           "2,name of 2,0.5,1970-01-03;3,null,0.75,1970-01-04");
    expect(l.engine, *state, "SELECT count(*), sum(id), max(name), min(day) FROM '$/a.parquet'",
           "10,45,name of 9,1970-01-01");
    expect(l.engine, *state, "SELECT count(*) FROM '$/a.parquet' WHERE name IS NULL", "1");
    expect(l.engine, *state, "SELECT a.id FROM '$/a.parquet' a JOIN '$/a.parquet' b ON a.id = b.id + 1 WHERE b.id > 7",
           "9");
    expect(l.engine, *state, "DESCRIBE '$/a.parquet'",
           "id,BIGINT,YES,null,null,null;name,VARCHAR,YES,null,null,null;price,DOUBLE,YES,null,null,null;day,DATE,YES,"
           "null,null,null");
    lake_close(&l);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_statements, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_file_is_a_table, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
