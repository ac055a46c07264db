/* inspect.h: what there is to show of a file: its metadata as decoded (format/metadata.h), names, and a chunk's figures.
 *
 * The structures are the file's own and live as long as it; a chunk is decoded on demand into the caller's arena.
 */
#ifndef NL_PARQUET_READ_INSPECT_H
#define NL_PARQUET_READ_INSPECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "parquet/read/file.h"
#include "parquet/read/stats.h"

/* The footer as read, and the schema as a tree. Owned by f. */
const struct pq_file_meta *pq_inspect_meta(const nl_parquet_file *f);
const struct pq_schema *pq_inspect_schema(const nl_parquet_file *f);
/* Bytes of the whole file, and of the footer. */
uint64_t pq_inspect_size(const nl_parquet_file *f);
uint64_t pq_inspect_footer_size(const nl_parquet_file *f);
/* The chunk of a leaf (not a column) of any shape, with its lists; only damage is refused. */
int pq_inspect_chunk(const nl_parquet_file *f, size_t row_group, size_t leaf, nl_arena *arena,
                     struct pq_column_chunk *out, nl_error *err);
/* A leaf's path, "tags.list.element", appended to out. */
int pq_inspect_path(const nl_parquet_file *f, size_t leaf, nl_buf *out, nl_error *err);
/* A schema element's type as the specification writes it: "INT64 (TIMESTAMP(MICROS,true))", "group (LIST)"; appended. */
int pq_inspect_type(const struct pq_schema_element *e, nl_buf *out, nl_error *err);

#endif
