/* result.h: a running statement as an Arrow stream: rows leave DuckDB as they are made, chunk by chunk.
 *
 * R1  The stream owns the statement and its result; releasing it early ends the statement.
 * R2  A failure of a scan comes through as the scan's own error (faults.h), not as DuckDB retells it.
 */
#ifndef NL_SQL_RESULT_H
#define NL_SQL_RESULT_H

#include "sql/duckdb.h"
#include "sql/faults.h"

/* Execute a prepared statement (moved in, also when this fails) and stream its rows. A statement without rows (CREATE, …)
 * has run to its end, and its stream has no columns. released(ctx) is called when the stream is released, and on failure. */
int sql_result_stream(const struct sql_duckdb *duck, duckdb_prepared_statement statement, struct sql_faults *faults,
                      void (*released)(void *ctx), void *ctx, struct ArrowArrayStream *out, nl_error *err);

#endif
