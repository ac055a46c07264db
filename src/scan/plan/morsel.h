/* morsel.h: the unit of work: one row group, the columns that are wanted of it, and where their bytes are. Pure. */
#ifndef NL_SCAN_PLAN_MORSEL_H
#define NL_SCAN_PLAN_MORSEL_H

#include "parquet/read/projection.h"
#include "scan/scan.h"

/* What is read of one file: a projected column is one of the file's, or a constant. */
struct scan_projection {
    const size_t *columns; /* indices into the table's schema */
    size_t n;
    size_t n_file_columns; /* the table's columns from here on are partition columns */
};

struct scan_morsel_plan {
    struct pq_projection columns; /* the projected columns that the file has, in the order of the projection */
    nl_range *ranges;             /* one a leaf of columns */
    size_t n;                     /* of them */
    uint64_t bytes;               /* their sum */
};

/* Plan a row group; *out is the caller's, and empty after a failure. NL_INVALID (another type), NL_NO_MEMORY, or what
 * pq_projection_columns() and pq_chunk_range() say. */
int scan_plan_morsel(const nl_parquet_file *file, size_t row_group, const struct scan_projection *p,
                     const struct ArrowSchema *table, const int32_t *map, struct scan_morsel_plan *out, nl_error *err);

void scan_morsel_plan_free(struct scan_morsel_plan *p);

#endif
