/* fill.h: rows of an Arrow column into a DuckDB vector. Strings are not copied: the vector points into the batch.
 *
 *     validity bits    copied, shifted to the first row (DuckDB and Arrow both write 1 for "not null")
 *     same width       one memcpy
 *     strings          a view of 16 bytes each: "vu" and DuckDB's string_t agree up to 12 bytes, longer ones get a pointer
 *     the rest         value by value
 */
#ifndef NL_SQL_FILL_H
#define NL_SQL_FILL_H

#include "arrow/arrow.h"
#include "sql/duckdb.h"

/* Rows from … from + n of column a (n at most a vector's size) into v, whose type is sql_type() of t. The array must live
 * as long as the vector is read. NL_INVALID: a value that the SQL type cannot hold (a timestamp out of range, text that is
 * not UTF-8). */
int sql_fill(const struct sql_duckdb *duck, const struct ArrowArray *a, const struct arrow_type *t, int64_t from,
             size_t n, duckdb_vector v, nl_error *err);

#endif
