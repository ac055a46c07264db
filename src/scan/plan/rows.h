/* plan/rows.h: a table's filter as one on the columns that are read of a file. Pure.
 *
 *     table    id  name  year (partition)        filter  year = 7 AND id > 3 AND price < 2
 *     read     name  id                          ──▶     (other)  AND  1 > 3 AND (other)
 */
#ifndef NL_SCAN_PLAN_ROWS_H
#define NL_SCAN_PLAN_ROWS_H

#include "scan/plan/morsel.h"

/* In the arena: columns become their place among those that the file has of the projection, in its order. What is not read, or
 * is of another type than the table's, becomes SIZE_MAX, which nobody can test (parquet/read/group.h). filter NULL: *out NULL.
 * NL_NO_MEMORY. */
int scan_plan_filter(const struct filter *filter, const struct scan_projection *p, const int32_t *map, nl_arena *arena,
                     const struct filter **out, nl_error *err);

#endif
