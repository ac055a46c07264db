/* page_index.h: where the pages of a column chunk are, and what lies in each of them: OffsetIndex and ColumnIndex.
 *
 *     offset index   page   offset  bytes  first row        column index   page   min  max  nulls  (of nothing but nulls?)
 *                    0      4       8192   0                               0      1    70   0      no
 *                    1      8196    8100   20000                           1      70   99   3      no
 *
 * Decoded structures live in an arena; bounds are slices of the bytes that were decoded, which must outlive them.
 *
 * I1  Lists of one index have one length, as many as pages; offsets and first rows ascend; both are checked on decoding, so
 *     that who uses them may count on it. Where the bytes lie in the file is for the reader to check.
 * I2  Nothing is allocated that the bytes do not pay for.
 *
 * Spec: parquet-format, PageIndex.md; parquet.thrift, OffsetIndex, ColumnIndex.
 */
#ifndef NL_PARQUET_INDEX_PAGE_INDEX_H
#define NL_PARQUET_INDEX_PAGE_INDEX_H

#include "base/arena.h"
#include "base/buf.h"
#include "parquet/format/metadata.h"

struct pq_page_location {
    int64_t offset;          /* of the page's header in the file */
    int32_t compressed_size; /* header included */
    int64_t first_row;       /* in the row group */
};

struct pq_offset_index {
    struct pq_page_location *pages;
    size_t n;
    int64_t *unencoded_bytes; /* of byte arrays, a page; NULL: absent */
};

enum pq_boundary_order { PQ_UNORDERED = 0, PQ_ASCENDING = 1, PQ_DESCENDING = 2 };

struct pq_column_index {
    size_t n;
    bool *null_pages;           /* a page of nothing but nulls has no bounds */
    struct pq_slice *min, *max; /* PLAIN without a length, may be cut */
    enum pq_boundary_order order;
    int64_t *null_counts, *nan_counts;                      /* NULL: absent */
    int64_t *repetition_histograms, *definition_histograms; /* levels × pages; NULL: absent */
    size_t n_repetition, n_definition;                      /* entries of those */
};

/* NL_CORRUPT with the byte inside the structure (I1); NL_NO_MEMORY. */
int pq_offset_index_decode(const void *data, size_t len, nl_arena *arena, struct pq_offset_index *out, nl_error *err);
int pq_column_index_decode(const void *data, size_t len, nl_arena *arena, struct pq_column_index *out, nl_error *err);
/* Appended to out; NL_NO_MEMORY. */
int pq_offset_index_encode(const struct pq_offset_index *index, nl_buf *out, nl_error *err);
int pq_column_index_encode(const struct pq_column_index *index, nl_buf *out, nl_error *err);

#endif
