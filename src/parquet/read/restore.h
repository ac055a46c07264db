/* restore.h: what Arrow writers leave under the key "ARROW:schema", for types that Parquet has no words for. */
#ifndef NL_PARQUET_READ_RESTORE_H
#define NL_PARQUET_READ_RESTORE_H

#include "parquet/read/projection.h"

/* Give the columns of a file, or those of a projection (NULL: all), what was written down of them: names of time zones, durations,
 * extension types; see arrow_ipc_schema_restore(). A file without the key, or with one that cannot be read, is no error: the
 * columns are then what Parquet says. NL_NO_MEMORY. */
int pq_restore(const nl_parquet_file *f, const struct pq_projection *p, struct ArrowSchema *columns, nl_error *err);

#endif
