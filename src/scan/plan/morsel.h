/* morsel.h: the unit of work: one row group, the columns that are wanted of it, and where their bytes are. Pure. */
#ifndef NL_SCAN_PLAN_MORSEL_H
#define NL_SCAN_PLAN_MORSEL_H

#include "parquet/read/file.h"
#include "scan/scan.h"

/* What is read of one file: a projected column is one of the file's, or a constant. */
struct scan_projection {
    const size_t *columns; /* indices into the table's schema */
    size_t n;
    size_t n_file_columns; /* the table's columns from here on are partition columns */
};

struct scan_morsel_plan {
    size_t n;        /* how many of the projected columns the file has */
    size_t *columns; /* their indices in the file, in the order of the projection */
    nl_range *ranges;
    uint64_t bytes; /* sum of the ranges */
};

/* Plan a row group. columns and ranges have room for the projection's n. NL_INVALID (another type), or what
 * pq_chunk_range() says. */
int scan_plan_morsel(const nl_parquet_file *file, size_t row_group, const struct scan_projection *p,
                     const struct ArrowSchema *table, const int32_t *map, struct scan_morsel_plan *out, nl_error *err);

#endif
