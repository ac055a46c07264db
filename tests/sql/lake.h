/* tests/sql/lake.h: small lakes for the tests of the SQL room: files, catalogs, and queries as text. */
#ifndef TEST_SQL_LAKE_H
#define TEST_SQL_LAKE_H

#include <neuralake/parquet.h>
#include <neuralake/query.h>

/* Write a Parquet file: id BIGINT 0 … rows - 1 from first on, name VARCHAR "name of <id>" (null where id % 7 is 3),
 * price DOUBLE id / 4, day DATE 1970-01-01 + id % 100; row groups of group_rows. */
void lake_write(const char *path, int64_t first, int64_t rows, int64_t group_rows);
/* Write dir/name with one column s of strings, and one row: text, which need not be UTF-8. */
void lake_write_text(const char *dir, const char *name, const char *text);
/* The rows of a query: values joined by ",", rows by ";". NULL with *err set where it fails. Yours. */
char *lake_query(nl_engine *e, const char *sql, nl_error *err);
/* Is the DuckDB library there? Else the test is skipped. */
void lake_need_duckdb(void);
/* DuckDB over no catalog (or that one), and a store; ends the program on failure. Close with lake_close(). */
struct lake {
    nl_store *store;
    nl_engine *engine;
};
struct lake lake_open(const nl_catalog *catalog, size_t threads);
void lake_close(struct lake *l);

#endif
