/* columns.h: where a table's columns are in one of its files. Pure.
 *
 *     table    id  name  price │ year (partition)        map   id → 0, name → 2, price → SCAN_ABSENT
 *     file     id  note  name
 */
#ifndef NL_SCAN_PLAN_COLUMNS_H
#define NL_SCAN_PLAN_COLUMNS_H

#include "parquet/read/file.h"
#include "scan/scan.h"

#define SCAN_ABSENT     (-1) /* the file lacks it: nulls */
#define SCAN_OTHER_TYPE (-2) /* the file has it with another type: an error once it is read */

/* The schema of a table from its first file: the file's columns (strings as views) without those that a partition column
 * hides, then the partition columns. *n_file_columns: how many are the file's. *out is the caller's. */
int scan_table_columns(const nl_parquet_file *first, const struct scan_partition_column *partitions,
                       size_t n_partitions, struct ArrowSchema *out, size_t *n_file_columns, nl_error *err);
/* map[i], i < n: the file's column of table column i, or one of the above. Names are compared exactly. */
void scan_map_columns(const nl_parquet_file *file, const struct ArrowSchema *table, size_t n, int32_t *map);
/* NL_INVALID for column i of the table, which the file has with another type: names both. The caller knows the file. */
int scan_type_differs(const nl_parquet_file *file, const struct ArrowSchema *table, size_t i, nl_error *err);

#endif
