/* live.c: the table of uploads in use, their parts, and seals. */
#include "server/s3/disk/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/s3/disk/disk.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/upload.h"

int s3_live_none(const char *id, nl_error *err)
{
    return nl_fail(err, NL_NOT_FOUND, "the upload %.64s does not exist", id);
}

bool s3_live_is_id(const char *id)
{
    return strlen(id) == S3_UPLOAD_ID - 1 && strspn(id, "0123456789abcdef") == S3_UPLOAD_ID - 1;
}

int s3_live_folder(s3_bucket *b, const char *id, nl_error *err)
{
    char path[96];
    if (!s3_live_is_id(id)) {
        s3_live_none(id, err);
        return -1;
    }
    snprintf(path, sizeof(path), S3_RESERVED "/uploads/%s", id);
    int fd = s3_folder_open(b->fd, path);
    if (fd < 0 && errno == ENOENT)
        s3_live_none(id, err);
    else if (fd < 0)
        nl_fail_errno(err, errno, "cannot open the upload's folder");
    return fd;
}

/* ── the parts ── */

/* Where the part of a number is, or would be. */
static size_t position(const s3_live *u, int number)
{
    size_t lo = 0, hi = u->n_parts;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (u->parts[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const s3_part_record *s3_live_find(const s3_live *u, int number)
{
    size_t i = position(u, number);
    return i < u->n_parts && u->parts[i].number == number ? &u->parts[i] : NULL;
}

static int make_room(s3_live *u, nl_error *err)
{
    if (u->n_parts < u->room)
        return NL_OK;
    size_t room = u->room ? u->room * 2 : 16;
    s3_part_record *more = reallocarray(u->parts, room, sizeof(*more));
    if (!more)
        return nl_fail_memory(err);
    u->parts = more;
    u->room = room;
    return NL_OK;
}

/* There is room. *old: what was there. */
static void set_part(s3_live *u, const s3_part_record *r, s3_part_record *old)
{
    size_t i = position(u, r->number);
    bool spent = false;
    *old = (s3_part_record){0};
    if (i < u->n_parts && u->parts[i].number == r->number) {
        *old = u->parts[i];
        u->n_in_data -= !old->in_own;
        spent = old->spent || !old->in_own;
    } else {
        memmove(&u->parts[i + 1], &u->parts[i], (u->n_parts - i) * sizeof(*u->parts));
        u->n_parts++;
    }
    u->parts[i] = *r;
    u->parts[i].spent = spent;
    u->n_in_data += !r->in_own;
    u->placed |= !r->in_own;
}

/* Wipe out a torn append, once: not as the upload is opened, which a poll thread does and everybody waits for. */
static int mend_log(s3_live *u, nl_error *err)
{
    bool wiped;
    if (u->mended)
        return NL_OK;
    int rc = s3_partlog_mend(u->log, u->n_records, &wiped, err);
    if (!rc && wiped)
        rc = s3_disk_sync(u->disk, u->log, "the list of parts", err);
    u->mended = !rc;
    return rc;
}

int s3_live_append(s3_live *u, const s3_part_record *r, s3_part_record *old, nl_error *err)
{
    int rc = make_room(u, err);
    if (!rc)
        rc = mend_log(u, err);
    if (!rc)
        rc = s3_partlog_write(u->log, u->n_records, r, err);
    if (rc)
        return rc;
    u->n_records++;
    set_part(u, r, old);
    return NL_OK;
}

/* What the log says. */
static int load_parts(s3_live *u, nl_error *err)
{
    nl_buf list = {0};
    s3_part_record old;
    int rc = s3_partlog_read(u->log, &list, &u->n_records, err);
    const s3_part_record *r = (const s3_part_record *)(const void *)list.data;
    for (size_t i = 0; i < u->n_records && !rc; i++) {
        rc = make_room(u, err);
        if (rc)
            break;
        set_part(u, &r[i], &old);
        if (r[i].in_own && r[i].at >= u->next_own)
            u->next_own = r[i].at + 1;
        else if (!r[i].in_own && r[i].number > 1)
            u->part_size = r[i].at / (uint64_t)(r[i].number - 1);
        else if (!r[i].in_own && u->part_size == 0)
            u->part_size = r[i].size;
    }
    nl_buf_free(&list);
    return rc;
}

/* ── the table ── */

void s3_live_init(s3_live_table *t)
{
    pthread_mutex_init(&t->mutex, NULL);
    t->first = NULL;
}

void s3_live_free(s3_live_table *t)
{
    pthread_mutex_destroy(&t->mutex);
}

static void free_live(s3_live *u)
{
    int fds[] = {u->folder, u->data, u->log};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    s3_group_slot_free(&u->data_sync);
    s3_group_slot_free(&u->log_sync);
    pthread_mutex_destroy(&u->mutex);
    pthread_cond_destroy(&u->changed);
    free(u->parts);
    free(u);
}

/* Open one that is not in the table. */
static int open_live(s3_bucket *b, const char *id, s3_live **out, nl_error *err)
{
    nl_error local = {0};
    if (!err)
        err = &local;
    s3_live *u = calloc(1, sizeof(*u));
    if (!u)
        return nl_fail_memory(err);
    u->disk = b->disk;
    u->dev = b->dev;
    u->ino = b->ino;
    u->data = u->log = -1;
    s3_group_slot_init(&u->data_sync);
    s3_group_slot_init(&u->log_sync);
    pthread_mutex_init(&u->mutex, NULL);
    pthread_cond_init(&u->changed, NULL);
    snprintf(u->id, sizeof(u->id), "%s", id);
    u->folder = s3_live_folder(b, id, err);
    int rc = u->folder < 0 ? err->code : NL_OK;
    if (!rc && ((u->data = openat(u->folder, S3_UPLOAD_DATA, O_RDWR | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
                (u->log = openat(u->folder, S3_UPLOAD_PARTS, O_RDWR | O_NOFOLLOW | O_CLOEXEC)) < 0))
        rc = errno == ENOENT ? s3_live_none(id, err) : nl_fail_errno(err, errno, "cannot open the upload's data");
    if (!rc)
        rc = load_parts(u, err);
    if (rc)
        free_live(u);
    else
        *out = u;
    return rc;
}

int s3_live_use(s3_bucket *b, const char *id, s3_live **out, nl_error *err)
{
    s3_live_table *t = &b->disk->live;
    int rc = NL_OK;
    *out = NULL;
    pthread_mutex_lock(&t->mutex);
    s3_live *u = t->first;
    while (u && (strcmp(u->id, id) || u->dev != b->dev || u->ino != b->ino))
        u = u->next;
    if (!u) {
        rc = open_live(b, id, &u, err);
        if (!rc) {
            u->next = t->first;
            t->first = u;
        }
    }
    if (!rc) {
        u->refs++;
        *out = u;
    }
    pthread_mutex_unlock(&t->mutex);
    return rc;
}

void s3_live_release(s3_live *u)
{
    if (!u)
        return;
    s3_live_table *t = &u->disk->live;
    pthread_mutex_lock(&t->mutex);
    bool last = --u->refs == 0;
    for (s3_live **p = &t->first; last && *p; p = &(*p)->next)
        if (*p == u) {
            *p = u->next;
            break;
        }
    pthread_mutex_unlock(&t->mutex);
    if (last)
        free_live(u);
}

/* ── who works with it ── */

int s3_live_enter(s3_live *u, const s3_part_writer *w, nl_error *err)
{
    pthread_mutex_lock(&u->mutex);
    int rc = u->over ? s3_live_none(u->id, err)
             : u->sealed || w->displaced
                 ? nl_fail(err, NL_CONFLICT, "the upload %s is being completed or aborted", u->id)
                 : NL_OK;
    u->writing += !rc;
    pthread_mutex_unlock(&u->mutex);
    return rc;
}

void s3_live_leave(s3_live *u)
{
    pthread_mutex_lock(&u->mutex);
    if (--u->writing == 0 && u->sealed)
        pthread_cond_broadcast(&u->changed);
    pthread_mutex_unlock(&u->mutex);
}

int s3_live_seal(s3_live *u, nl_error *err)
{
    pthread_mutex_lock(&u->mutex);
    while (u->sealed)
        pthread_cond_wait(&u->changed, &u->mutex);
    u->sealed = true;
    while (u->writing)
        pthread_cond_wait(&u->changed, &u->mutex);
    int rc = u->over ? s3_live_none(u->id, err) : NL_OK;
    pthread_mutex_unlock(&u->mutex);
    if (rc)
        s3_live_unseal(u, true);
    return rc;
}

void s3_live_unseal(s3_live *u, bool over)
{
    pthread_mutex_lock(&u->mutex);
    u->sealed = false;
    u->over = over;
    pthread_cond_broadcast(&u->changed);
    pthread_mutex_unlock(&u->mutex);
}

void s3_live_displace(s3_live *u)
{
    pthread_mutex_lock(&u->mutex);
    for (s3_part_writer *w = u->writers; w; w = w->next)
        w->displaced = !w->in_own;
    pthread_mutex_unlock(&u->mutex);
}
