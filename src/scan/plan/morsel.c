/* morsel.c: which bytes of a row group are needed. */
#include "scan/plan/morsel.h"

#include <stdlib.h>

#include "scan/plan/columns.h"

/* The file's columns of a projection into columns, which has room for p->n. */
static int choose_columns(const nl_parquet_file *file, const struct scan_projection *p, const struct ArrowSchema *table,
                          const int32_t *map, size_t *columns, size_t *n, nl_error *err)
{
    *n = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t column = p->columns[i];
        if (column >= p->n_file_columns || map[column] == SCAN_ABSENT)
            continue;
        if (map[column] == SCAN_OTHER_TYPE)
            return scan_type_differs(file, table, column, err);
        columns[(*n)++] = scan_file_column(map[column]);
    }
    return NL_OK;
}

/* The ranges of all leaves. */
static int plan_ranges(const nl_parquet_file *file, size_t row_group, struct scan_morsel_plan *out, nl_error *err)
{
    int rc = NL_OK;
    out->n = out->columns.n_leaves;
    out->ranges = calloc(out->n + 1, sizeof *out->ranges);
    if (!out->ranges)
        return nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < out->n; i++) {
        rc = pq_chunk_range(file, row_group, out->columns.leaves[i], &out->ranges[i], err);
        out->bytes += out->ranges[i].length;
    }
    return rc;
}

int scan_plan_morsel(const nl_parquet_file *file, size_t row_group, const struct scan_projection *p,
                     const struct ArrowSchema *table, const int32_t *map, struct scan_morsel_plan *out, nl_error *err)
{
    size_t n;
    *out = (struct scan_morsel_plan){0};
    size_t *columns = calloc(p->n + 1, sizeof *columns);
    int rc = columns ? choose_columns(file, p, table, map, columns, &n, err) : nl_fail_memory(err);
    if (rc == NL_OK)
        rc = pq_projection_columns(file, columns, n, &out->columns, err);
    if (rc == NL_OK)
        rc = plan_ranges(file, row_group, out, err);
    free(columns);
    if (rc)
        scan_morsel_plan_free(out);
    return rc;
}

void scan_morsel_plan_free(struct scan_morsel_plan *p)
{
    pq_projection_free(&p->columns);
    free(p->ranges);
    *p = (struct scan_morsel_plan){0};
}
