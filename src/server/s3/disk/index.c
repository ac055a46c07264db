/* index.c: an index in memory: changes, layers, views. index_file.c has its file. */
#include "server/s3/disk/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "server/s3/disk/file.h"

static struct timespec birth_of(int folder)
{
    struct statx s;
    if (statx(folder, "", AT_EMPTY_PATH, STATX_BTIME, &s) || !(s.stx_mask & STATX_BTIME))
        return (struct timespec){0};
    return (struct timespec){s.stx_btime.tv_sec, s.stx_btime.tv_nsec};
}

int s3_index_new(int folder, const char *path, s3_index **out, nl_error *err)
{
    struct stat st;
    size_t len = strlen(path);
    *out = NULL;
    if (len >= S3_INDEX_PATH)
        return nl_fail(err, NL_UNSUPPORTED, "the folder's path is too long for an index");
    s3_index *x = calloc(1, sizeof(*x));
    if (!x)
        return nl_fail_memory(err);
    x->wd = -1;
    x->folder = openat(folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (x->folder < 0 || fstat(x->folder, &st)) {
        int saved = errno;
        s3_index_free(x);
        return nl_fail_errno(err, saved, "cannot open a folder");
    }
    memcpy(x->path, path, len + 1);
    snprintf(x->name, sizeof(x->name), "%016llx", (unsigned long long)nl_hash64(path, len));
    x->dev = st.st_dev;
    x->ino = st.st_ino;
    x->born = birth_of(x->folder);
    *out = x;
    return NL_OK;
}

void s3_index_free(s3_index *x)
{
    if (!x)
        return;
    while (x->n_layers)
        s3_layer_release(x->layers[--x->n_layers]);
    s3_sorted_release(x->base);
    s3_tail_free(&x->tail);
    if (x->folder >= 0)
        close(x->folder);
    free(x);
}

int s3_folder_stamp(int folder, struct timespec *stamp, bool *settled, nl_error *err)
{
    struct stat st;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now); /* the clock from which file times are taken */
    if (fstat(folder, &st))
        return nl_fail_errno(err, errno, "cannot read a folder");
    *stamp = st.st_ctim;
    /* Where file times have whole seconds (or two: FAT) they stand still for as long. */
    if (st.st_ctim.tv_nsec == 0)
        now.tv_sec -= 2;
    *settled = now.tv_sec > st.st_ctim.tv_sec || (now.tv_sec == st.st_ctim.tv_sec && now.tv_nsec > st.st_ctim.tv_nsec);
    return NL_OK;
}

/* ── changes ── */

int64_t s3_index_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void s3_index_begin(s3_index *x, const s3_index_start *start)
{
    x->base = start->base;
    x->stamp = start->stamp;
    x->dirty = start->dirty || x->tail.n > 0;
    if (start->tail)
        x->layers[x->n_layers++] = start->tail;
}

void s3_index_change(s3_index *x, s3_slice entry, bool present)
{
    if (s3_tail_add(&x->tail, entry, present, NULL))
        x->lost = true;
    x->dirty = true;
}

size_t s3_index_changes(const s3_index *x)
{
    size_t n = x->tail.n;
    for (size_t i = 0; i < x->n_layers; i++)
        n += x->layers[i]->n;
    return n;
}

/* Make one of the two newest layers. */
static bool join_two(s3_index *x)
{
    s3_layer *both, **two = &x->layers[x->n_layers - 2];
    if (s3_layer_merge(two[0], two[1], &both, NULL))
        return false;
    s3_layer_release(two[0]);
    s3_layer_release(two[1]);
    two[0] = both;
    x->n_layers--;
    return true;
}

void s3_index_fold(s3_index *x)
{
    s3_layer *l;
    if (x->tail.n == 0 || x->lost)
        return;
    if (x->n_layers == S3_INDEX_LAYERS || s3_tail_fold(&x->tail, &l, NULL)) {
        x->lost = true;
        return;
    }
    x->layers[x->n_layers++] = l;
    while (x->n_layers >= x->frozen + 2 && x->layers[x->n_layers - 2]->n < 2 * x->layers[x->n_layers - 1]->n)
        if (!join_two(x)) {
            x->lost = true;
            return;
        }
}

void s3_index_rebase(s3_index *x, s3_sorted *base)
{
    s3_sorted_release(x->base);
    x->base = base;
    for (size_t i = 0; i < x->frozen; i++)
        s3_layer_release(x->layers[i]);
    x->n_layers -= x->frozen;
    memmove(x->layers, x->layers + x->frozen, x->n_layers * sizeof(s3_layer *));
    x->frozen = 0;
}

/* ── views ── */

int s3_view_open(s3_view *v, const s3_index *x, nl_error *err)
{
    *v = (s3_view){.base = s3_sorted_ref(x->base), .n_layers = x->n_layers};
    for (size_t i = 0; i < x->n_layers; i++)
        v->layers[i] = s3_layer_ref(x->layers[i]);
    int rc = s3_blend_file(&v->blend, v->base, err);
    for (size_t i = 0; i < v->n_layers && !rc; i++)
        rc = s3_blend_layer(&v->blend, v->layers[i], err);
    if (rc)
        s3_view_free(v);
    return rc;
}

void s3_view_free(s3_view *v)
{
    s3_blend_free(&v->blend);
    while (v->n_layers)
        s3_layer_release(v->layers[--v->n_layers]);
    s3_sorted_release(v->base);
    v->base = NULL;
}
