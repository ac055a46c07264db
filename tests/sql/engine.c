/* tests/sql/engine.c: SQL over Parquet files, whole: rows, order, errors, interruption. */
#include <neuralake/query.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "sql/lake.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

/* sql with the test's folder for each "$". Yours. */
static char *in_folder(const char *dir, const char *sql)
{
    nl_buf text = {0};
    nl_buf_puts(&text, "", NULL);
    for (; *sql; sql++)
        if (*sql == '$')
            nl_buf_puts(&text, dir, NULL);
        else
            nl_buf_putc(&text, *sql, NULL);
    return nl_buf_steal(&text);
}

/* Run and compare with the rows wanted. */
static void expect(nl_engine *e, const char *dir, const char *sql, const char *want)
{
    nl_error err;
    char *text = in_folder(dir, sql), *got = lake_query(e, text, &err);
    check_why("%s: %s", text, got ? "" : err.message);
    CHECK(got != NULL);
    CHECK_STR(got, want);
    free(got);
    free(text);
}

/* Run what must fail with this hint; "": without one. */
static void expect_hint(nl_engine *e, const char *sql, const char *message, const char *hint)
{
    nl_error err;
    check_why("%s", sql);
    CHECK(lake_query(e, sql, &err) == NULL);
    CHECK_INT(err.code, NL_INVALID);
    CHECK_HAS(err.message, message);
    CHECK_STR(err.hint, hint);
}

/* Run what must fail. */
static void expect_error(nl_engine *e, const char *dir, const char *sql, int code, const char *part)
{
    nl_error err;
    char *text = in_folder(dir, sql), *got = lake_query(e, text, &err);
    check_why("%s: %s", text, got ? got : "");
    CHECK(got == NULL);
    CHECK_FAILS(err.code, code, err, part);
    free(text);
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

/* ── order, threads, pruning ── */

static void rows_keep_their_order(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet");
    lake_write(path, 0, 50000, 500); /* 100 row groups */
    struct lake l = lake_open(NULL, 4);
    for (int i = 0; i < 5; i++) {
        expect(l.engine, *state, "SELECT id FROM '$/a.parquet' LIMIT 3 OFFSET 31234", "31234;31235;31236");
        expect(l.engine, *state,
               "CREATE OR REPLACE TABLE t AS SELECT id, name FROM '$/a.parquet' WHERE id % 3 <> 1;"
               "SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY rowid) AS before FROM t) WHERE id <= before",
               "0");
        expect(l.engine, *state, "SELECT count(*), sum(id), count(name), sum(length(name)) FROM '$/a.parquet'",
               "50000,1249975000,42857,547618");
    }
    lake_close(&l);
    free(path);
}

static void streamed_rows_keep_their_order(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet");
    lake_write(path, 0, 200000, 3000);
    struct lake l = lake_open(NULL, 4);
    struct ArrowArrayStream rows;
    struct ArrowArray batch;
    nl_error err;
    int64_t next = 0;
    nl_buf sql = {0};
    nl_buf_printf(&sql, NULL, "SELECT id, name FROM '%s' WHERE id >= 0", path);
    CHECK_OK(nl_engine_query(l.engine, sql.data, &rows, &err), err);
    for (;; arrow_array_release(&batch)) {
        CHECK_OK(arrow_stream_next(&rows, &batch, &err), err);
        if (!batch.release)
            break;
        for (int64_t i = 0; i < batch.length; i++, next++)
            CHECK_INT(((const int64_t *)batch.children[0]->buffers[1])[i], next);
    }
    CHECK_INT(next, 200000);
    arrow_stream_release(&rows);
    nl_buf_free(&sql);
    lake_close(&l);
    free(path);
}

/* Damage the first row group's pages: who does not read them does not notice. */
static void pruned_row_groups_are_not_read(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet");
    lake_write(path, 0, 10000, 1000);
    size_t len;
    char *bytes = tmp_read(path, &len);
    memset(bytes + 4, 0xFF, len / 12);
    tmp_write(path, bytes, len);
    static const struct {
        const char *condition, *want;
    } cases[] = {
        {"id = 4321", "1"},
        {"id > 8999", "1000"},
        {"id BETWEEN 1000 AND 1999 AND upper(name) IS NOT NULL", "857"},
        {"id IN (5000, 6000, 7000, 8000, 9000, 9001, 9002, 9003, 9004, 9005)", "10"},
        {"name LIKE 'name of 98%' AND id >= 1000", "86"},
        {"price BETWEEN 2000.5 AND 2001", "3"},
        {"price >= 2000.5", NULL}, /* a NaN, which is greater than all, may be anywhere */
        {"id = 5 OR id = 4321", NULL},
        {"id % 10 = 3", NULL},
    };
    struct lake l = lake_open(NULL, 2);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM '$/a.parquet' WHERE %s", cases[i].condition);
        if (cases[i].want)
            expect(l.engine, *state, sql, cases[i].want);
        else
            expect_error(l.engine, *state, sql, NL_CORRUPT, "a.parquet: row group 0, column ");
    }
    /* The same table twice: what one of them needs is read. */
    expect_error(l.engine, *state,
                 "SELECT count(*) FROM '$/a.parquet' a, '$/a.parquet' b WHERE a.id = 9000 AND b.id = 5", NL_CORRUPT,
                 "row group 0");
    lake_close(&l);
    free(bytes);
    free(path);
}

/* ── types: a file that DuckDB wrote, read by us and by DuckDB ── */

static void every_type_agrees_with_duckdb(void **state)
{
    lake_need_duckdb();
    static const char *const columns[] = {
        "i % 2 = 0",
        "i::TINYINT",
        "i::SMALLINT",
        "i::INTEGER",
        "i::BIGINT",
        "i::UTINYINT",
        "i::USMALLINT",
        "i::UINTEGER",
        "i::UBIGINT",
        "i::FLOAT / 3",
        "i::DOUBLE / 3",
        "'text ' || i",
        "repeat('long text ' || i, 1 + i::INT % 3)",
        "('\\x' || 'AA')::BLOB || i::VARCHAR::BLOB",
        "DATE '2020-01-01' + i::INTEGER",
        "TIME '10:00:00' + to_seconds(i)",
        "TIMESTAMP '2020-01-01 10:00:00.123456' + to_hours(i)",
        "(TIMESTAMP '2020-01-01' + to_hours(i))::TIMESTAMP_MS",
        "(TIMESTAMP '2020-01-01' + to_hours(i))::TIMESTAMP_NS",
        "TIMESTAMPTZ '2020-01-01 10:00:00+02' + to_hours(i)",
        "(i / 7)::DECIMAL(4, 2)",
        "(i / 7)::DECIMAL(9, 3)",
        "(i / 7)::DECIMAL(18, 6)",
        "(i::DECIMAL(38, 0) * 1000000007)::DECIMAL(38, 10)",
        "CASE WHEN i < 3 THEN 'nan'::DOUBLE WHEN i < 6 THEN '-inf'::DOUBLE ELSE -0.0 END",
        "''",
        "NULL::INTEGER"};
    struct lake l = lake_open(NULL, 2);
    nl_buf make = {0}, compare = {0};
    nl_buf_puts(&make, "COPY (SELECT i AS \"key\"", NULL);
    for (size_t i = 0; i < NL_LEN(columns); i++)
        nl_buf_printf(&make, NULL, ", CASE WHEN i %% 5 <> %zu THEN %s END AS c%zu", i % 5, columns[i], i);
    nl_buf_puts(&make, " FROM range(100) t(i)) TO '$/t.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048); SELECT 1", NULL);
    expect(l.engine, *state, make.data, "1");
    expect(l.engine, *state, "SELECT count(*) FROM '$/t.parquet'", "100");
    for (size_t i = 0; i < NL_LEN(columns); i++) {
        bool milliseconds = strstr(columns[i], "TIMESTAMP_MS"); /* DuckDB reads its own back in microseconds */
        compare.len = 0;
        nl_buf_printf(&compare, NULL,
                      "SELECT count(*), count(a.c%zu) >= 80 OR %d, count(DISTINCT typeof(a.c%zu)), "
                      "bool_and(typeof(a.c%zu) = typeof(b.c%zu) OR %d) "
                      "FROM '$/t.parquet' a JOIN read_parquet('$/t.parquet') b "
                      "ON a.\"key\" = b.\"key\" AND a.c%zu IS NOT DISTINCT FROM b.c%zu",
                      i, strcmp(columns[i], "NULL::INTEGER") == 0, i, i, i, milliseconds, i, i);
        expect(l.engine, *state, compare.data, "100,true,1,true");
    }
    nl_buf_free(&make);
    nl_buf_free(&compare);
    lake_close(&l);
}

/* UTF-8 is checked, short and long strings, at the beginning and at the end. */
static void text_that_is_no_utf8_is_refused(void **state)
{
    lake_need_duckdb();
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {{"", true},
                 {"grün", true},
                 {"twelve byte\xc3", false},
                 {"\xff", false},
                 {"a long string that is fine: ü", true},
                 {"a long string that is not: \xc3", false},
                 {"\x80 in front of a long string", false},
                 {"eight by\xe2\x82", false}};
    struct lake l = lake_open(NULL, 2);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        lake_write_text(*state, "t.parquet", cases[i].text);
        check_why("%s", cases[i].text);
        if (cases[i].valid)
            expect(l.engine, *state, "SELECT s FROM '$/t.parquet'", cases[i].text);
        else
            expect_error(l.engine, *state, "SELECT s FROM '$/t.parquet'", NL_INVALID,
                         "column s: a string is not valid UTF-8");
    }
    lake_close(&l);
}

static void odd_names_are_columns_too(void **state)
{
    lake_need_duckdb();
    struct lake l = lake_open(NULL, 2);
    expect(l.engine, *state,
           "COPY (SELECT i AS \"my col\", i * 2 AS \"a = 1) OR (b\", i AS \"and\", i AS \"rows\", i AS \"q\"\"q\" FROM "
           "range(5000) t(i))"
           " TO '$/t.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048); "
           "SELECT \"my col\", \"a = 1) OR (b\", \"and\", \"rows\", \"q\"\"q\" FROM '$/t.parquet' "
           "WHERE \"a = 1) OR (b\" = 8000 AND \"my col\" = 4000 AND \"rows\" > 3",
           "4000,8000,4000,4000,4000");
    lake_close(&l);
}

static void results_of_every_kind_come_out(void **state)
{
    lake_need_duckdb();
    struct lake l = lake_open(NULL, 2);
    expect(l.engine, *state, "SELECT 1::HUGEINT * 170141183460469231731687303715884105727, 1.50::DECIMAL(10,2), NULL",
           "170141183460469231731687303715884105727,1.50,null");
    expect(l.engine, *state, "SELECT uuid() IS NOT NULL, INTERVAL 1 DAY IS NOT NULL, [1, 2] = [1, 2]",
           "true,true,true");
    static const char *const nested[] = {"SELECT [1, 2, NULL]",   "SELECT {'a': 1, 'b': [2]}",
                                         "SELECT MAP {'a': 1}",   "SELECT 'x'::ENUM('x', 'y')",
                                         "SELECT INTERVAL 1 DAY", "SELECT uuid()"};
    for (size_t i = 0; i < NL_LEN(nested); i++) {
        struct ArrowArrayStream rows;
        struct ArrowArray batch;
        nl_error err;
        check_why("%s", nested[i]);
        CHECK_OK(nl_engine_query(l.engine, nested[i], &rows, &err), err);
        CHECK_OK(arrow_stream_next(&rows, &batch, &err), err);
        CHECK_INT(batch.length, 1);
        arrow_array_release(&batch);
        arrow_stream_release(&rows);
    }
    /* What Arrow would get as another value is refused. */
    static const char *const wrong[] = {"SELECT '1010'::BIT AS x", "SELECT TIMETZ '10:00:00+02' AS x",
                                        "SELECT 1::UHUGEINT AS x", "SELECT '1'::BIGNUM AS x"};
    for (size_t i = 0; i < NL_LEN(wrong); i++) {
        struct ArrowArrayStream rows;
        nl_error err = {0};
        check_why("%s", wrong[i]);
        CHECK_FAILS(nl_engine_query(l.engine, wrong[i], &rows, &err), NL_UNSUPPORTED, err, "column 'x' is a ");
        CHECK(rows.release == NULL);
    }
    lake_close(&l);
}

/* ── errors ── */

static void errors_are_one_line_with_their_code(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet"), *text = tmp_path(*state, "no.parquet");
    lake_write(path, 0, 10, 0);
    tmp_write_text(text, "this is no Parquet file");
    static const struct {
        const char *sql;
        int code;
        const char *part;
    } cases[] = {
        {"SELECT idd FROM '$/a.parquet'", NL_INVALID,
         "Referenced column \"idd\" not found in FROM clause! Candidate bindings: \"id\""},
        {"SELECT 1 +", NL_INVALID, "syntax error"},
        {"SELECT 1;\nSELECT\n 2 2", NL_INVALID, "(line 2)"},
        {"SELECT * FROM nope", NL_INVALID, "Table with name nope does not exist"},
        {"SELECT * FROM '$/missing.parquet'", NL_NOT_FOUND, "missing.parquet: No such file"},
        {"SELECT * FROM '$/no.parquet'", NL_CORRUPT, "no.parquet: not a Parquet file"},
        {"SELECT * FROM '$/missing.csv'", NL_NOT_FOUND, "No files found"},
        {"SELECT 'x'::INTEGER", NL_INVALID, "Could not convert string 'x' to INT32"},
        {"SELECT error('stop here')", NL_INVALID, "stop here"},
        {"", NL_INVALID, "no statement"},
    };
    struct lake l = lake_open(NULL, 2);
    for (size_t i = 0; i < NL_LEN(cases); i++)
        expect_error(l.engine, *state, cases[i].sql, cases[i].code, cases[i].part);
    expect(l.engine, *state, "SELECT count(*) FROM '$/a.parquet'", "10"); /* the engine goes on */
    lake_close(&l);
    free(path);
    free(text);
}

static void *interrupt(void *engine)
{
    nl_engine_interrupt(engine);
    return NULL;
}

static void an_interrupt_ends_the_query(void **state)
{
    lake_need_duckdb();
    struct lake l = lake_open(NULL, 2);
    struct ArrowArrayStream rows;
    struct ArrowArray batch;
    nl_error err;
    pthread_t thread;
    CHECK_OK(nl_engine_query(l.engine, "SELECT i FROM range(100000000000) t(i)", &rows, &err), err);
    CHECK_OK(arrow_stream_next(&rows, &batch, &err), err);
    arrow_array_release(&batch);
    CHECK_INT(pthread_create(&thread, NULL, interrupt, l.engine), 0);
    int rc;
    while (!(rc = arrow_stream_next(&rows, &batch, &err)) && batch.release)
        arrow_array_release(&batch);
    CHECK_FAILS(rc, NL_CANCELLED, err, "cancelled");
    pthread_join(thread, NULL);
    arrow_stream_release(&rows);
    nl_engine_interrupt(l.engine); /* nothing runs: nothing happens */
    expect(l.engine, *state, "SELECT 1", "1");
    lake_close(&l);
}

static void rows_may_be_left_unread(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet");
    lake_write(path, 0, 100000, 1000);
    struct lake l = lake_open(NULL, 4);
    struct ArrowArrayStream rows;
    struct ArrowArray batch;
    nl_error err;
    nl_buf sql = {0};
    nl_buf_printf(&sql, NULL, "SELECT * FROM '%s'", path);
    for (int i = 0; i < 10; i++) {
        CHECK_OK(nl_engine_query(l.engine, sql.data, &rows, &err), err);
        CHECK_OK(arrow_stream_next(&rows, &batch, &err), err);
        arrow_stream_release(&rows);
        CHECK_INT(((const int64_t *)batch.children[0]->buffers[1])[0], 0); /* the batch outlives the stream */
        arrow_array_release(&batch);
    }
    nl_buf_free(&sql);
    lake_close(&l);
    free(path);
}

/* ── a library that is not there ── */

static void without_the_library_the_error_says_how_to_get_it(void **state)
{
    const char *root = getenv("DUCKDB_ROOT");
    char *kept = root ? strdup(root) : NULL;
    nl_engine *e;
    nl_store *store;
    nl_error err;
    CHECK_OK(nl_store_new(NULL, &store, &err), err);
    setenv("DUCKDB_ROOT", *state, 1);
    CHECK_FAILS(nl_engine_open(NULL, store, NULL, &e, &err), NL_NOT_FOUND, err, "there is no libduckdb.so in it");
    CHECK(!e);
    CHECK_HAS(err.hint, "DUCKDB_ROOT");
    if (kept)
        setenv("DUCKDB_ROOT", kept, 1);
    else
        unsetenv("DUCKDB_ROOT");
    nl_store_free(store);
    free(kept);
}

/* Every allocation of ours fails once; the engine goes on. */
static void no_memory_is_an_error_and_nothing_worse(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet");
    char *sql =
        in_folder(*state, "SELECT a.id, b.name FROM '$/a.parquet' a JOIN '$/a.parquet' b USING (id) WHERE id > 17");
    lake_write(path, 0, 20, 10);
    struct lake l = lake_open(NULL, 2);
    int failures = 0;
    expect(l.engine, *state, sql, "18,name of 18;19,name of 19");
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_error err;
        char *got = lake_query(l.engine, sql, &err);
        bool failed = fault_off(&f);
        check_why("fault %ld: %s", f.nth, err.message);
        CHECK(got ? strcmp(got, "18,name of 18;19,name of 19") == 0 : err.code == NL_NO_MEMORY);
        CHECK(failed || got);
        failures += !got;
        free(got);
    }
    CHECK(failures > 50);
    lake_close(&l);
    free(sql);
    free(path);
}

/* ── catalogs ── */

/* A catalog in C: a table, a partitioned one, functions with arguments. "$" is the test's folder. */
static const char catalog_source[] =
    "#include <neuralake/catalog.h>\n"
    "NL_PARQUET_TABLE(part, .name = \"part\", .uri = \"$/a.parquet\", .partitioning = NL_NOT_PARTITIONED);\n"
    "NL_PARQUET_TABLE(gone, .name = \"gone\", .uri = \"$/gone.parquet\", .partitioning = NL_NOT_PARTITIONED);\n"
    "NL_PARQUET_TABLE(events, .name = \"events\", .uri = \"$/events\",\n"
    "    .partitioning = NL_HIVE({\"year\", NL_INTEGER}, {\"country\", NL_VARCHAR}));\n"
    "static int count_up(nl_rows *rows)\n"
    "{\n"
    "    int64_t n = nl_rows_int_argument(rows, \"n\"), first = nl_rows_int_argument(rows, \"first\");\n"
    "    for (int64_t i = 0; i < n; i++) {\n"
    "        nl_rows_begin(rows);\n"
    "        nl_rows_int(rows, first + i);\n"
    "        nl_rows_end(rows);\n"
    "    }\n"
    "    return n > 100 ? nl_rows_fail(rows, \"%lld is too many\", (long long)n) : NL_ROWS_DONE;\n"
    "}\n"
    "NL_FUNCTION_TABLE(numbers, .name = \"numbers\", .rows = count_up, .columns = NL_COLUMNS({\"i\", \"\", "
    "NL_BIGINT}),\n"
    "    .parameters = NL_PARAMETERS({\"n\", NL_BIGINT}, {\"first\", NL_BIGINT, .default_value = \"0\"}));\n"
    "NL_FUNCTION_TABLE(three, .name = \"three\", .rows = count_up, .columns = NL_COLUMNS({\"i\", \"\", NL_BIGINT}),\n"
    "    .parameters = NL_PARAMETERS({\"n\", NL_BIGINT, .default_value = \"3\"},\n"
    "                                {\"first\", NL_BIGINT, .default_value = \"0\"}));\n"
    "NL_DATABASE(lab, .tables = NL_TABLES(&part, &gone, &events, &numbers, &three));\n"
    "NL_CATALOG(&lab);\n";

static nl_catalog *load_catalog(const char *dir)
{
    nl_catalog *c;
    nl_error err;
    char *text = in_folder(dir, catalog_source), *path = tmp_path(dir, "lab.c"), *cache = tmp_path(dir, "cache");
    tmp_write_text(path, text);
    setenv("XDG_CACHE_HOME", cache, 1);
    CHECK_OK(nl_catalog_load(path, &c, &err), err);
    free(text);
    free(path);
    free(cache);
    return c;
}

static void catalog_tables_are_views(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet");
    lake_write(path, 0, 10, 0);
    nl_catalog *c = load_catalog(*state);
    struct lake l = lake_open(c, 2);
    expect(l.engine, *state, "USE lab; SELECT count(*) FROM part; USE main", "");
    expect(l.engine, *state, "SELECT count(*), max(id) FROM lab.part", "10,9");
    expect(l.engine, *state, "select p.name from LAB.Part p where p.id = 4", "name of 4");
    expect(l.engine, *state, "WITH x AS (SELECT * FROM \"lab\".\"part\") SELECT count(*) FROM x, lab.part", "100");
    expect(l.engine, *state, "USE lab; SELECT count(*) FROM part", "10");
    expect(l.engine, *state, "SELECT count(*) FROM part", "10"); /* USE is kept from query to query */
    expect(l.engine, *state, "CREATE TEMP TABLE t AS FROM lab.part WHERE id < 3; SELECT sum(id) FROM t", "3");
    expect(l.engine, *state, "CREATE TEMP VIEW v AS FROM lab.part; SELECT 1", "1");
    expect(l.engine, *state, "SELECT count(*) FROM v WHERE id > 4", "5"); /* names no table: opened when it is bound */
    expect(l.engine, *state, "SUMMARIZE SELECT id FROM lab.part; SELECT 1", "1");
    expect_error(l.engine, *state, "SELECT * FROM lab.prt", NL_INVALID, "database lab has no table prt");
    expect_error(l.engine, *state, "SELECT * FROM lab.gone", NL_NOT_FOUND, "gone.parquet");
    expect_error(l.engine, *state, "SHOW ALL TABLES", NL_NOT_FOUND, "gone.parquet");
    lake_close(&l);
    nl_catalog_free(c);
    free(path);
}

/* DuckDB has no schema for a database whose tables nobody opened yet: the words are the same before and after. */
static void a_database_without_the_table(void **state)
{
    lake_need_duckdb();
    char *path = tmp_path(*state, "a.parquet");
    lake_write(path, 0, 10, 0);
    nl_catalog *c = load_catalog(*state);
    struct lake l = lake_open(c, 2);
    expect_error(l.engine, *state, "SELECT * FROM LAB.prt", NL_INVALID, "database lab has no table prt");
    expect_hint(l.engine, "SELECT *\nFROM lab.prt", "database lab has no table prt (line 2)", "did you mean lab.part?");
    expect(l.engine, *state, "SELECT count(*) FROM lab.part", "10");
    expect_hint(l.engine, "SELECT * FROM lab.prt", "database lab has no table prt", "did you mean lab.part?");
    expect_hint(l.engine, "SELECT * FROM lba.part", "schema \"lba\" does not exist", "did you mean lab.part?");
    lake_close(&l);
    nl_catalog_free(c);
    free(path);
}

static void first_mistakes_without_a_catalog(void **state)
{
    (void)state;
    lake_need_duckdb();
    static const char quotes[] = "a path or URI is a table inside quotes: SELECT * FROM 's3://…'";
    struct lake l = lake_open(NULL, 2);
    expect_hint(l.engine, "SELECT * FROM demo_db.part", "schema \"demo_db\" does not exist",
                "there is no catalog: name one with -c, or NEURALAKE_CATALOG");
    expect_hint(l.engine, "SELECT * FROM part", "Table with name part does not exist", "");
    expect_hint(l.engine, "FROM s3://b/x.parquet", "near \"//\"", quotes);
    expect_hint(l.engine, "s3://b/x.parquet", "near \"s3\"", quotes);
    expect_hint(l.engine, "SELECT *\nFROM s3://b/x.parquet", "near \"//\" (line 2)", quotes);
    expect_hint(l.engine, "SELECT 's3://b' FROM FROM x", "near \"FROM\"", "");
    lake_close(&l);
}

static void the_nearest_name_is_the_hint(void **state)
{
    lake_need_duckdb();
    nl_catalog *c = load_catalog(*state);
    struct lake l = lake_open(c, 2);
    static const struct {
        const char *sql, *hint;
    } cases[] = {
        {"SELECT * FROM lab.evnts", "lab.events"},
        {"SELECT * FROM evnts", "did you mean lab.events?"},
        {"SELECT * FROM lab.numbers", "lab.numbers takes arguments"},
        {"SELECT * FROM lab.three() t JOIN lab.numbers n ON n.i = t.i", "lab.numbers takes arguments"},
        {"SELECT * FROM lba.part", "did you mean lab.part?"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err;
        check_why("%s", cases[i].sql);
        CHECK(lake_query(l.engine, cases[i].sql, &err) == NULL);
        CHECK_INT(err.code, NL_INVALID);
        CHECK_HAS(err.hint, cases[i].hint);
    }
    lake_close(&l);
    nl_catalog_free(c);
}

static void functions_take_arguments(void **state)
{
    lake_need_duckdb();
    nl_catalog *c = load_catalog(*state);
    struct lake l = lake_open(c, 2);
    expect(l.engine, *state, "SELECT * FROM lab.numbers(3)", "0;1;2");
    expect(l.engine, *state, "SELECT * FROM lab.numbers(2, first := 40 + 1)", "41;42");
    expect(l.engine, *state, "SELECT count(*), sum(a.i + b.i) FROM lab.numbers(3) a, lab.numbers(2, first := 7) b",
           "6,51");
    expect(l.engine, *state, "SELECT * FROM lab.three", "0;1;2");
    expect(l.engine, *state, "SELECT * FROM lab.three(n := 2), lab.three WHERE three.i = 0", "0,0;1,0");
    expect_error(l.engine, *state, "SELECT * FROM lab.numbers(101)", NL_INVALID, "101 is too many");
    expect_error(l.engine, *state, "SELECT * FROM lab.numbers('x')", NL_INVALID, "Could not convert string");
    expect_error(l.engine, *state, "SELECT * FROM lab.numbers(NULL)", NL_INVALID, "parameter n (BIGINT) is required");
    lake_close(&l);
    nl_catalog_free(c);
}

/* Files that a query must not open are no Parquet files at all. */
static void partitions_prune_and_are_columns(void **state)
{
    lake_need_duckdb();
    static const struct {
        const char *folder;
        int64_t first;
    } parts[] = {{"year=2023/country=de", 0},
                 {"year=2023/country=fr", 10},
                 {"year=2024/country=de", 20},
                 {"year=2025/country=de", 30}};
    for (size_t i = 0; i < NL_LEN(parts); i++) {
        char name[64];
        nl_error err;
        snprintf(name, sizeof name, "events/%s", parts[i].folder);
        char *folder = tmp_path(*state, name), *file = tmp_path(folder, "x.parquet");
        CHECK_OK(nl_make_folders(folder, 0755, &err), err);
        if (i == 3)
            tmp_write_text(file, "not to be opened");
        else
            lake_write(file, parts[i].first, 10, 0);
        free(folder);
        free(file);
    }
    nl_catalog *c = load_catalog(*state);
    struct lake l = lake_open(c, 2);
    expect(l.engine, *state,
           "SELECT year, country, count(*), min(id) FROM lab.events WHERE year < 2025 GROUP BY ALL ORDER BY ALL",
           "2023,de,10,0;2023,fr,10,10;2024,de,10,20");
    expect(l.engine, *state, "SELECT sum(id) FROM lab.events WHERE country = 'fr'", "145");
    expect(l.engine, *state, "SELECT count(*) FROM lab.events WHERE year IN (2023, 2024) AND country = 'de'", "20");
    expect(l.engine, *state, "SELECT id FROM lab.events WHERE year BETWEEN 2022 AND 2024 AND id % 10 = 0", "0;10;20");
    expect_error(l.engine, *state, "SELECT count(*) FROM lab.events", NL_CORRUPT,
                 "country=de/x.parquet: not a Parquet file");
    lake_close(&l);
    nl_catalog_free(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmp_setup, tmp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_the_library_the_error_says_how_to_get_it),
        TEST(plain_statements),
        TEST(a_file_is_a_table),
        TEST(rows_keep_their_order),
        TEST(streamed_rows_keep_their_order),
        TEST(pruned_row_groups_are_not_read),
        TEST(every_type_agrees_with_duckdb),
        TEST(text_that_is_no_utf8_is_refused),
        TEST(odd_names_are_columns_too),
        TEST(results_of_every_kind_come_out),
        TEST(errors_are_one_line_with_their_code),
        TEST(an_interrupt_ends_the_query),
        TEST(rows_may_be_left_unread),
        TEST(no_memory_is_an_error_and_nothing_worse),
        TEST(catalog_tables_are_views),
        TEST(a_database_without_the_table),
        TEST(first_mistakes_without_a_catalog),
        TEST(the_nearest_name_is_the_hint),
        TEST(functions_take_arguments),
        TEST(partitions_prune_and_are_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
