/* notes.h: what is noted down about a chunk's pages while they are written, for its column and offset index.
 *
 *     page 0   at byte 0, of 8,192, row 0      bounds 1 … 70, no nulls, 3,000 bytes of strings, levels: 0 × 5, 1 × 100
 *     page 1   at byte 8,192, …
 *
 * O1  A page of values without bounds (NaN alone, intervals, bytes that cannot be raised) makes a chunk without column
 *     index: the format has no way to leave out one page's. Its offset index stays.
 *
 * Spec: parquet-format, PageIndex.md; parquet.thrift, SizeStatistics.
 */
#ifndef NL_PARQUET_WRITE_NOTES_H
#define NL_PARQUET_WRITE_NOTES_H

#include "parquet/index/page_index.h"
#include "parquet/write/page.h"
#include "parquet/write/stats.h"

/* Zeroed is empty. One element a page in each list. */
struct pq_notes {
    nl_buf locations;                              /* struct pq_page_location; offsets from the first page on */
    nl_buf null_pages, min, max, nulls, unencoded; /* bool, struct pq_slice twice, int64_t twice */
    nl_buf repetition, definition;                 /* int64_t: levels × pages */
    nl_arena bounds;                               /* what min and max point to */
    size_t n;
    bool no_bounds; /* O1 */
};

/* Note the page that was written at [at, end) of the chunk's pages, whose first row is `first_row` of the row group. */
int pq_notes_add(struct pq_notes *n, const struct pq_write_leaf *leaf, const struct pq_page *p, size_t at, size_t end,
                 int64_t first_row, const struct pq_stats *stats, nl_error *err);
/* The histograms and bytes of all pages together, for the chunk's metadata; memory is the arena's. */
int pq_notes_sizes(const struct pq_notes *n, const struct pq_write_leaf *leaf, nl_arena *arena,
                   struct pq_column_meta *out, nl_error *err);
/* Append the offset index of pages that begin at byte `base` of the file. Offsets are moved: once a chunk. */
int pq_notes_offset_index(struct pq_notes *n, const struct pq_write_leaf *leaf, int64_t base, nl_buf *out,
                          nl_error *err);
/* Append the column index; nothing where there is none (O1). */
int pq_notes_column_index(const struct pq_notes *n, const struct pq_write_leaf *leaf, nl_buf *out, nl_error *err);
/* No pages any more. */
void pq_notes_clear(struct pq_notes *n);
void pq_notes_free(struct pq_notes *n);

#endif
