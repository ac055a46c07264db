/* select.h: which rows of a row group may make a filter true, by what its column indexes say of pages. Pure.
 *
 *     column a, pages      │   0-9   │  10-19  │  20-29  │         a = 12        rows 10-19
 *     column b, pages      │ 0-4 │ 5-14 │   15-29        │         b = 'x'       rows 0-14
 *     AND: rows 10-14          OR: rows 0-19
 *
 * Also the whole row group at once, by what is surely not in it: bloom filters and dictionaries.
 *
 * S1  A row that can make the filter true is always in the ranges; others may be.
 * S2  Ranges ascend, do not touch, and lie inside the row group.
 * S3  An index that contradicts itself, its partner or the row group says nothing, and is no error: the data is read.
 */
#ifndef NL_PARQUET_INDEX_SELECT_H
#define NL_PARQUET_INDEX_SELECT_H

#include <neuralake/parquet.h>

#include "filter/filter.h"
#include "parquet/index/bloom.h"
#include "parquet/index/page_index.h"
#include "parquet/read/file.h"

/* What is known of one column of the filter, beyond the footer. All of it may be missing. */
struct pq_select_column {
    int32_t column;                       /* of the file; negative: not one of it */
    const struct pq_column_index *bounds; /* with offsets, or neither */
    const struct pq_offset_index *offsets;
    const struct pq_bloom *bloom;
    const struct pq_slice
        *dictionary; /* every value of the chunk in PLAIN, as pq_plain_of() says it; NULL: not known */
    size_t n_dictionary;
};

struct pq_select {
    const nl_parquet_file *file;
    size_t row_group;
    const struct pq_select_column *columns; /* by the filter's columns; n of them, others are not known */
    size_t n_columns;
    filter_bounds_of bounds; /* of the whole row group, for columns without an index; with its unit */
    const void *unit;
};

/* Rows that may match: *n ranges, malloc'd, yours; NULL for none. filter NULL: all rows. NL_NO_MEMORY. */
int pq_select_rows(const struct pq_select *s, const struct filter *filter, nl_parquet_range **out, size_t *n,
                   nl_error *err);
/* Is a value that the filter needs in no row, by bloom filters and dictionaries? */
bool pq_select_excluded(const struct pq_select *s, const struct filter *filter);

#endif
