/* open_file.c: from a tail to an open file; references. */
#include "scan/run/open_file.h"

#include <stdlib.h>

#include "scan/plan/columns.h"

int scan_open_file_new(const struct scan_file *what, nl_source *source, nl_fetch *tail, nl_cancel *cancel,
                       struct scan_open_file **out, nl_error *err)
{
    *out = NULL;
    struct scan_open_file *f = calloc(1, sizeof *f);
    if (!f) {
        nl_fetch_drop(tail);
        nl_source_close(source);
        return nl_fail_memory(err);
    }
    atomic_init(&f->refs, 1);
    f->source = source;
    f->what = what;
    nl_bytes bytes;
    int rc = nl_fetch_wait(tail, cancel, &bytes, err);
    if (!rc) {
        rc = pq_open_tail(source, bytes, &f->file, err);
        nl_bytes_release(&bytes);
    }
    if (rc)
        scan_open_file_unref(f);
    else
        *out = f;
    return rc;
}

static int plan_widening(struct scan_open_file *f, const struct ArrowSchema *table, size_t n, size_t i, nl_error *err)
{
    if (!f->widenings)
        f->widenings = nl_arena_array(&f->arena, n, sizeof *f->widenings);
    if (!f->widenings)
        return nl_fail_memory(err);
    return scan_plan_widening(f->file, table->children[i], f->map[i], &f->arena, &f->widenings[i], err);
}

int scan_open_file_map(struct scan_open_file *f, const struct ArrowSchema *table, size_t n, nl_error *err)
{
    f->map = calloc(n ? n : 1, sizeof *f->map);
    if (!f->map)
        return nl_fail_memory(err);
    int rc = scan_map_columns(f->file, table, n, f->map, err);
    for (size_t i = 0; i < n && !rc; i++)
        if (scan_is_widened(f->map[i]))
            rc = plan_widening(f, table, n, i, err);
    return rc;
}

struct scan_open_file *scan_open_file_ref(struct scan_open_file *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

void scan_open_file_unref(struct scan_open_file *f)
{
    if (!f || atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
        return;
    nl_parquet_close(f->file);
    nl_source_close(f->source);
    free(f->map);
    nl_arena_free(&f->arena);
    free(f);
}
