/* entries.c: which source, and changing over when one turns out to be damaged. */
#include "server/s3/disk/entries.h"

#include <stdlib.h>
#include <unistd.h>

/* The folder's path below the root, as the file system names it: "bucket/a/b". NULL: no memory. */
static char *path_of(const s3_bucket *b, s3_slice prefix)
{
    char name[S3_NAME_MAX + 1];
    nl_buf path = {0};
    int rc = nl_buf_puts(&path, b->name, NULL);
    while (!rc && prefix.len) {
        bool last;
        s3_name_encode(s3_key_next(&prefix, &last), name);
        rc = nl_buf_printf(&path, NULL, "/%s", name);
    }
    if (rc)
        nl_buf_free(&path);
    return nl_buf_steal(&path);
}

static s3_snapshot_cache *snapshots(const s3_entries *e)
{
    return &e->disk->snapshots;
}

/* An index that is there or, where the folder is large, can be made. False: none. */
static bool open_index(s3_entries *e, bool make)
{
    nl_error why = {0};
    s3_view *v = malloc(sizeof(*v));
    bool found = v && (make ? s3_indexes_make(&e->disk->indexes, e->folder, e->path, v, &why) == NL_OK
                            : s3_indexes_find(&e->disk->indexes, e->folder, v));
    e->view = found ? v : NULL;
    if (!found)
        free(v);
    return found;
}

static int open_source(s3_entries *e, nl_error *err)
{
    if (open_index(e, false))
        return NL_OK;
    int rc = s3_snapshot_get(snapshots(e), e->folder, e->disk->indexes.from, &e->snapshot, err);
    if (rc || e->snapshot || open_index(e, true))
        return rc;
    return s3_snapshot_get(snapshots(e), e->folder, SIZE_MAX, &e->snapshot, err);
}

static void close_source(s3_entries *e)
{
    s3_snapshot_release(snapshots(e), e->snapshot);
    e->snapshot = NULL;
    if (e->view)
        s3_view_free(e->view);
    free(e->view);
    e->view = NULL;
    e->any = false;
}

int s3_entries_open(s3_entries *e, s3_bucket *b, s3_slice prefix, int folder, nl_error *err)
{
    *e = (s3_entries){.disk = b->disk, .folder = folder, .path = path_of(b, prefix)};
    int rc = e->path ? open_source(e, err) : nl_fail_memory(err);
    if (rc)
        s3_entries_close(e);
    return rc;
}

void s3_entries_close(s3_entries *e)
{
    if (!e->disk)
        return;
    close_source(e);
    close(e->folder);
    free(e->path);
    nl_buf_free(&e->last);
    *e = (s3_entries){0};
}

/* What the source is at now. */
static int look(s3_entries *e, nl_error *err)
{
    e->any = e->view ? e->view->blend.any : e->at < e->snapshot->n;
    if (!e->any)
        return NL_OK;
    e->name = e->view ? e->view->blend.name : e->snapshot->entries[e->at];
    if (!e->view)
        return NL_OK;
    nl_buf_clear(&e->last);
    return nl_buf_append(&e->last, e->name.data, e->name.len, err);
}

/* The first entry of a snapshot at or behind target. */
static size_t find_in(const s3_snapshot *s, s3_slice target, bool after)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = s3_slice_compare(s->entries[mid], target);
        if (c > 0 || (c == 0 && !after))
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

static int seek_source(s3_entries *e, s3_slice target, bool after, nl_error *err)
{
    if (e->view)
        return s3_blend_seek(&e->view->blend, target, after, err);
    e->at = find_in(e->snapshot, target, after);
    return NL_OK;
}

/* The index is damaged: go on at target in one made anew or, the second time, in a snapshot. */
static int change_over(s3_entries *e, s3_slice target, bool after, const nl_error *why, nl_error *err)
{
    s3_indexes_drop(&e->disk->indexes, e->folder, why->message);
    close_source(e);
    int rc = open_source(e, err);
    if (!rc)
        rc = seek_source(e, target, after, err);
    if (!rc || !e->view)
        return rc;
    close_source(e);
    rc = s3_snapshot_get(snapshots(e), e->folder, SIZE_MAX, &e->snapshot, err);
    return rc ? rc : seek_source(e, target, after, err);
}

int s3_entries_seek(s3_entries *e, s3_slice target, bool after, nl_error *err)
{
    nl_error why = {0};
    int rc = seek_source(e, target, after, &why);
    if (rc)
        rc = change_over(e, target, after, &why, err);
    return rc ? rc : look(e, err);
}

int s3_entries_next(s3_entries *e, nl_error *err)
{
    nl_error why = {0};
    int rc = NL_OK;
    if (!e->view)
        e->at++;
    else if (s3_blend_next(&e->view->blend, &why))
        rc = change_over(e, (s3_slice){e->last.data, e->last.len}, true, &why, err);
    return rc ? rc : look(e, err);
}
