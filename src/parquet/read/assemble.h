/* assemble.h: nested columns from the arrays and levels of their leaves.
 *
 *     list<struct<a, b>>      leaf a: values, levels ─┐    offsets and validity of the list from a's levels,
 *                             leaf b: values, levels ─┘    held against b's
 *
 * A1  All leaves below a list or a struct that may be null say the same of it: else NL_CORRUPT.
 */
#ifndef NL_PARQUET_READ_ASSEMBLE_H
#define NL_PARQUET_READ_ASSEMBLE_H

#include "parquet/read/column.h"
#include "parquet/read/projection.h"

/* Node `at` of the projection, a top-level column, for rows rows. leaves[i] and arrays[i] are leaf i of the projection: the
 * arrays of this column's leaves are moved into *out (or released, when this fails). */
int pq_assemble(const struct pq_projection *p, size_t at, size_t rows, const struct pq_column_reader *leaves,
                struct ArrowArray *arrays, struct ArrowArray *out, nl_error *err);

#endif
