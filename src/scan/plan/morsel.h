/* morsel.h: the unit of work: one row group, the columns that are wanted of it, and where their bytes are. Pure.
 *
 *     leaf 0                    leaf 1                        ranges      ┌ 0 ┐ ┌ 1 ┐ ┌─ 2 ─┐     of the file
 *     │ page │ page │ page │    │ page        │ page   │      starts      0           2        3
 *       ────          ────        ────                        first_rows  0     50    0
 */
#ifndef NL_SCAN_PLAN_MORSEL_H
#define NL_SCAN_PLAN_MORSEL_H

#include "parquet/read/projection.h"
#include "parquet/read/segments.h"
#include "scan/scan.h"

/* What is read of one file: a projected column is one of the file's, or a constant. */
struct scan_projection {
    const size_t *columns; /* indices into the table's schema */
    size_t n;
    size_t n_file_columns; /* the table's columns from here on are partition columns */
};

struct scan_morsel_plan {
    struct pq_projection columns; /* the projected columns that the file has, in the order of the projection */
    nl_range *ranges;             /* of all leaves of columns, one after the other */
    int64_t *first_rows;          /* the row at which each of them begins */
    size_t n;                     /* of them */
    size_t *starts;               /* leaf i's are starts[i] to starts[i + 1] */
    uint64_t bytes;               /* their sum */
    nl_parquet_range *rows;       /* that are wanted; NULL: all */
    size_t n_rows;
    uint64_t pages, pages_pruned; /* of leaves whose pages are known; without a row that is wanted */
};

/* Plan a row group; *out is the caller's, and empty after a failure. NL_INVALID (another type), NL_NO_MEMORY, or what
 * pq_projection_columns() and pq_chunk_range() say. */
int scan_plan_morsel(const nl_parquet_file *file, size_t row_group, const struct scan_projection *p,
                     const struct ArrowSchema *table, const int32_t *map, struct scan_morsel_plan *out, nl_error *err);

/* Narrow a plan to n ranges of rows (moved in), by what is known of its leaves' pages (NULL: nothing). What cannot be narrowed
 * stays as it is. NL_NO_MEMORY. */
int scan_plan_rows(const nl_parquet_file *file, size_t row_group, const struct pq_offset_index *const *offsets,
                   nl_parquet_range *rows, size_t n, struct scan_morsel_plan *plan, nl_error *err);
/* Leaves it empty; an empty one is fine. */
void scan_morsel_plan_free(struct scan_morsel_plan *p);

#endif
