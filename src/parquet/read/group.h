/* group.h: decode one row group from the bytes of its leaves' chunks. No I/O.
 *
 *     chunks (bytes) ──▶ one pq_column_reader a leaf ──next(max_rows)──▶ values, levels ──assemble──▶ struct array
 *
 * G1  All columns of a batch have equal rows; a chunk with fewer or more values than the row group has rows is NL_CORRUPT.
 * G2  Batches own what they point into; they outlive reader and file.
 * G3  A batch of nested data has fewer rows than were asked for, where those would have very many elements.
 * G4  With a pool the result and the error are those without one.
 * G5  With a filter there are fewer batches, none of them empty, and only errors of what had to be looked at (select.h, L5).
 */
#ifndef NL_PARQUET_READ_GROUP_H
#define NL_PARQUET_READ_GROUP_H

#include <neuralake/arrow.h>
#include <neuralake/parquet.h>

#include "base/cancel.h"
#include "base/pool.h"
#include "filter/filter.h"
#include "parquet/read/projection.h"
#include "parquet/read/segments.h"

struct pq_group_options {
    bool string_views;     /* "vu" and "vz", which point into the pages; else "u" and "z" */
    bool verify_checksums; /* a page whose CRC-32 is written and differs is NL_CORRUPT */
    nl_cancel *cancel;     /* looked at between pages; NULL: none */
    /* Only these rows (of the row group; ascending, apart, inside of it), side by side in batches. rows NULL: all. Copied. */
    const nl_parquet_range *rows;
    size_t n_rows;
    /* Rows that cannot satisfy it may be left out (select.h). Its columns are the projection's, by their place; what it says of
     * nested ones, and of others, is taken as true. Borrowed for the reader's life. NULL: none. */
    const struct filter *filter;
    nl_pool *pool; /* decodes leaves side by side, together with the caller; NULL: the caller alone */
};

struct pq_group_reader;

/* Start on a row group.
 *
 * projection  borrowed, as file is, for the reader's life; without columns batches have rows only
 * chunks      one a leaf of the projection: the bytes that pq_chunk_range() or pq_chunk_segments() named; those of all
 *             segments are moved in, also when this fails
 * options     may be NULL
 */
int pq_group_reader_new(const nl_parquet_file *file, size_t row_group, const struct pq_projection *projection,
                        struct pq_leaf_bytes *chunks, const struct pq_group_options *options,
                        struct pq_group_reader **out, nl_error *err);
/* The next at most max_rows rows as a struct array; released at the end. After a failure the reader is finished, and
 * repeats the error. */
int pq_group_next(struct pq_group_reader *r, int64_t max_rows, struct ArrowArray *out, nl_error *err);
/* Rows that are wanted and not yet delivered, or left out. */
int64_t pq_group_left(const struct pq_group_reader *r);
/* Rows that the filter has left out until now. */
int64_t pq_group_filtered(const struct pq_group_reader *r);
/* NULL is fine. */
void pq_group_reader_free(struct pq_group_reader *r);

#endif
