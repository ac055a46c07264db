/* bound_text.h: a bound of a file's statistics as people read it. */
#ifndef NL_PARQUET_READ_BOUND_TEXT_H
#define NL_PARQUET_READ_BOUND_TEXT_H

#include "base/buf.h"
#include "parquet/format/metadata.h"

/* Append the value of a leaf whose PLAIN bytes, without a length, are s: as `--format csv` shows it (arrow.h), bytes that
 * are no value of the type as "0x…". Nothing where s is absent. NL_NO_MEMORY. */
int pq_bound_text(const struct pq_schema_element *e, struct pq_slice s, nl_buf *out, nl_error *err);

#endif
