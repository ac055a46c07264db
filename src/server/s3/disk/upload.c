/* upload.c: the folders of multipart uploads. */
#include "server/s3/disk/upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/seam.h"
#include "server/s3/disk/trailer.h"

#define READ_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/* P1. */
static bool lives(int folder)
{
    return !faccessat(folder, S3_UPLOAD_DATA, F_OK, AT_SYMLINK_NOFOLLOW) &&
           !faccessat(folder, S3_UPLOAD_PARTS, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* ── make, find, end ── */

/* An empty file; its name is not on the disk yet. */
static int make_file(int folder, const char *name, unsigned mode, nl_error *err)
{
    int fd = s3_seam_create(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return nl_fail_errno(err, errno, "cannot make the upload's %s", name);
    close(fd);
    return NL_OK;
}

/* What an upload's folder holds at first; `upload` last, and whole. */
static int fill_folder(s3_bucket *b, int folder, s3_slice key, s3_meta *meta, nl_error *err)
{
    s3_writer w = {0};
    int rc = make_file(folder, S3_UPLOAD_DATA, 0666, err); /* the object's, one day */
    if (!rc)
        rc = make_file(folder, S3_UPLOAD_PARTS, 0600, err);
    if (!rc)
        rc = s3_writer_open(b, &w, err);
    meta->size = 0;
    meta->mtime_ns = nl_wall_ns();
    if (!rc)
        rc = s3_trailer_write(w.fd, key, meta, err);
    if (!rc)
        rc = s3_disk_sync(b->disk, w.fd, "the upload", err);
    if (!rc && s3_seam_renameat(w.tmp, w.name, folder, S3_UPLOAD_META))
        rc = nl_fail_errno(err, errno, "cannot rename the upload's file");
    if (!rc)
        rc = s3_disk_sync(b->disk, folder, "the upload's folder", err);
    s3_writer_abort(&w);
    return rc;
}

int s3_upload_create(s3_bucket *b, s3_slice key, s3_meta *meta, char id[static S3_UPLOAD_ID], nl_error *err)
{
    uint8_t bytes[16]; /* of the id: a younger upload has a greater one */
    uint64_t now = (uint64_t)nl_wall_ns();
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(now >> (56 - 8 * i));
    if (getrandom(bytes + 8, 8, 0) != 8)
        return nl_fail(err, NL_IO, "no random bytes");
    nl_hex(bytes, sizeof(bytes), id);
    int uploads = s3_bucket_folder_durable(b, "uploads", err);
    if (uploads < 0)
        return NL_IO;
    int folder = s3_folder_make(uploads, id, 0700);
    int rc = folder < 0 ? nl_fail_errno(err, errno, "cannot make the upload's folder") : NL_OK;
    if (!rc)
        rc = fill_folder(b, folder, key, meta, err);
    if (!rc)
        rc = s3_disk_sync_folder(b->disk, uploads, "the folder of uploads", err);
    if (rc && folder >= 0)
        s3_folder_remove(uploads, id, NULL);
    if (folder >= 0)
        close(folder);
    close(uploads);
    return rc;
}

/* Key and metadata of the upload in a folder. */
static int read_trailer(int folder, nl_arena *arena, s3_slice *key, s3_meta *meta, nl_error *err)
{
    int fd = openat(folder, S3_UPLOAD_META, READ_FLAGS);
    if (fd < 0)
        return nl_fail_errno(err, errno, "cannot open the upload's file");
    int rc = s3_trailer_read(fd, arena, key, meta, err);
    close(fd);
    return rc;
}

int s3_upload_open(s3_bucket *b, const char *id, s3_slice key, nl_arena *arena, s3_meta *meta, nl_error *err)
{
    nl_error local = {0};
    s3_slice inside;
    if (!err)
        err = &local;
    int folder = s3_live_folder(b, id, err);
    if (folder < 0)
        return err->code;
    int rc = lives(folder) ? read_trailer(folder, arena, &inside, meta, err) : NL_NOT_FOUND;
    close(folder);
    if (rc == NL_NOT_FOUND || (!rc && s3_slice_compare(inside, key)))
        return s3_live_none(id, err);
    return rc;
}

/* Remove the folder of an upload; data first, so that it is over whatever comes between (P1). */
static int remove_folder(s3_bucket *b, s3_live *u, nl_error *err)
{
    int uploads = s3_bucket_folder(b, "uploads");
    if (uploads < 0)
        return nl_fail_errno(err, errno, "cannot open the folder of uploads");
    int rc = NL_OK;
    if (s3_seam_unlinkat(u->folder, S3_UPLOAD_DATA, 0) && errno != ENOENT)
        rc = nl_fail_errno(err, errno, "cannot remove the upload's data");
    if (!rc)
        rc = s3_folder_remove(uploads, u->id, err);
    if (!rc)
        rc = s3_disk_sync_folder(b->disk, uploads, "the folder of uploads", err);
    close(uploads);
    return rc;
}

/* The upload with all others kept out. Ended by s3_live_unseal() and s3_live_release(). */
static int use_sealed(s3_bucket *b, const char *id, s3_live **out, nl_error *err)
{
    int rc = s3_live_use(b, id, out, err);
    if (!rc && (rc = s3_live_seal(*out, err)))
        s3_live_release(*out);
    return rc;
}

int s3_upload_abort(s3_bucket *b, const char *id, nl_error *err)
{
    s3_live *u;
    int rc = use_sealed(b, id, &u, err);
    if (rc)
        return rc;
    rc = remove_folder(b, u, err);
    s3_live_unseal(u, true);
    s3_live_release(u);
    return rc;
}

void s3_upload_sweep(int reserved)
{
    int uploads = s3_folder_open(reserved, "uploads");
    DIR *d = uploads >= 0 ? fdopendir(uploads) : NULL;
    const struct dirent *e;
    while (d && (e = readdir(d))) {
        int folder = s3_live_is_id(e->d_name) ? s3_folder_open(uploads, e->d_name) : -1;
        /* The second: it was cut off as it was made. */
        bool over = folder >= 0 && (!lives(folder) || faccessat(folder, S3_UPLOAD_META, F_OK, AT_SYMLINK_NOFOLLOW));
        if (folder >= 0)
            close(folder);
        if (over)
            (void)s3_folder_remove(uploads, e->d_name, NULL);
    }
    if (d)
        closedir(d);
    else if (uploads >= 0)
        close(uploads);
}

static int by_key_and_id(const void *a, const void *b)
{
    const s3_upload_info *x = a, *y = b;
    int c = strcmp(x->key, y->key);
    return c ? c : strcmp(x->id, y->id);
}

/* Append one upload; one that was aborted meanwhile is left out. */
static int take_upload(int uploads, const char *id, nl_arena *arena, nl_buf *list, nl_error *err)
{
    s3_slice key;
    s3_meta meta;
    int folder = s3_live_is_id(id) ? s3_folder_open(uploads, id) : -1;
    if (folder < 0)
        return NL_OK;
    int rc = lives(folder) ? read_trailer(folder, arena, &key, &meta, NULL) : NL_NOT_FOUND;
    close(folder);
    if (rc)
        return rc == NL_NO_MEMORY ? nl_fail_memory(err) : NL_OK;
    s3_upload_info u = {nl_arena_strndup(arena, key.data, key.len), nl_arena_strdup(arena, id), meta.mtime_ns,
                        meta.checksum_header, meta.checksum_type};
    return u.key && u.id ? nl_buf_append(list, &u, sizeof(u), err) : nl_fail_memory(err);
}

int s3_upload_list(s3_bucket *b, nl_arena *arena, s3_upload_info **out, size_t *n, nl_error *err)
{
    nl_buf list = {0};
    int rc = NL_OK;
    *out = NULL;
    *n = 0;
    int uploads = s3_bucket_folder(b, "uploads");
    DIR *d = uploads >= 0 ? fdopendir(uploads) : NULL;
    if (!d) {
        int saved = errno;
        if (uploads >= 0)
            close(uploads);
        return nl_fail_errno(err, saved, "cannot read the folder of uploads");
    }
    const struct dirent *e;
    while (!rc && (e = readdir(d)))
        rc = take_upload(uploads, e->d_name, arena, &list, err);
    closedir(d);
    size_t count = list.len / sizeof(**out);
    if (!rc && !(*out = nl_arena_array(arena, count, sizeof(**out))))
        rc = nl_fail_memory(err);
    if (!rc && count) {
        memcpy(*out, list.data, list.len);
        qsort(*out, count, sizeof(**out), by_key_and_id);
        *n = count;
    }
    nl_buf_free(&list);
    return rc;
}

/* ── parts ── */

/* As others see it. */
static int show_part(const s3_part_record *r, nl_arena *arena, s3_part *out, nl_error *err)
{
    char text[4 * ((S3_DIGEST_MAX + 2) / 3) + 1];
    *out = (s3_part){.number = r->number, .size = r->size, .mtime_ns = r->mtime_ns};
    nl_hex(r->md5, sizeof(r->md5), out->etag);
    if (r->kind == S3_MD5)
        return NL_OK;
    s3_base64_text(r->sum, s3_digest_size(r->kind), text);
    out->checksum = nl_arena_strdup(arena, text);
    return out->checksum ? NL_OK : nl_fail_memory(err);
}

int s3_upload_parts(s3_bucket *b, const char *id, nl_arena *arena, s3_part **out, size_t *n, nl_error *err)
{
    s3_live *u;
    *out = NULL;
    *n = 0;
    int rc = s3_live_use(b, id, &u, err);
    if (rc)
        return rc;
    pthread_mutex_lock(&u->mutex);
    *out = nl_arena_array(arena, u->n_parts, sizeof(**out));
    rc = *out ? NL_OK : nl_fail_memory(err);
    for (; !rc && *n < u->n_parts; ++*n)
        rc = show_part(&u->parts[*n], arena, &(*out)[*n], err);
    pthread_mutex_unlock(&u->mutex);
    s3_live_release(u);
    return rc;
}

/* The record of a part that was shown, while it is still that part. */
static int record_of(s3_live *u, const s3_part *part, s3_part_record *out, nl_error *err)
{
    char etag[33] = "";
    pthread_mutex_lock(&u->mutex);
    const s3_part_record *r = s3_live_find(u, part->number);
    if (r) {
        *out = *r;
        nl_hex(r->md5, sizeof(r->md5), etag);
    }
    pthread_mutex_unlock(&u->mutex);
    if (!r || strcmp(etag, part->etag) || out->size != part->size)
        return nl_fail(err, NL_CONFLICT, "part %d was sent again meanwhile", part->number);
    return NL_OK;
}

/* The file that holds a part, and where in it: yours to close. -1 with err. */
static int open_part(s3_live *u, const s3_part_record *r, uint64_t *offset, nl_error *err)
{
    char name[32];
    *offset = r->in_own ? 0 : r->at;
    s3_part_own_name(r->number, r->at, name);
    int fd = r->in_own ? openat(u->folder, name, READ_FLAGS) : fcntl(u->data, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        nl_fail_errno(err, errno, "cannot open part %d", r->number);
    return fd;
}

int s3_upload_digest(s3_bucket *b, const char *id, const s3_part *part, enum s3_digest_kind kind,
                     uint8_t out[static S3_DIGEST_MAX], nl_error *err)
{
    s3_live *u;
    s3_part_record r;
    s3_digest_value value;
    uint64_t offset;
    int rc = s3_live_use(b, id, &u, err);
    if (rc)
        return rc;
    rc = record_of(u, part, &r, err);
    if (!rc) {
        int fd = open_part(u, &r, &offset, err);
        rc = fd < 0 ? NL_IO : s3_file_digest(fd, offset, r.size, &kind, 1, &value, err);
        if (fd >= 0)
            close(fd);
    }
    if (!rc)
        memcpy(out, value.bytes, S3_DIGEST_MAX);
    s3_live_release(u);
    return rc;
}

/* ── complete; the upload is sealed ── */

/* Copy a part to where it belongs. */
static int copy_part(s3_live *u, const s3_part_record *r, int to, uint64_t at, nl_error *err)
{
    uint64_t offset;
    int fd = open_part(u, r, &offset, err);
    if (fd < 0)
        return NL_IO;
    int rc = s3_file_copy(fd, offset, to, at, r->size, err);
    close(fd);
    return rc;
}

/* P2: can data become the object? It can when all parts that lie in it are chosen, each at its offset, and nothing lies
 * behind the end: then what is missing can be copied in without touching them. */
static bool fits_in_data(const s3_live *u, const s3_part_record *r, size_t n, uint64_t total)
{
    size_t in_place = 0;
    uint64_t at = 0;
    struct stat st;
    for (size_t i = 0; i < n; at += r[i++].size)
        in_place += !r[i].in_own && r[i].at == at;
    return in_place == u->n_in_data && !fstat(u->data, &st) && (uint64_t)st.st_size <= total;
}

/* Data as the writer of the object: its name leaves the upload's folder when the object is published. */
static int write_in_data(s3_bucket *b, s3_live *u, const s3_part_record *r, size_t n, s3_writer *w, nl_error *err)
{
    uint64_t at = 0;
    int rc = NL_OK;
    bool synced = false;
    *w = (s3_writer){.bucket = b, .kept = true, .name = S3_UPLOAD_DATA};
    w->fd = fcntl(u->data, F_DUPFD_CLOEXEC, 3);
    w->tmp = fcntl(u->folder, F_DUPFD_CLOEXEC, 3);
    if (w->fd < 0 || w->tmp < 0)
        rc = nl_fail_errno(err, errno, "cannot open the upload's data");
    for (size_t i = 0; i < n && !rc; at += r[i++].size) {
        if (!r[i].in_own)
            continue;
        /* P5: the places that are written now must not be those of the newest records on the disk. */
        if (!synced) {
            s3_live_displace(u);
            rc = s3_disk_sync(b->disk, u->log, "the list of parts", err);
        }
        synced = true;
        if (!rc)
            rc = copy_part(u, &r[i], w->fd, at, err);
    }
    w->size = at;
    w->mtime_ns = nl_wall_ns();
    return rc;
}

static int write_anew(s3_bucket *b, s3_live *u, const s3_part_record *r, size_t n, s3_writer *w, nl_error *err)
{
    int rc = s3_writer_open(b, w, err);
    for (size_t i = 0; i < n && !rc; i++) {
        rc = copy_part(u, &r[i], w->fd, w->size, err);
        w->size += r[i].size;
    }
    return rc;
}

static int complete(s3_bucket *b, s3_live *u, const s3_part_record *r, size_t n, s3_slice key, s3_meta *meta,
                    const s3_guard *guard, nl_error *err)
{
    s3_writer w = {0};
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += r[i].size;
    int rc = fits_in_data(u, r, n, total) ? write_in_data(b, u, r, n, &w, err) : write_anew(b, u, r, n, &w, err);
    if (!rc)
        rc = s3_writer_commit(&w, key, meta, guard, err);
    s3_writer_abort(&w);
    return rc;
}

int s3_upload_complete(s3_bucket *b, const char *id, const s3_part *parts, size_t n, s3_slice key, s3_meta *meta,
                       const s3_guard *guard, nl_error *err)
{
    s3_live *u;
    int rc = use_sealed(b, id, &u, err);
    if (rc)
        return rc;
    s3_part_record *r = calloc(n, sizeof(*r));
    if (!r)
        rc = nl_fail_memory(err);
    for (size_t i = 0; i < n && !rc; i++)
        rc = record_of(u, &parts[i], &r[i], err);
    if (!rc)
        rc = complete(b, u, r, n, key, meta, guard, err);
    free(r);
    /* The object is there: that the folder stays would only cost space. */
    if (!rc)
        remove_folder(b, u, NULL);
    s3_live_unseal(u, !rc || !lives(u->folder));
    s3_live_release(u);
    return rc;
}
