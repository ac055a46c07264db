/* neuralake/query.h: SQL over a catalog, executed by DuckDB inside this process.
 *
 * The DuckDB library is loaded at the first nl_engine_open(): beside this library, or where DUCKDB_ROOT says. Everything
 * else in Neuralake works without it.
 *
 * Threads  An engine belongs to one thread at a time; nl_engine_interrupt() may come from any, also from a signal's
 *          handler thread.
 * Errors   As in neuralake/error.h. NL_INVALID: the statement is wrong (DuckDB's own words, with the nearest table or
 *          column); other codes come from the tables that were read.
 */
#ifndef NEURALAKE_QUERY_H
#define NEURALAKE_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include <neuralake/arrow.h>
#include <neuralake/catalog.h>
#include <neuralake/store.h>

typedef struct nl_engine nl_engine;

typedef struct nl_engine_options {
    size_t threads;        /* 0: one a core */
    uint64_t memory_limit; /* bytes; 0: DuckDB's own default */
} nl_engine_options;

/* catalog may be NULL (only 's3://…' and paths are tables then); catalog and store are borrowed until close. *out is yours:
 * nl_engine_close(). NL_UNSUPPORTED: there is no DuckDB library, or it is too old. */
NL_API int nl_engine_open(const nl_catalog *catalog, nl_store *store, const nl_engine_options *options, nl_engine **out,
                          nl_error *err);
/* Run one or more statements (sql is copied) separated by ";"; *out streams the rows of the last one. Yours; it must be released before
 * the next query and before close. Tables are database.table of the catalog, or quoted URIs and paths. */
NL_API int nl_engine_query(nl_engine *e, const char *sql, struct ArrowArrayStream *out, nl_error *err);
/* Stop the running query soon: it ends with NL_CANCELLED. */
NL_API void nl_engine_interrupt(nl_engine *e);
/* What the queries of an engine had to read of its tables, and what their filters left out; tables of functions count nothing. */
typedef struct nl_engine_stats {
    uint64_t files, files_pruned;
    uint64_t row_groups,
        row_groups_pruned;        /* of files that were opened; pruned by statistics, bloom filters, dictionaries */
    uint64_t pages, pages_pruned; /* of columns that were read, where page indexes were asked */
    uint64_t rows, rows_filtered; /* that were decoded; that were left out before all of their columns were */
} nl_engine_stats;
/* The sums since nl_engine_open(), of queries whose stream was released. */
NL_API void nl_engine_get_stats(nl_engine *e, nl_engine_stats *out);
/* NULL is fine. */
NL_API void nl_engine_close(nl_engine *e);

#endif
