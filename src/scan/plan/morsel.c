/* morsel.c: which bytes of a row group are needed. */
#include "scan/plan/morsel.h"

#include "scan/plan/columns.h"

int scan_plan_morsel(const nl_parquet_file *file, size_t row_group, const struct scan_projection *p,
                     const struct ArrowSchema *table, const int32_t *map, struct scan_morsel_plan *out, nl_error *err)
{
    out->n = 0;
    out->bytes = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t column = p->columns[i];
        if (column >= p->n_file_columns || map[column] == SCAN_ABSENT)
            continue;
        if (map[column] == SCAN_OTHER_TYPE)
            return scan_type_differs(file, table, column, err);
        out->columns[out->n] = (size_t)map[column];
        int rc = pq_chunk_range(file, row_group, (size_t)map[column], &out->ranges[out->n], err);
        if (rc)
            return rc;
        out->bytes += out->ranges[out->n].length;
        out->n++;
    }
    return NL_OK;
}
