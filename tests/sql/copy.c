/* tests/sql/copy.c: which COPY is ours, and what it writes. */
#include "sql/copy.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "sql/lake.h"
#include "support/check.h"
#include "support/tmp.h"

static const struct copy_case {
    const char *why, *sql;
    int status;
    const char *query, *uri; /* NULL: not ours */
} cases[] = {
    {"a query", "COPY (SELECT 1) TO 's3://b/x.parquet'", NL_OK, "SELECT 1", "s3://b/x.parquet"},
    {"a table", "copy lab.part to 's3://b/x.parquet' (format parquet)", NL_OK, "FROM lab.part", "s3://b/x.parquet"},
    {"TO inside", "COPY (SELECT a AS \"to\" FROM (SELECT 1) to_) TO 's3://b/x' WITH (CODEC 'zstd', ROW_GROUP_SIZE 10)",
     NL_OK, "SELECT a AS \"to\" FROM (SELECT 1) to_", "s3://b/x"},
    {"a local file is DuckDB's", "COPY (SELECT 1) TO 'x.parquet'", NL_OK, NULL, NULL},
    {"a read is DuckDB's", "COPY t FROM 's3://b/x'", NL_OK, NULL, NULL},
    {"no COPY", "SELECT 1", NL_OK, NULL, NULL},
    {"no target", "COPY (SELECT 1) TO", NL_OK, NULL, NULL},
    {"CSV", "COPY (SELECT 1) TO 's3://b/x.csv' (FORMAT csv)", NL_UNSUPPORTED, NULL, NULL},
    {"an unknown option", "COPY (SELECT 1) TO 's3://b/x' (PARTITION_BY a)", NL_UNSUPPORTED, NULL, NULL},
    {"no rows in a group", "COPY (SELECT 1) TO 's3://b/x' (ROW_GROUP_SIZE 0)", NL_UNSUPPORTED, NULL, NULL},
    {"options without parentheses", "COPY (SELECT 1) TO 's3://b/x' FORMAT parquet", NL_INVALID, NULL, NULL},
    {"DuckDB's other options",
     "COPY t TO 's3://b/x' (COMPRESSION lz4_raw, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE_BYTES '16MB', PARQUET_VERSION V2, "
     "STRING_DICTIONARY_PAGE_SIZE_LIMIT 4096, KV_METADATA {a: 'b', 'c d': 'e'}, FIELD_IDS {i: 42, \"my col\": 7})",
     NL_OK, "FROM t", "s3://b/x"},
    {"no codec", "COPY t TO 's3://b/x' (COMPRESSION lzo)", NL_UNSUPPORTED, NULL, NULL},
    {"no level", "COPY t TO 's3://b/x' (COMPRESSION_LEVEL 0)", NL_UNSUPPORTED, NULL, NULL},
    {"no version", "COPY t TO 's3://b/x' (PARQUET_VERSION V3)", NL_UNSUPPORTED, NULL, NULL},
    {"no size", "COPY t TO 's3://b/x' (ROW_GROUP_SIZE_BYTES 'many')", NL_UNSUPPORTED, NULL, NULL},
    {"field ids below columns", "COPY t TO 's3://b/x' (FIELD_IDS {i: {a: 1}})", NL_UNSUPPORTED, NULL, NULL},
    {"a field id that is none", "COPY t TO 's3://b/x' (FIELD_IDS {i: -1})", NL_UNSUPPORTED, NULL, NULL},
    {"a field id that is text", "COPY t TO 's3://b/x' (FIELD_IDS {i: 'x'})", NL_INVALID, NULL, NULL},
    {"braces that do not end", "COPY t TO 's3://b/x' (KV_METADATA {a: 'b'", NL_INVALID, NULL, NULL},
    {"braces for another option", "COPY t TO 's3://b/x' (FORMAT {a: 'b'})", NL_UNSUPPORTED, NULL, NULL},
    {"options that do not end", "COPY (SELECT 1) TO 's3://b/x' (FORMAT parquet", NL_INVALID, NULL, NULL},
};

static void statements_are_read_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct copy_case *c = &cases[i];
        nl_arena arena = {0};
        nl_error err = {0};
        struct sql_copy copy;
        bool is_copy;
        check_why("%s: %s", c->why, c->sql);
        CHECK_INT(sql_copy_parse(&arena, c->sql, strlen(c->sql), &copy, &is_copy, &err), c->status);
        if (c->status == NL_OK)
            CHECK_INT(is_copy, c->uri != NULL);
        if (c->uri) {
            CHECK_STR(copy.query, c->query);
            CHECK_STR(copy.uri, c->uri);
        }
        nl_arena_free(&arena);
    }
}

static void options_arrive(void **state)
{
    (void)state;
    static const char sql[] =
        "COPY t TO 's3://b/x' (CODEC GZIP, COMPRESSION_LEVEL 9, ROW_GROUP_SIZE 7, ROW_GROUP_SIZE_BYTES '16MB', "
        "PARQUET_VERSION 'V2', STRING_DICTIONARY_PAGE_SIZE_LIMIT 4096, KV_METADATA {a: 'b', 'c d': 'e'}, FIELD_IDS {i: "
        "42})";
    nl_arena arena = {0};
    nl_error err = {0};
    struct sql_copy copy;
    bool is_copy;
    CHECK_OK(sql_copy_parse(&arena, sql, strlen(sql), &copy, &is_copy, &err), err);
    CHECK_INT(copy.options.codec, NL_PARQUET_GZIP);
    CHECK_INT(copy.options.codec_level, 9);
    CHECK_INT(copy.options.row_group_rows, 7);
    CHECK_INT(copy.options.row_group_bytes, 16000000);
    CHECK_INT(copy.options.dictionary_bytes, 4096);
    CHECK(copy.options.data_page_v2);
    CHECK_INT(copy.options.n_key_values, 2);
    CHECK_STR(copy.options.key_values[2], "c d");
    CHECK_STR(copy.options.key_values[3], "e");
    CHECK_INT(copy.n_field_ids, 1);
    CHECK_STR(copy.field_ids[0], "i");
    CHECK_STR(copy.field_ids[1], "42");
    nl_arena_free(&arena);
}

/* Through a local store: the way of the rows is the same. */
static void rows_are_written_and_read_back(void **state)
{
    lake_need_duckdb();
    struct lake l = lake_open(NULL, 1); /* of two threads the one that is stopped may report first */
    struct ArrowArrayStream rows;
    nl_error err;
    char *path = tmp_path(*state, "x.parquet"), *sql = NULL;
    struct sql_copy copy = {.uri = path, .options = {.row_group_rows = 1000}};
    CHECK_OK(nl_engine_query(l.engine, "SELECT i, 'n' || i AS \"my name\", i / 7 AS q FROM range(5000) t(i)", &rows,
                             &err),
             err);
    CHECK_OK(sql_copy_write(&copy, &rows, l.store, NULL, &err), err);
    rows.release(&rows);
    CHECK(asprintf(&sql, "SELECT count(*), sum(i), max(\"my name\"), sum(q)::BIGINT FROM '%s'", path) > 0);
    char *got = lake_query(l.engine, sql, &err);
    CHECK_STR(got, "5000,12497500,n999,1785357");
    free(got);

    /* A failing query leaves what was there. */
    CHECK_OK(nl_engine_query(l.engine,
                             "SELECT CASE WHEN i = 1500000 THEN error('stop') ELSE i END AS i FROM range(1600000) t(i)",
                             &rows, &err),
             err);
    CHECK_FAILS(sql_copy_write(&copy, &rows, l.store, NULL, &err), NL_INVALID, err, "stop");
    rows.release(&rows);
    got = lake_query(l.engine, sql, &err);
    CHECK_STR(got, "5000,12497500,n999,1785357");
    CHECK_INT(tmp_entries(*state), 1);
    free(got);
    free(sql);
    free(path);
    lake_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_read_as_the_table_says),
        cmocka_unit_test(options_arrive),
        cmocka_unit_test_setup_teardown(rows_are_written_and_read_back, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
