/* segments.h: the bytes of a leaf's chunk, in one piece or in several, and which pieces hold the rows that are wanted.
 *
 *     chunk      │ dictionary │ page 0 │ page 1 │ page 2 │ page 3 │        rows wanted are in pages 1 and 3
 *     segments   └── 0 ───────┘        └── 1 ───┘        └── 2 ───┘
 *     first_row       0                    of page 1         of page 3
 *
 * K1  A segment is a run of whole pages and begins at a row; segments ascend. The first one begins at the chunk's start,
 *     where a dictionary page is.
 * K2  Every range lies inside the chunk, whatever the offset index says.
 */
#ifndef NL_PARQUET_READ_SEGMENTS_H
#define NL_PARQUET_READ_SEGMENTS_H

#include <neuralake/parquet.h>

#include "base/io/source.h"
#include "parquet/index/page_index.h"
#include "parquet/read/file.h"

/* A run of pages that was fetched; or that is read as it is needed: then src says from where. */
struct pq_segment {
    uint64_t offset;   /* in the file */
    int64_t first_row; /* of the row group */
    nl_bytes bytes;
    nl_source *src;  /* borrowed; NULL: bytes has all of it */
    uint64_t length; /* where src is not NULL */
};

/* What was fetched of one leaf's chunk. */
struct pq_leaf_bytes {
    struct pq_segment *segments;
    size_t n;
};

/* A run of pages to be fetched. */
struct pq_segment_range {
    nl_range range;
    int64_t first_row;
};

/* Which bytes of a leaf's chunk hold the rows of n ranges (of the row group; ascending and apart), merged where they touch.
 * index NULL: all of the chunk. *out is malloc'd, *n_out long (0 for a row group without rows, or n 0); yours.
 * NL_CORRUPT: pages outside of the chunk; NL_NO_MEMORY; what pq_chunk_range() says. */
int pq_chunk_segments(const nl_parquet_file *f, size_t row_group, size_t leaf, const struct pq_offset_index *index,
                      const nl_parquet_range *rows, size_t n, struct pq_segment_range **out, size_t *n_out,
                      nl_error *err);
/* Where the chunk's offset index lies; length 0: it has none. NL_CORRUPT: outside of the file. */
int pq_offset_index_range(const nl_parquet_file *f, size_t row_group, size_t leaf, nl_range *out, nl_error *err);

#endif
