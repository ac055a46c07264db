/* columns.h: where a table's columns are in one of its files. Pure.
 *
 *     table    id  name  price │ year (partition)        map   id → 0, name → 2, price → SCAN_ABSENT
 *     file     id  note  name
 *
 *     ≥ 0                 the file's column, of the table's type
 *     SCAN_ABSENT         the file lacks it: nulls
 *     SCAN_OTHER_TYPE     the file has it with another type: an error once it is read
 *     less                the file's column is of a type that widens to the table's (parquet/read/adapt.h)
 *
 * Bounds of a column that is widened are those of the file's type: they are not looked at, but where they mean the same.
 */
#ifndef NL_SCAN_PLAN_COLUMNS_H
#define NL_SCAN_PLAN_COLUMNS_H

#include "parquet/read/adapt.h"
#include "parquet/read/file.h"
#include "scan/scan.h"

#define SCAN_ABSENT     (-1)
#define SCAN_OTHER_TYPE (-2)

/* Is the file's column widened? */
static inline bool scan_is_widened(int32_t entry)
{
    return entry < SCAN_OTHER_TYPE;
}
/* The file's column of an entry that has one. */
static inline size_t scan_file_column(int32_t entry)
{
    return (size_t)(scan_is_widened(entry) ? (SCAN_OTHER_TYPE - 1 - entry) / 2 : entry);
}
/* Do bounds of the file's column, as they are, bound the table's? */
static inline bool scan_has_bounds(int32_t entry)
{
    return entry >= 0 || (scan_is_widened(entry) && (SCAN_OTHER_TYPE - 1 - entry) % 2);
}

/* The schema of a table from its first file: the file's columns (strings as views) without those that a partition column
 * hides, then the partition columns; all may be null, since another file may lack them. *n_file_columns: how many are the file's. *out is the caller's. */
int scan_table_columns(const nl_parquet_file *first, const struct scan_partition_column *partitions,
                       size_t n_partitions, struct ArrowSchema *out, size_t *n_file_columns, nl_error *err);
/* map[i], i < n: the entry of table column i. Names are compared exactly. NL_NO_MEMORY. */
int scan_map_columns(const nl_parquet_file *file, const struct ArrowSchema *table, size_t n, int32_t *map,
                     nl_error *err);
/* How the file's column of an entry becomes the table's (field; must outlive the plan, which lives in the arena). */
int scan_plan_widening(const nl_parquet_file *file, const struct ArrowSchema *field, int32_t entry, nl_arena *arena,
                       const struct pq_adapt **out, nl_error *err);
/* NL_INVALID for column i of the table, which the file has with another type: names both. The caller knows the file. */
int scan_type_differs(const nl_parquet_file *file, const struct ArrowSchema *table, size_t i, nl_error *err);

#endif
