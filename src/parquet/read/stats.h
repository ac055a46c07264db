/* stats.h: the statistics of a column chunk as filter bounds, with every rule that makes them safe to prune by.
 *
 * X1  A bound is given only where no value of the chunk can lie beyond it in the column's own order (filter.h, F2).
 * X2  What is doubtful is left out, never an error: pruning then keeps too much.
 *
 *     min_value, max_value   where the footer states the column's order (TYPE_ORDER, or IEEE 754 for floats)
 *     min, max (deprecated)  where signed comparison is the order: bool, signed integers, times, decimals of INT32 and
 *                            INT64, floats
 *     never                  NaN; INT96; INTERVAL, FLOAT16, geometry, logical types that we do not know; lengths or ranges
 *                            that do not fit the type; min > max
 *
 * Truncated bounds (is_max_value_exact false) are bounds all the same. A zero is widened to -0 (min) or +0 (max).
 * Spec: parquet-format, parquet.thrift, "Statistics" and "ColumnOrder".
 */
#ifndef NL_PARQUET_READ_STATS_H
#define NL_PARQUET_READ_STATS_H

#include "filter/filter.h"
#include "parquet/read/file.h"

/* What is known of a top-level column in a row group; bytes in *out are valid until the file is closed. Any thread.
 * Nothing is known of nested columns but the rows. */
void pq_stats(const nl_parquet_file *f, size_t row_group, size_t column, struct filter_bounds *out);
/* The same from a chunk that was decoded already. */
void pq_chunk_stats(const nl_parquet_file *f, size_t row_group, size_t column, const struct pq_column_chunk *chunk,
                    struct filter_bounds *out);

#endif
