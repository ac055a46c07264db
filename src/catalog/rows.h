/* rows.h: rows that C functions append one value at a time, as an Arrow stream. The other side of nl_rows_begin() and
 * its sisters in neuralake/catalog.h.
 *
 *     stream next ─▶ [queue of batches] empty? ─▶ produce() ─▶ begin, put…, end ─▶ builders ─▶ a full batch ─▶ queue
 *
 * R1  After the first error every call does nothing, and nl_rows_full() is true.
 * R2  A row is whole or the stream fails: each column got exactly one value of its type.
 */
#ifndef NL_CATALOG_ROWS_H
#define NL_CATALOG_ROWS_H

#include "arrow/arrow.h"
#include "catalog/catalog.h"

/* Where rows come from. */
struct rows_source {
    const struct catalog_table *table; /* its columns, all with formats, are the schema */
    /* NL_ROWS_DONE, _MORE or _FAILED, as in neuralake/catalog.h. */
    int (*produce)(nl_rows *rows, const void *ctx);
    const void *ctx;
    const nl_value *args; /* one a parameter of the table */
    nl_cancel *cancel;
};

/* The declared columns as a schema. */
int rows_schema(const struct catalog_table *t, struct ArrowSchema *out, nl_error *err);
/* A stream of the rows. All that source points to must outlive it. */
int rows_stream(const struct rows_source *source, struct ArrowArrayStream *out, nl_error *err);

/* A handle without columns: for functions that make their own stream, and want arguments and nl_rows_fail(). */
int rows_handle_new(const struct rows_source *source, nl_rows **out, nl_error *err);
/* NL_OK, or the error that was kept. */
int rows_handle_error(const nl_rows *rows, nl_error *err);
void rows_handle_free(nl_rows *rows);

/* Append a value of any kind that fits the next column. */
void rows_put(nl_rows *rows, const nl_value *value);

#endif
