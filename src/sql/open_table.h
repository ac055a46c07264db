/* open_table.h: a catalog table that is open for a query, with its columns as DuckDB will know them.
 *
 *     table    "id"  "my col"  "day"              function's columns   rows  c1  c2  c3
 *     view     SELECT c1 AS "id", c2 AS "my col", c3 AS "day" FROM neuralake_scan_3()
 *
 * T1  The function's first column, "rows", holds nothing: DuckDB asks for column 0 where it wants only to count.
 * T2  Where all names are plain words the function's columns have them too; else they are c1, c2, … so that a condition in
 *     EXPLAIN can be read back without doubt.
 * T3  References: the slot of the table, each bind, each scan. The last one closes it.
 */
#ifndef NL_SQL_OPEN_TABLE_H
#define NL_SQL_OPEN_TABLE_H

#include <stdatomic.h>

#include "arrow/arrow.h"
#include "base/arena.h"
#include "base/buf.h"
#include "catalog/catalog.h"
#include "sql/condition.h"
#include "sql/types.h"

struct sql_open {
    atomic_size_t refs;
    nl_arena arena;
    struct catalog_open_base *base;
    struct sql_columns columns;  /* without "rows" */
    struct sql_shape *shapes;    /* of the same columns */
    const struct filter *filter; /* for the statement that runs; in arena */
};

/* Open through the table's kind. args as in catalog.h; NULL: all defaults. */
int sql_open_new(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                 struct sql_open **out, nl_error *err);
struct sql_open *sql_open_ref(struct sql_open *o);
void sql_open_unref(struct sql_open *o); /* NULL is fine */
/* Is there anything that a filter can save? */
bool sql_open_prunable(const struct sql_open *o);

/* "name", with quotes inside doubled. */
int sql_put_identifier(nl_buf *b, const char *name, nl_error *err);
/* The SELECT of the view over function, with the table's own names. */
int sql_put_view_query(nl_buf *b, const struct sql_open *o, const char *function, nl_error *err);

#endif
