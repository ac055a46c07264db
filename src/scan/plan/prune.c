/* prune.c: bounds of a unit of rows, from its path and its footer. */
#include "scan/plan/prune.h"

#include "parquet/read/stats.h"
#include "scan/plan/columns.h"

/* Every row has this value. Without a row count, one row stands for all. */
static void constant_bounds(const nl_value *v, struct filter_bounds *out)
{
    bool null = v->kind == NL_VALUE_NULL;
    *out = (struct filter_bounds){.has_min = !null,
                                  .has_max = !null,
                                  .has_null_count = true,
                                  .min = *v,
                                  .max = *v,
                                  .null_count = null,
                                  .rows = 1};
}

void scan_unit_bounds(const void *unit, size_t column, struct filter_bounds *out)
{
    const struct scan_unit *u = unit;
    if (column >= u->n_file_columns)
        constant_bounds(&u->partition_values[column - u->n_file_columns], out);
    else if (u->file && scan_has_bounds(u->map[column]))
        pq_stats(u->file, u->row_group, scan_file_column(u->map[column]), out);
    else if (u->file && u->map[column] == SCAN_ABSENT)
        constant_bounds(&(nl_value){.kind = NL_VALUE_NULL}, out);
}

bool scan_unit_may_match(const struct filter *f, const struct scan_unit *unit)
{
    return filter_test(f, scan_unit_bounds, unit) != FILTER_NONE;
}
