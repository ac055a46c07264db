/* index_file.c: an index's file: made from the folder, written behind its changes, taken up again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io/sink.h"
#include "server/s3/disk/index.h"
#include "server/s3/disk/rescan.h"

#define MAGIC UINT64_C(0x3130584449414c4e) /* "NLAIDX01" */

/* Block 0. A machine of another byte order finds another magic. */
struct head {
    uint64_t sum; /* of the rest of the block */
    uint64_t magic;
    uint64_t id, blocks, records;                /* base, behind block 0 */
    uint64_t tail_id, tail_blocks, tail_records; /* behind the base */
    uint64_t ino;
    int64_t born[2], stamp[2]; /* seconds, nanoseconds */
    uint64_t path_len;
    char path[S3_INDEX_PATH];
};

_Static_assert(sizeof(struct head) <= S3_BLOCK, "the head is one block");

static uint64_t head_sum(const struct head *h)
{
    return nl_hash64((const char *)h + sizeof(h->sum), sizeof(*h) - sizeof(h->sum));
}

static int new_id(uint64_t *id, nl_error *err)
{
    if (getrandom(id, sizeof(*id), 0) != (ssize_t)sizeof(*id))
        return nl_fail_errno(err, errno, "cannot get random bytes");
    return NL_OK;
}

/* Take a file as the base; the descriptor goes with it. */
static s3_sorted *counted(const s3_sorted *plain)
{
    s3_sorted *s = malloc(sizeof(*s));
    if (!s)
        return NULL;
    *s = (s3_sorted){
        .fd = plain->fd, .start = plain->start, .id = plain->id, .blocks = plain->blocks, .records = plain->records};
    atomic_init(&s->refs, 1);
    return s;
}

/* A new file, "<id>.new". Returns the descriptor, or -1 with err. */
static int open_new(int files, uint64_t id, char name[static S3_INDEX_NAME + 4], nl_error *err)
{
    snprintf(name, S3_INDEX_NAME + 4, "%016llx.new", (unsigned long long)id);
    int fd = openat(files, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        nl_fail_errno(err, errno, "cannot make a file for the index");
    return fd;
}

/* Give a new file its name: rc says whether it was written. The descriptor is taken. */
static int settle_new(const s3_index *x, int files, const char *name, s3_sorted *plain, int rc, s3_sorted **out,
                      nl_error *err)
{
    *out = rc ? NULL : counted(plain);
    if (!rc && !*out)
        rc = nl_fail_memory(err);
    if (!rc && renameat(files, name, files, x->name))
        rc = nl_fail_errno(err, errno, "cannot rename the index");
    if (!rc)
        return NL_OK;
    unlinkat(files, name, 0);
    close(plain->fd);
    free(*out);
    *out = NULL;
    return rc;
}

int s3_index_build(const s3_index *x, int files, s3_index_start *out, nl_error *err)
{
    char name[S3_INDEX_NAME + 4];
    s3_sorted plain = {0};
    uint64_t id;
    *out = (s3_index_start){.dirty = true};
    int rc = new_id(&id, err);
    int fd = rc ? -1 : open_new(files, id, name, err);
    if (fd < 0)
        return rc ? rc : NL_IO;
    bool settled = true;
    rc = s3_folder_stamp(x->folder, &out->stamp, &settled, err);
    if (!settled) /* I2: no folder has this one */
        out->stamp = (struct timespec){0};
    if (!rc)
        rc = s3_rescan(x->folder, files, fd, S3_BLOCK, id, &plain, err);
    plain.fd = fd;
    return settle_new(x, files, name, &plain, rc, &out->base, err);
}

int s3_index_rewrite(const s3_index *x, int files, s3_tick tick, s3_sorted **out, nl_error *err)
{
    char name[S3_INDEX_NAME + 4];
    s3_sorted plain = {0};
    s3_blend b = {0};
    uint64_t id;
    *out = NULL;
    int rc = new_id(&id, err);
    int fd = rc ? -1 : open_new(files, id, name, err);
    if (fd < 0)
        return rc ? rc : NL_IO;
    rc = s3_blend_file(&b, x->base, err);
    for (size_t i = 0; i < x->frozen && !rc; i++)
        rc = s3_blend_layer(&b, x->layers[i], err);
    if (!rc)
        rc = s3_blend_write(&b, fd, S3_BLOCK, id, tick, &plain, err);
    s3_blend_free(&b);
    plain.fd = fd;
    return settle_new(x, files, name, &plain, rc, out, err);
}

/* ── the tail ── */

/* All layers, the tombstones too, behind the base. */
static int write_tail(const s3_index *x, uint64_t id, s3_sorted *out, nl_error *err)
{
    s3_layer *all = NULL;
    int rc = NL_OK;
    for (size_t i = 0; i < x->n_layers && !rc; i++) {
        s3_layer *both = NULL;
        rc = all ? s3_layer_merge(all, x->layers[i], &both, err) : NL_OK;
        if (!all)
            both = s3_layer_ref(x->layers[i]);
        s3_layer_release(all);
        all = both;
    }
    s3_sorted_writer w;
    if (!rc)
        rc = s3_sorted_begin(&w, x->base->fd, x->base->start + x->base->blocks * S3_BLOCK, id, err);
    if (!rc) {
        for (size_t i = 0; all && i < all->n && !rc; i++)
            rc = s3_sorted_add(&w, all->changes[i].name, all->changes[i].present, err);
        if (!rc)
            rc = s3_sorted_finish(&w, out, err);
        s3_sorted_drop(&w);
    }
    s3_layer_release(all);
    return rc;
}

int s3_index_save(const s3_index *x, struct timespec stamp, nl_error *err)
{
    uint64_t id;
    s3_sorted tail = {0};
    union {
        struct head head;
        char block[S3_BLOCK];
    } first;
    int rc = new_id(&id, err);
    if (!rc)
        rc = write_tail(x, id, &tail, err);
    if (rc)
        return rc;
    memset(&first, 0, sizeof(first));
    first.head = (struct head){
        .magic = MAGIC,
        .id = x->base->id,
        .blocks = x->base->blocks,
        .records = x->base->records,
        .tail_id = id,
        .tail_blocks = tail.blocks,
        .tail_records = tail.records,
        .ino = x->ino,
        .born = {x->born.tv_sec, x->born.tv_nsec},
        .stamp = {stamp.tv_sec, stamp.tv_nsec},
        .path_len = strlen(x->path),
    };
    memcpy(first.head.path, x->path, first.head.path_len);
    first.head.sum = head_sum(&first.head);
    return nl_pwrite_all(x->base->fd, first.block, S3_BLOCK, 0, "an index", err);
}

/* ── taking up a file ── */

static int read_head(int fd, struct head *h, nl_error *err)
{
    ssize_t n = pread(fd, h, sizeof(*h), 0);
    if (n < 0)
        return nl_fail_errno(err, errno, "cannot read the index");
    if (n != (ssize_t)sizeof(*h) || h->magic != MAGIC || h->sum != head_sum(h) || h->path_len >= S3_INDEX_PATH)
        return nl_fail(err, NL_CORRUPT, "it is no index, or damaged");
    return NL_OK;
}

static int open_file(int files, const char *name, nl_error *err)
{
    int fd = openat(files, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        nl_fail_errno(err, errno, "cannot open the index");
    return fd;
}

int s3_index_path(int files, const char *name, char out[static S3_INDEX_PATH], nl_error *err)
{
    struct head h;
    int fd = open_file(files, name, err);
    if (fd < 0)
        return NL_IO;
    int rc = read_head(fd, &h, err);
    close(fd);
    if (!rc) {
        memcpy(out, h.path, h.path_len);
        out[h.path_len] = '\0';
    }
    return rc;
}

/* Is it the index of this folder, as it is now? */
static int check_fit(const s3_index *x, const struct head *h, nl_error *err)
{
    struct timespec now;
    bool settled;
    size_t len = strlen(x->path);
    int rc = s3_folder_stamp(x->folder, &now, &settled, err);
    if (rc)
        return rc;
    if (h->ino != x->ino || h->born[0] != x->born.tv_sec || h->born[1] != x->born.tv_nsec || h->path_len != len ||
        memcmp(h->path, x->path, len) || h->stamp[0] != now.tv_sec || h->stamp[1] != now.tv_nsec)
        return nl_fail(err, NL_NOT_FOUND, "the folder changed since");
    return NL_OK;
}

/* The changes behind the base, as a layer. */
static int read_tail(const s3_sorted *file, s3_layer **out, nl_error *err)
{
    s3_sorted_reader r = {.file = file};
    s3_tail tail = {0};
    int rc;
    for (rc = s3_sorted_next(&r, err); !rc && r.any; rc = s3_sorted_next(&r, err))
        if ((rc = s3_tail_add(&tail, r.name, r.present, err)) != NL_OK)
            break;
    if (!rc && tail.n != file->records)
        rc = nl_fail(err, NL_CORRUPT, "the index has %zu changes where %llu were written", tail.n,
                     (unsigned long long)file->records);
    if (!rc && tail.n)
        rc = s3_tail_fold(&tail, out, err);
    s3_tail_free(&tail);
    return rc;
}

int s3_index_load(const s3_index *x, int files, s3_index_start *out, nl_error *err)
{
    struct head h;
    *out = (s3_index_start){0};
    int fd = open_file(files, x->name, err);
    if (fd < 0)
        return NL_NOT_FOUND;
    int rc = read_head(fd, &h, err);
    if (!rc)
        rc = check_fit(x, &h, err);
    if (!rc) {
        s3_sorted tail = {.fd = fd,
                          .start = S3_BLOCK + h.blocks * S3_BLOCK,
                          .id = h.tail_id,
                          .blocks = h.tail_blocks,
                          .records = h.tail_records};
        rc = read_tail(&tail, &out->tail, err);
    }
    if (!rc) {
        s3_sorted base = {.fd = fd, .start = S3_BLOCK, .id = h.id, .blocks = h.blocks, .records = h.records};
        out->stamp = (struct timespec){h.stamp[0], h.stamp[1]};
        out->base = counted(&base);
        if (out->base)
            return NL_OK;
        rc = nl_fail_memory(err);
    }
    s3_layer_release(out->tail);
    out->tail = NULL;
    close(fd);
    return rc;
}
