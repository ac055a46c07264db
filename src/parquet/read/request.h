/* request.h: the bytes of one row group that a projection and row ranges need, asked for together.
 *
 *     whole row group      one range a leaf
 *     some rows of it      the leaves' offset indexes first (one blocking step), then the pages that hold those rows
 */
#ifndef NL_PARQUET_READ_REQUEST_H
#define NL_PARQUET_READ_REQUEST_H

#include "parquet/read/projection.h"
#include "parquet/read/segments.h"

struct pq_request {
    size_t row_group;
    const struct pq_projection *projection;
    nl_parquet_range *rows; /* wanted, of the row group */
    size_t n_rows;
    struct pq_segment *segments; /* of all leaves; bytes once they were waited for */
    struct pq_leaf_bytes *leaves;
    nl_fetch **fetches; /* one a segment; NULL where it has ended */
    size_t n_segments;
};

/* Plan and submit. rows: n ranges of the row group, copied. projection must outlive *out; file only its source. *out is yours.
 * NL_NO_MEMORY; what pq_chunk_segments(), the offset indexes' decoder or the source say. */
int pq_request_new(const nl_parquet_file *f, size_t row_group, const struct pq_projection *projection,
                   const nl_parquet_range *rows, size_t n, struct pq_request **out, nl_error *err);
/* Wait for all bytes: out->leaves can go to pq_group_reader_new(), which takes them. */
int pq_request_wait(struct pq_request *r, nl_cancel *cancel, nl_error *err);
/* What was not waited for is dropped. NULL is fine. */
void pq_request_free(struct pq_request *r);

#endif
