/* prune.h: can a file, or one of its row groups, hold a row that the filter wants? Pure.
 *
 *     column of the table      file known by its path only      row group
 *     in the files             nothing known                    statistics of the footer; all null where the file lacks it
 *     partition                exactly the value                exactly the value
 */
#ifndef NL_SCAN_PLAN_PRUNE_H
#define NL_SCAN_PLAN_PRUNE_H

#include "filter/filter.h"
#include "parquet/read/file.h"

/* What is to be judged. */
struct scan_unit {
    const nl_value *partition_values;
    size_t n_file_columns; /* the table's columns from here on are partition columns */
    /* Of a row group; a zero file: only the path is known. */
    const nl_parquet_file *file;
    const int32_t *map; /* plan/columns.h */
    size_t row_group;
};

/* A filter_bounds_of over struct scan_unit. */
void scan_unit_bounds(const void *unit, size_t column, struct filter_bounds *out);
bool scan_unit_may_match(const struct filter *f, const struct scan_unit *unit);

#endif
