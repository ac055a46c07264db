/* run/lookup.c: see lookup.h. Parts are submitted in the order of the file, so that neighbours become one request. */
#include "scan/run/lookup.h"

#include <stdlib.h>

struct group {
    struct scan_pages pages; /* n 0: nothing to look up */
    size_t *fetches;         /* of its parts, in scan_lookup.fetches; in its arena */
    nl_bytes *bytes;         /* theirs, likewise, while they are needed */
    bool waits;              /* for more than what came with the footer */
};

struct scan_lookup {
    const struct scan_open_file *file;
    const struct scan_table *table;
    const struct filter *filter;
    struct group *groups;
    size_t n_groups;
    nl_range *ranges;
    nl_fetch **fetches; /* NULL where it has ended */
    size_t n;
    uint64_t bytes;
    size_t judged; /* the group whose pages are still there; n_groups: none */
};

static struct scan_unit unit_of(const struct scan_lookup *l, size_t g)
{
    const struct scan_open_file *f = l->file;
    return (struct scan_unit){f->what->partition_values, l->table->n_file_columns, f->file, f->map, g};
}

/* Did the range come with the footer? */
static bool is_here(const void *file, nl_range r)
{
    const nl_parquet_file *f = file;
    return f->size <= PQ_TAIL_GUESS || r.offset >= f->size - PQ_TAIL_GUESS;
}

/* Plan a row group's parts (U1, U2). */
static int plan_group(struct scan_lookup *l, const struct scan_projection *projection, size_t g, nl_error *err)
{
    struct group *group = &l->groups[g];
    struct scan_unit unit = unit_of(l, g);
    struct scan_morsel_plan plan;
    uint64_t bytes = 0;
    if (!nl_parquet_row_group_rows(unit.file, g) || !scan_unit_may_match(l->filter, &unit) ||
        scan_plan_morsel(unit.file, g, projection, &l->table->schema, unit.map, &plan, NULL))
        return NL_OK; /* not read, or it fails later, in its order */
    int rc = scan_pages_plan(l->filter, &unit, &plan, &group->pages, err);
    if (rc == NL_OK && plan.bytes < SCAN_LOOKUP_PAYS)
        scan_pages_keep(&group->pages, is_here, unit.file);
    scan_morsel_plan_free(&plan);
    for (size_t i = 0; i < group->pages.n; i++) {
        bytes += group->pages.ranges[i].length;
        group->waits |= !is_here(unit.file, group->pages.ranges[i]);
    }
    if (rc || !group->pages.n || l->bytes + bytes > SCAN_LOOKUP_MOST) {
        scan_pages_free(&group->pages);
        return rc;
    }
    l->bytes += bytes;
    l->n += group->pages.n;
    return NL_OK;
}

/* One part of one row group, on its way into the order of the file. */
struct wanted {
    nl_range range;
    size_t group, part;
};

static int by_offset(const void *a, const void *b)
{
    uint64_t x = ((const struct wanted *)a)->range.offset, y = ((const struct wanted *)b)->range.offset;
    return (x > y) - (x < y);
}

/* Room for what is fetched of a row group, and its parts behind the n that are wanted already. */
static int want_group(struct scan_lookup *l, size_t g, struct wanted *wanted, size_t *n, nl_error *err)
{
    struct group *group = &l->groups[g];
    if (!group->pages.n)
        return NL_OK;
    group->fetches = nl_arena_array(&group->pages.arena, group->pages.n, sizeof *group->fetches);
    group->bytes = nl_arena_array(&group->pages.arena, group->pages.n, sizeof *group->bytes);
    if (!group->fetches || !group->bytes)
        return nl_fail_memory(err);
    for (size_t i = 0; i < group->pages.n; i++)
        wanted[(*n)++] = (struct wanted){group->pages.ranges[i], g, i};
    return NL_OK;
}

/* Submit what is wanted, in order, and tell the row groups where it is. */
static int submit_wanted(struct scan_lookup *l, struct wanted *wanted, nl_error *err)
{
    size_t n = 0;
    l->ranges = calloc(l->n, sizeof *l->ranges);
    l->fetches = calloc(l->n, sizeof(nl_fetch *));
    if (!l->ranges || !l->fetches)
        return nl_fail_memory(err);
    for (size_t g = 0; g < l->n_groups; g++) {
        int rc = want_group(l, g, wanted, &n, err);
        if (rc)
            return rc;
    }
    qsort(wanted, n, sizeof *wanted, by_offset);
    for (size_t i = 0; i < n; i++) {
        l->ranges[i] = wanted[i].range;
        l->groups[wanted[i].group].fetches[wanted[i].part] = i;
    }
    return nl_source_submit(l->file->source, l->ranges, n, l->fetches, err);
}

static int submit(struct scan_lookup *l, nl_error *err)
{
    struct wanted *wanted = calloc(l->n, sizeof *wanted);
    if (!wanted)
        return nl_fail_memory(err);
    int rc = submit_wanted(l, wanted, err);
    if (rc) { /* no handle exists, whatever stands there */
        free(l->fetches);
        l->fetches = NULL;
    }
    free(wanted);
    return rc;
}

int scan_lookup_new(const struct scan_open_file *f, const struct scan_table *table, const struct filter *filter,
                    const struct scan_projection *projection, struct scan_lookup **out, nl_error *err)
{
    *out = NULL;
    size_t all = nl_parquet_row_groups(f->file), n = all < SCAN_LOOKUP_GROUPS ? all : SCAN_LOOKUP_GROUPS;
    if (!filter || !n || f->file->size <= PQ_TAIL_GUESS)
        return NL_OK;
    struct scan_lookup *l = calloc(1, sizeof *l);
    if (!l)
        return nl_fail_memory(err);
    *l = (struct scan_lookup){.file = f, .table = table, .filter = filter, .n_groups = n, .judged = n};
    l->groups = calloc(n, sizeof *l->groups);
    if (!l->groups) {
        free(l);
        return nl_fail_memory(err);
    }
    int rc = NL_OK;
    for (size_t g = 0; g < n && !rc; g++)
        rc = plan_group(l, projection, g, err);
    if (!rc && l->n)
        rc = submit(l, err);
    if (rc || !l->n) {
        scan_lookup_free(l);
        return rc;
    }
    *out = l;
    return NL_OK;
}

bool scan_lookup_waits(const struct scan_lookup *l, size_t row_group)
{
    return l && row_group < l->n_groups && l->groups[row_group].pages.n && l->groups[row_group].waits;
}

/* Nothing of a row group is needed any more. */
static void drop_group(struct scan_lookup *l, struct group *group)
{
    for (size_t i = 0; i < group->pages.n && l->fetches && group->fetches && group->bytes; i++) {
        nl_fetch_drop(l->fetches[group->fetches[i]]);
        l->fetches[group->fetches[i]] = NULL;
        nl_bytes_release(&group->bytes[i]);
    }
    scan_pages_free(&group->pages);
}

static int wait_parts(struct scan_lookup *l, struct group *group, nl_cancel *cancel, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < group->pages.n && !rc; i++) {
        nl_fetch **fetch = &l->fetches[group->fetches[i]];
        rc = nl_fetch_wait(*fetch, cancel, &group->bytes[i], err);
        *fetch = NULL; /* it has ended either way (S1) */
    }
    return rc;
}

int scan_lookup_group(struct scan_lookup *l, size_t row_group, nl_cancel *cancel, struct scan_found *out, nl_error *err)
{
    *out = (struct scan_found){0};
    if (l->judged < l->n_groups)
        drop_group(l, &l->groups[l->judged]);
    l->judged = row_group;
    if (row_group >= l->n_groups || !l->groups[row_group].pages.n)
        return NL_OK;
    struct group *group = &l->groups[row_group];
    struct scan_unit unit = unit_of(l, row_group);
    int rc = wait_parts(l, group, cancel, err);
    if (rc == NL_OK)
        rc = scan_pages_read(&group->pages, &unit, group->bytes, err);
    if (rc == NL_OK)
        rc = scan_pages_select(&group->pages, l->filter, &unit, &out->excluded, &out->rows, &out->n, err);
    if (rc == NL_OK)
        out->offsets = group->pages.offsets;
    return rc;
}

void scan_lookup_free(struct scan_lookup *l)
{
    if (!l)
        return;
    for (size_t g = 0; g < l->n_groups; g++)
        drop_group(l, &l->groups[g]);
    free(l->groups);
    free(l->ranges);
    free(l->fetches);
    free(l);
}
