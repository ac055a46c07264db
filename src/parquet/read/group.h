/* group.h: decode one row group from the bytes of its column chunks. No I/O, no threads.
 *
 *     chunks (bytes) ──▶ one pq_column_reader a column ──next(max_rows)──▶ struct array
 *
 * G1  All columns of a batch have equal rows; a chunk with fewer or more values than the row group has rows is NL_CORRUPT.
 * G2  Batches own what they point into; they outlive reader and file.
 */
#ifndef NL_PARQUET_READ_GROUP_H
#define NL_PARQUET_READ_GROUP_H

#include <neuralake/arrow.h>
#include <neuralake/parquet.h>

#include "base/cancel.h"
#include "base/io/bytes.h"

struct pq_group_options {
    bool string_views; /* "vu" and "vz", which point into the pages; else "u" and "z" */
    nl_cancel *cancel; /* looked at between pages; NULL: none */
};

struct pq_group_reader;

/* Start on a row group.
 *
 * columns  top-level columns, n of them (0: batches have rows and no columns); copied
 * chunks   the bytes that pq_chunk_range() named, one a column; moved in, also when this fails
 * options  may be NULL
 */
int pq_group_reader_new(const nl_parquet_file *file, size_t row_group, const size_t *columns, size_t n,
                        nl_bytes *chunks, const struct pq_group_options *options, struct pq_group_reader **out,
                        nl_error *err);
/* The next at most max_rows rows as a struct array; released at the end. After a failure the reader is finished, and
 * repeats the error. */
int pq_group_next(struct pq_group_reader *r, int64_t max_rows, struct ArrowArray *out, nl_error *err);
/* Rows not yet delivered. */
int64_t pq_group_left(const struct pq_group_reader *r);
/* NULL is fine. */
void pq_group_reader_free(struct pq_group_reader *r);

#endif
