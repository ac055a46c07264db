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
#include "parquet/index/page_index.h"
#include "parquet/read/file.h"

/* What is known of a top-level column in a row group; bytes in *out are valid until the file is closed. Any thread.
 * Nothing is known of nested columns but the rows. */
void pq_stats(const nl_parquet_file *f, size_t row_group, size_t column, struct filter_bounds *out);
/* The same from a chunk that was decoded already. */
void pq_chunk_stats(const nl_parquet_file *f, size_t row_group, size_t column, const struct pq_column_chunk *chunk,
                    struct filter_bounds *out);

/* What is known of page `page` (of `rows` rows) of a flat column from its column index, by the same rules; bytes in *out are
 * those of the index. */
void pq_page_stats(const nl_parquet_file *f, size_t column, const struct pq_column_index *index, size_t page,
                   int64_t rows, struct filter_bounds *out);

/* The ways in which a chunk of a column may write a value that equals v: at most two, since zeros have a sign. */
struct pq_plain_value {
    size_t n;
    size_t len;
    uint8_t bytes[2][16];
    struct pq_slice slice; /* of a byte array: v's own bytes; n is 1 then */
};

/* PLAIN, without the length of a byte array, as bloom filters hash it. False: it may be written in other ways than these,
 * or in a way that we do not know: NaN, decimals of variable length, values of another kind than the column's. */
bool pq_plain_of(const struct pq_column *c, const nl_value *v, struct pq_plain_value *out);

#endif
