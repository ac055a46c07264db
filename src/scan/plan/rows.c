/* plan/rows.c: see rows.h. */
#include "scan/plan/rows.h"

#include "scan/plan/columns.h"

/* Where the table's column is in the batches of the file. */
static size_t place_of(size_t column, const struct scan_projection *p, const int32_t *map)
{
    size_t place = 0;
    if (column >= p->n_file_columns || map[column] < 0)
        return SIZE_MAX;
    for (size_t i = 0; i < p->n; i++) {
        if (p->columns[i] == column)
            return place;
        place += p->columns[i] < p->n_file_columns && map[p->columns[i]] != SCAN_ABSENT;
    }
    return SIZE_MAX;
}

/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
static void place_columns(struct filter *f, const struct scan_projection *p, const int32_t *map)
{
    for (size_t i = 0; i < f->n_children; i++)
        place_columns(f->children[i], p, map);
    if (f->op != FILTER_AND && f->op != FILTER_OR)
        f->column = place_of(f->column, p, map);
}

int scan_plan_filter(const struct filter *filter, const struct scan_projection *p, const int32_t *map, nl_arena *arena,
                     const struct filter **out, nl_error *err)
{
    struct filter *f = filter_copy(arena, filter);
    *out = f;
    if (filter && !f)
        return nl_fail_memory(err);
    if (f)
        place_columns(f, p, map);
    return NL_OK;
}
