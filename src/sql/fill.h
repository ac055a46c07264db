/* fill.h: rows of an Arrow column into a DuckDB vector. Strings are not copied: the vector points into the batch.
 *
 *     validity bits    copied, shifted to the first row (DuckDB and Arrow both write 1 for "not null")
 *     same width       one memcpy
 *     strings          a view of 16 bytes each: "vu" and DuckDB's string_t agree up to 12 bytes, longer ones get a pointer
 *     lists, maps      offset and length each; their elements are one run of the child array, filled as a column of its own
 *     structs          each member a column of its own
 *     the rest         value by value
 *
 * F1  What is below a null STRUCT is null too, as DuckDB wants it: its members get its validity on top of their own.
 * F2  Rows of every level begin at the front of its vector, so that a level knows nothing of those above it.
 */
#ifndef NL_SQL_FILL_H
#define NL_SQL_FILL_H

#include "arrow/arrow.h"
#include "sql/duckdb.h"
#include "sql/types.h"

/* Rows from … from + n of column a (n at most a vector's size) into v, whose type is sql_type() of s. The array must live
 * as long as the vector is read. NL_INVALID: a value that the SQL type cannot hold (a timestamp out of range, text that is
 * not UTF-8), or a nested array whose parts do not fit together. */
int sql_fill(const struct sql_duckdb *duck, const struct ArrowArray *a, const struct sql_shape *s, int64_t from,
             size_t n, duckdb_vector v, nl_error *err);

#endif
