/* pushdown.h: give each open table the filter that the statement certainly puts on it. */
#ifndef NL_SQL_PUSHDOWN_H
#define NL_SQL_PUSHDOWN_H

#include "sql/tables.h"

/* Set the filters of the open tables for this statement. Where a table appears more than once, rows that one of its
 * appearances wants are kept. Costs a plan, so nothing happens where no table has anything to prune. */
void sql_push_filters(struct sql_tables *tables, const struct sql_statement *s, duckdb_connection connection);
/* No filters: for a statement that is more than one. */
void sql_clear_filters(struct sql_tables *tables);

#endif
