/* tables.h: the catalog's tables inside DuckDB: one slot for each that was named so far, opened anew for each query.
 *
 *     names of the statement ──▶ slots ──open, side by side──▶ CREATE OR REPLACE VIEW "demo_db"."part" AS SELECT … FROM neuralake_scan_3()
 *     paths of the statement ──▶ slots ──────────────────────▶ CREATE OR REPLACE TEMP VIEW "s3://b/x.parquet" AS …
 *     function tables                                          CREATE OR REPLACE MACRO "demo_db"."fn"(a, b := NULL) AS TABLE …
 *
 * Only what a statement names is opened; the view of a path wins over DuckDB's own readers, which would take the text else.
 */
#ifndef NL_SQL_TABLES_H
#define NL_SQL_TABLES_H

#include "sql/mentions.h"
#include "sql/table_function.h"

struct sql_tables {
    struct sql_context context;
    const nl_catalog *catalog; /* may be NULL */
    struct sql_table *first;
    unsigned next_id;
    char *use; /* the schema that USE has chosen; NULL: none */
};

/* The slots that the statement names, in its order, opened where they can be without arguments; nothing of DuckDB is
 * needed. The slots stay in tables; *wanted (from the arena) lists them. */
struct sql_wanted {
    struct sql_table *table;
    bool is_call; /* the statement gives arguments */
};
int sql_tables_open(struct sql_tables *tables, const struct sql_statement *s, nl_arena *arena,
                    struct sql_wanted **wanted, size_t *n, nl_error *err);
/* Register their functions, and create their views and macros, and the schema that USE names. */
int sql_tables_create(struct sql_tables *tables, const struct sql_statement *s, const struct sql_wanted *wanted,
                      size_t n, duckdb_connection connection, nl_error *err);
/* The query is over: close what it opened. */
void sql_tables_close(struct sql_tables *tables);
/* Everything; DuckDB is closed. */
void sql_tables_free(struct sql_tables *tables);
/* Say what to do about a table that DuckDB did not find; err holds what it said. Where the catalog has the database, the
 * message becomes that it has no such table. */
void sql_tables_hint(const struct sql_tables *tables, const struct sql_statement *s, nl_error *err);

#endif
