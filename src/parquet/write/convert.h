/* convert.h: Arrow's values into Parquet's. */
#ifndef NL_PARQUET_WRITE_CONVERT_H
#define NL_PARQUET_WRITE_CONVERT_H

#include "parquet/write/gather.h"

/* Convert n ≤ PQ_BLOCK values at `in`, dense, without nulls, aligned to their width (16 at most). *values: where they
 * are then, in t's form: at `in`, or in the scratch. Answers how many were fine: fewer than n means that the next one has
 * no place in the column's type. */
size_t pq_to_parquet(const struct pq_write_type *t, const void *in, size_t n, struct pq_scratch *s,
                     const void **values);

#endif
