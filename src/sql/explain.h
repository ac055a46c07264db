/* explain.h: what DuckDB would do with a statement: which scan is reached by which condition.
 *
 *     { "name": "FILTER", "extra_info": {"Expression": "(id = 4)"},
 *       "children": [ { "name": "NEURALAKE_SCAN_3", "children": [] } ] }      ──▶   seen("NEURALAKE_SCAN_3", "(id = 4)")
 *
 * A condition counts only where it stands directly above the scan: there its words are the scan's own columns.
 */
#ifndef NL_SQL_EXPLAIN_H
#define NL_SQL_EXPLAIN_H

#include "sql/duckdb.h"

/* One scan of the plan. condition is NULL where there is none. */
typedef void (*sql_scan_seen)(void *ctx, const char *function, const char *condition);

/* Plan the statement (text of len bytes) and report its scans. False where that did not work; the statement itself will
 * say why. Nothing is executed. */
bool sql_explain(const struct sql_duckdb *duck, duckdb_connection connection, const char *text, size_t len,
                 sql_scan_seen seen, void *ctx);
/* Report the scans of a plan, as EXPLAIN (FORMAT json) writes it. False where it is no such plan. */
bool sql_plan_scans(const char *json, size_t len, sql_scan_seen seen, void *ctx);

#endif
