/* table_function.h: a catalog table as a DuckDB table function.
 *
 *     bind    open table ──▶ columns, cardinality
 *     init    projection (DuckDB's) and filter (explain.h) ──▶ one scan
 *     local   one scan_worker a DuckDB thread
 *     call    ≤ 2,048 rows of the worker's batch into the chunk; strings point into the batch
 *
 * U1  A chunk's strings are valid until the next call with the same local state: the local state holds the batch that the
 *     chunk came from, and the one before.
 * U2  DuckDB may free scan and local states in any order: they hold references.
 * U3  An error goes to faults.h; DuckDB gets its text only to stop.
 */
#ifndef NL_SQL_TABLE_FUNCTION_H
#define NL_SQL_TABLE_FUNCTION_H

#include <neuralake/query.h>

#include "catalog/catalog.h"
#include "sql/duckdb.h"
#include "sql/faults.h"
#include "sql/open_table.h"

/* What all tables of an engine share. */
struct sql_context {
    const struct sql_duckdb *duck;
    nl_store *store;
    nl_cancel *cancel; /* of the query that runs */
    struct sql_faults faults;
    pthread_mutex_t counting;
    nl_engine_stats read; /* by scans that are over */
};

/* A table of the engine: lives until the engine is closed, since DuckDB keeps the pointer. */
struct sql_table {
    struct sql_table *next;
    struct sql_context *context;
    const struct catalog_table *declared;
    struct catalog_table *adhoc; /* declared, where it is ours: a path in the statement */
    char *path;                  /* that path */
    unsigned id;                 /* neuralake_scan_<id>, neuralake_call_<id> */
    bool has_scan, has_call;     /* registered */
    struct sql_open *open;       /* with default arguments, for the query that runs; NULL: not yet */
    /* What EXPLAIN said of this table (engine.c). */
    bool unfiltered;
    struct filter *filters[16];
    size_t n_filters;
};

/* Make neuralake_scan_<id>() known: the table with default arguments. */
int sql_register_scan(struct sql_table *t, duckdb_connection connection, nl_error *err);
/* Make neuralake_call_<id>(VARCHAR[]) known: the table with these arguments, NULL where not given. */
int sql_register_call(struct sql_table *t, duckdb_connection connection, nl_error *err);

#endif
