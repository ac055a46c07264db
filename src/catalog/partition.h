/* partition.h: the values that a file's folders say. Pure: a path in, values out.
 *
 *     hive        year=2024/country=d%65/x.parquet    name=value, percent-encoded; in any order, others may stand between
 *     directory   2024/de/x.parquet                   bare values in order, exactly as many folders as columns
 */
#ifndef NL_CATALOG_PARTITION_H
#define NL_CATALOG_PARTITION_H

#include <neuralake/catalog.h>

#include "base/arena.h"
#include "filter/filter.h"
#include "scan/scan.h"

/* What Hive writes for a NULL. */
#define CATALOG_HIVE_NULL "__HIVE_DEFAULT_PARTITION__"

struct catalog_partitioning {
    enum nl_partition_scheme scheme;
    const struct scan_partition_column *columns; /* name and Arrow format */
    size_t n_columns;
};

/* The values of one file.
 *
 * path    below the table's uri: "year=2024/x.parquet"
 * values  p->n_columns of them; their texts are in the arena
 * Returns NL_INVALID with the column: a folder is missing, one too many, or its text is not of the column's type. The
 * caller knows the file.
 */
int catalog_partition_values(const struct catalog_partitioning *p, const char *path, nl_arena *arena, nl_value *values,
                             nl_error *err);
/* Is a file part of a table? ".parquet" at the end (case ignored), and no folder or name that begins with "." or "_"
 * (in Hive tables a folder "_name=value" is one). */
bool catalog_is_data_path(const char *path);

#endif
