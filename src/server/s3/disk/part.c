/* part.c: where a part is written, and how it becomes the upload's. */
#include "server/s3/disk/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/s3/disk/disk.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/seam.h"

#define SIZE_TELLS ((uint64_t)5 << 20) /* a part below it is the last one, and does not tell the size of the others */
#define DATA_MAX   ((uint64_t)5 << 40) /* parts beyond it, as gaps in the numbers make them, do not go into data */
#define MOST_TRIES 1000                /* for a name that is free */

void s3_part_own_name(int number, uint64_t at, char out[static 32])
{
    snprintf(out, 32, "%05d-%llx", number, (unsigned long long)at);
}

/* P4, P5: into data where the place is free and fits. Under the upload's mutex. */
static void choose_place(s3_live *u, s3_part_writer *w)
{
    bool any = u->placed, taken = false;
    for (const s3_part_writer *other = u->writers; other; other = other->next) {
        any |= !other->in_own;
        taken |= !other->in_own && other->number == w->number;
    }
    if (!any && (w->number == 1 || w->length >= SIZE_TELLS))
        u->part_size = w->length;
    const s3_part_record *now = s3_live_find(u, w->number);
    uint64_t steps = (uint64_t)w->number - 1;
    w->in_own = taken || (now && (!now->in_own || now->spent)) || w->length > u->part_size || w->length == 0 ||
                (steps > 0 && u->part_size > (DATA_MAX - w->length) / steps);
    w->at = w->in_own ? 0 : steps * u->part_size;
}

/* A file of the part's own. What an earlier server left of parts that broke off is passed over. */
static int make_own(s3_live *u, s3_part_writer *w, nl_error *err)
{
    char name[32];
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        pthread_mutex_lock(&u->mutex);
        w->at = u->next_own++;
        pthread_mutex_unlock(&u->mutex);
        s3_part_own_name(w->number, w->at, name);
        w->own = s3_seam_create(u->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (w->own >= 0)
            return NL_OK;
        if (errno != EEXIST)
            break;
    }
    return errno == ENOENT ? s3_live_none(u->id, err) : nl_fail_errno(err, errno, "cannot make the part's file");
}

int s3_part_open(s3_bucket *b, const char *id, int number, uint64_t length, s3_part_writer *out, nl_error *err)
{
    s3_live *u;
    *out = (s3_part_writer){.own = -1};
    int rc = s3_live_use(b, id, &u, err);
    if (rc)
        return rc;
    out->number = number;
    out->length = length;
    out->since = s3_group_slot_since(&u->data_sync);
    pthread_mutex_lock(&u->mutex);
    choose_place(u, out);
    out->upload = u;
    out->next = u->writers;
    u->writers = out;
    pthread_mutex_unlock(&u->mutex);
    rc = out->in_own ? make_own(u, out, err) : NL_OK;
    if (rc)
        s3_part_abort(out);
    return rc;
}

/* Leave the upload. published: a file of its own stays. */
static void end_writer(s3_part_writer *w, bool published)
{
    s3_live *u = w->upload;
    char name[32];
    if (w->own >= 0) {
        s3_part_own_name(w->number, w->at, name);
        if (!published)
            s3_seam_unlinkat(u->folder, name, 0);
        close(w->own);
    }
    pthread_mutex_lock(&u->mutex);
    for (s3_part_writer **p = &u->writers; *p; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            break;
        }
    pthread_mutex_unlock(&u->mutex);
    s3_live_release(u);
    w->upload = NULL;
    w->own = -1;
}

void s3_part_abort(s3_part_writer *w)
{
    if (w->upload)
        end_writer(w, false);
}

int s3_part_write(s3_part_writer *w, const void *data, size_t len, nl_error *err)
{
    if (len > w->length - w->size)
        return nl_fail(err, NL_INVALID, "the part is longer than announced");
    int rc = w->in_own ? NL_OK : s3_live_enter(w->upload, w, err); /* P6 */
    if (rc)
        return rc;
    rc = s3_file_pwrite(w->in_own ? w->own : w->upload->data, data, len, (w->in_own ? 0 : w->at) + w->size, err);
    if (!w->in_own)
        s3_live_leave(w->upload);
    if (!rc)
        w->size += len;
    return rc;
}

int s3_part_copy(s3_part_writer *w, int from, uint64_t offset, nl_error *err)
{
    int rc = w->in_own ? NL_OK : s3_live_enter(w->upload, w, err); /* P6 */
    if (rc)
        return rc;
    rc = s3_file_copy(from, offset, w->in_own ? w->own : w->upload->data, w->in_own ? 0 : w->at, w->length, err);
    if (!w->in_own)
        s3_live_leave(w->upload);
    if (!rc)
        w->size = w->length;
    return rc;
}

/* P3: the bytes to the disk, before anything says that they are there. */
static int sync_bytes(s3_part_writer *w, nl_error *err)
{
    s3_live *u = w->upload;
    if (!w->in_own)
        return u->disk->durable ? s3_group_slot_sync(&u->data_sync, u->data, w->since, "the upload's data", err)
                                : NL_OK;
    int rc = s3_disk_sync(u->disk, w->own, "the part", err);
    return rc ? rc : s3_disk_sync_folder(u->disk, u->folder, "the upload's folder", err);
}

/* Append the record, and sync it. *logged: it is in the log, though perhaps not on the disk. */
static int append(s3_part_writer *w, const s3_part_record *r, s3_part_record *old, bool *logged, nl_error *err)
{
    s3_live *u = w->upload;
    int rc = s3_live_enter(u, w, err); /* P6 */
    if (rc)
        return rc;
    uint64_t since = s3_group_slot_since(&u->log_sync);
    pthread_mutex_lock(&u->mutex);
    rc = s3_live_append(u, r, old, err);
    pthread_mutex_unlock(&u->mutex);
    *logged = !rc;
    if (!rc && u->disk->durable)
        rc = s3_group_slot_sync(&u->log_sync, u->log, since, "the list of parts", err);
    /* The old one's file: nothing needs it any more. */
    if (!rc && old->number && old->in_own) {
        char name[32];
        s3_part_own_name(old->number, old->at, name);
        s3_seam_unlinkat(u->folder, name, 0);
    }
    s3_live_leave(u);
    return rc;
}

int s3_part_commit(s3_part_writer *w, const s3_part_sums *sums, int64_t *mtime_ns, nl_error *err)
{
    bool logged = false;
    s3_part_record old = {0};
    s3_part_record r = {.number = w->number,
                        .in_own = w->in_own,
                        .size = w->size,
                        .at = w->at,
                        .mtime_ns = nl_wall_ns(),
                        .kind = sums->kind};
    memcpy(r.md5, sums->md5, sizeof(r.md5));
    memcpy(r.sum, sums->sum, sizeof(r.sum));
    *mtime_ns = r.mtime_ns;
    int rc = sync_bytes(w, err);
    if (!rc)
        rc = append(w, &r, &old, &logged, err);
    end_writer(w, logged);
    return rc;
}
