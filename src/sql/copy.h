/* copy.h: COPY … TO 's3://…' is ours: the query runs in DuckDB, its rows go through our Parquet writer into the store.
 *
 *     COPY (SELECT …) TO 's3://lake/x.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)
 *
 * The options have DuckDB's names: COMPRESSION (or CODEC), COMPRESSION_LEVEL, ROW_GROUP_SIZE, ROW_GROUP_SIZE_BYTES,
 * PARQUET_VERSION, STRING_DICTIONARY_PAGE_SIZE_LIMIT, KV_METADATA and FIELD_IDS (of top-level columns).
 *
 * Local files are left to DuckDB's own writers. DuckDB's interface for copy functions does not say the columns' names, so
 * the statement is taken apart here.
 */
#ifndef NL_SQL_COPY_H
#define NL_SQL_COPY_H

#include <neuralake/parquet.h>
#include <neuralake/store.h>

#include "base/arena.h"
#include "base/cancel.h"

struct sql_copy {
    const char *query; /* what is written, as SQL; from the arena */
    const char *uri;
    nl_parquet_write_options options;
    const char *const *field_ids; /* column, id, column, id…; n_field_ids pairs */
    size_t n_field_ids;
};

/* Is the statement such a COPY? *is_copy. NL_UNSUPPORTED, NL_INVALID: it is, with an option that we do not have. */
int sql_copy_parse(nl_arena *a, const char *text, size_t len, struct sql_copy *out, bool *is_copy, nl_error *err);
/* Write all rows of a stream (borrowed) as one object, which appears when all went well. */
int sql_copy_write(const struct sql_copy *copy, struct ArrowArrayStream *rows, nl_store *store, nl_cancel *cancel,
                   nl_error *err);

#endif
