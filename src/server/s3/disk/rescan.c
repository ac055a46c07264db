/* rescan.c: sorted runs, then one blend of them. */
#include "server/s3/disk/rescan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/s3/disk/blend.h"
#include "server/s3/disk/snapshot.h"

#define RUN_BYTES ((size_t)2 << 20)

struct rescan {
    s3_tail names; /* those of the run that is being read */
    int scratch;   /* borrowed */
    int runs_fd;   /* -1: no run was written */
    uint64_t runs_end, id;
    s3_sorted *runs;
    size_t n, room;
};

/* A file without a name. */
static int open_nameless(int folder, uint64_t id)
{
    char name[32];
    snprintf(name, sizeof(name), "%016llx.runs", (unsigned long long)id);
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && unlinkat(folder, name, 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Room for one run more, and for their bytes. */
static int make_room(struct rescan *r, nl_error *err)
{
    if (r->runs_fd < 0) {
        r->runs_fd = open_nameless(r->scratch, r->id);
        if (r->runs_fd < 0)
            return nl_fail_errno(err, errno, "cannot make a file for the index");
    }
    if (r->n < r->room)
        return NL_OK;
    size_t room = r->room ? 2 * r->room : 16;
    s3_sorted *more = reallocarray(r->runs, room, sizeof(*more));
    if (!more)
        return nl_fail_memory(err);
    r->runs = more;
    r->room = room;
    return NL_OK;
}

/* Sort the names that were read, and write them. */
static int write_names(struct rescan *r, int fd, uint64_t start, uint64_t id, s3_sorted *out, nl_error *err)
{
    s3_blend b = {0};
    s3_layer *sorted;
    int rc = s3_tail_fold(&r->names, &sorted, err);
    if (rc)
        return rc;
    rc = s3_blend_layer(&b, sorted, err);
    if (!rc)
        rc = s3_blend_write(&b, fd, start, id, (s3_tick){0}, out, err);
    s3_blend_free(&b);
    s3_layer_release(sorted);
    return rc;
}

static int end_run(struct rescan *r, nl_error *err)
{
    int rc = make_room(r, err);
    if (!rc)
        rc = write_names(r, r->runs_fd, r->runs_end, r->id, &r->runs[r->n], err);
    if (!rc)
        r->runs_end += r->runs[r->n++].blocks * S3_BLOCK;
    return rc;
}

static int take(void *ctx, s3_slice entry, nl_error *err)
{
    struct rescan *r = ctx;
    int rc = s3_tail_add(&r->names, entry, true, err);
    return rc || r->names.text.len < RUN_BYTES ? rc : end_run(r, err);
}

static int blend_runs(struct rescan *r, int to, uint64_t start, uint64_t id, s3_sorted *out, nl_error *err)
{
    s3_blend b = {0};
    int rc = r->names.n ? end_run(r, err) : NL_OK;
    for (size_t i = 0; i < r->n && !rc; i++)
        rc = s3_blend_file(&b, &r->runs[i], err);
    if (!rc)
        rc = s3_blend_write(&b, to, start, id, (s3_tick){0}, out, err);
    s3_blend_free(&b);
    return rc;
}

int s3_rescan(int folder, int scratch, int to, uint64_t start, uint64_t id, s3_sorted *out, nl_error *err)
{
    struct rescan r = {.scratch = scratch, .runs_fd = -1, .id = id};
    int rc = s3_folder_read(folder, take, &r, err);
    if (!rc)
        rc = r.n ? blend_runs(&r, to, start, id, out, err) : write_names(&r, to, start, id, out, err);
    if (r.runs_fd >= 0)
        close(r.runs_fd);
    free(r.runs);
    s3_tail_free(&r.names);
    return rc;
}
