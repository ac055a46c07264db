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

/* Whole chunks of all leaves. */
static int plan_ranges(const nl_parquet_file *file, size_t row_group, struct scan_morsel_plan *out, nl_error *err)
{
    int rc = NL_OK;
    out->n = out->columns.n_leaves;
    out->ranges = calloc(out->n + 1, sizeof *out->ranges);
    out->first_rows = calloc(out->n + 1, sizeof *out->first_rows);
    out->starts = calloc(out->n + 1, sizeof *out->starts);
    if (!out->ranges || !out->first_rows || !out->starts)
        return nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < out->n; i++) {
        rc = pq_chunk_range(file, row_group, out->columns.leaves[i], &out->ranges[i], err);
        out->bytes += out->ranges[i].length;
        out->starts[i + 1] = i + 1;
    }
    return rc;
}

int scan_plan_morsel(const nl_parquet_file *file, size_t row_group, const struct scan_projection *p,
                     const struct ArrowSchema *table, const int32_t *map, struct scan_morsel_plan *out, nl_error *err)
{
    size_t n = 0;
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

/* ── some rows only ── */

/* Append a leaf's segments to the plan. */
static int append(struct scan_morsel_plan *to, const struct pq_segment_range *segments, size_t n, nl_error *err)
{
    nl_range *ranges = realloc(to->ranges, (to->n + n + 1) * sizeof *ranges);
    to->ranges = ranges ? ranges : to->ranges;
    int64_t *rows = realloc(to->first_rows, (to->n + n + 1) * sizeof *rows);
    to->first_rows = rows ? rows : to->first_rows;
    if (!ranges || !rows)
        return nl_fail_memory(err);
    for (size_t i = 0; i < n; i++, to->n++) {
        to->ranges[to->n] = segments[i].range;
        to->first_rows[to->n] = segments[i].first_row;
        to->bytes += segments[i].range.length;
    }
    return NL_OK;
}

/* Count a leaf's pages, and those without a row of the ranges. */
static void count_pages(struct scan_morsel_plan *p, const struct pq_offset_index *index, int64_t group_rows)
{
    size_t range = 0;
    for (size_t i = 0; index && i < index->n; i++) {
        int64_t first = index->pages[i].first_row, end = i + 1 < index->n ? index->pages[i + 1].first_row : group_rows;
        while (range < p->n_rows && p->rows[range].first + p->rows[range].count <= first)
            range++;
        p->pages++;
        p->pages_pruned += range == p->n_rows || p->rows[range].first >= end;
    }
}

/* The same projection's pages into *to, which has its starts. */
static int narrow(const nl_parquet_file *file, size_t row_group, const struct pq_offset_index *const *offsets,
                  const struct scan_morsel_plan *whole, struct scan_morsel_plan *to, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < whole->columns.n_leaves; i++) {
        struct pq_segment_range *segments;
        size_t n;
        rc = pq_chunk_segments(file, row_group, whole->columns.leaves[i], offsets[i], to->rows, to->n_rows, &segments,
                               &n, err);
        if (rc == NL_OK)
            rc = append(to, segments, n, err);
        free(segments);
        to->starts[i + 1] = to->n;
        count_pages(to, offsets[i], nl_parquet_row_group_rows(file, row_group));
    }
    return rc;
}

int scan_plan_rows(const nl_parquet_file *file, size_t row_group, const struct pq_offset_index *const *offsets,
                   nl_parquet_range *rows, size_t n, struct scan_morsel_plan *plan, nl_error *err)
{
    nl_error ignored = {0};
    struct scan_morsel_plan to = {.rows = rows, .n_rows = n};
    to.starts = calloc(plan->columns.n_leaves + 1, sizeof *to.starts);
    int rc = to.starts ? narrow(file, row_group, offsets, plan, &to, &ignored) : NL_NO_MEMORY;
    if (rc == NL_OK) {
        to.columns = plan->columns;
        plan->columns = (struct pq_projection){0};
        scan_morsel_plan_free(plan);
        *plan = to;
        return NL_OK;
    }
    scan_morsel_plan_free(&to);
    return rc == NL_NO_MEMORY ? nl_fail_memory(err) : NL_OK; /* an index that lies: all is read */
}

void scan_morsel_plan_free(struct scan_morsel_plan *p)
{
    pq_projection_free(&p->columns);
    free(p->ranges);
    free(p->first_rows);
    free(p->starts);
    free(p->rows);
    *p = (struct scan_morsel_plan){0};
}
