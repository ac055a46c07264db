/* upload.c: the folders of multipart uploads. */
#include "server/s3/disk/upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/seam.h"
#include "server/s3/disk/trailer.h"

#define READ_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

static int no_such_upload(const char *id, nl_error *err)
{
    return nl_fail(err, NL_NOT_FOUND, "the upload %.64s does not exist", id);
}

/* An id from outside is a file name only where it looks like ours. */
static bool is_id(const char *id)
{
    return strlen(id) == S3_UPLOAD_ID - 1 && strspn(id, "0123456789abcdef") == S3_UPLOAD_ID - 1;
}

/* The folder of an upload, or -1 with err. */
static int open_folder(s3_bucket *b, const char *id, nl_error *err)
{
    char path[96];
    if (!is_id(id)) {
        no_such_upload(id, err);
        return -1;
    }
    snprintf(path, sizeof(path), S3_RESERVED "/uploads/%s", id);
    int fd = s3_folder_open(b->fd, path);
    if (fd < 0 && errno == ENOENT)
        no_such_upload(id, err);
    else if (fd < 0)
        nl_fail_errno(err, errno, "cannot open the upload's folder");
    return fd;
}

/* The status behind a -1 of open_folder(). */
static int status_of(const nl_error *err)
{
    return err && err->code ? err->code : NL_NOT_FOUND;
}

/* Stamp size and time, append the trailer, sync. */
static int seal(s3_writer *w, s3_slice key, s3_meta *meta, nl_error *err)
{
    meta->size = w->size;
    meta->mtime_ns = nl_wall_ns();
    int rc = s3_trailer_write(w->fd, key, meta, err);
    return rc ? rc : s3_disk_sync(w->bucket->disk, w->fd, "the part", err);
}

/* Move a sealed writer's file into a folder, durably. */
static int move_into(s3_writer *w, int folder, const char *name, const char *id, nl_error *err)
{
    if (s3_seam_renameat(w->tmp, w->name, folder, name))
        return errno == ENOENT ? no_such_upload(id, err) : nl_fail_errno(err, errno, "cannot rename the part");
    return s3_disk_sync(w->bucket->disk, folder, "the upload's folder", err);
}

int s3_upload_create(s3_bucket *b, s3_slice key, s3_meta *meta, char id[static S3_UPLOAD_ID], nl_error *err)
{
    uint8_t random[16];
    s3_writer w = {0};
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return nl_fail(err, NL_IO, "no random bytes");
    nl_hex(random, sizeof(random), id);
    int uploads = s3_bucket_folder_durable(b, "uploads", err);
    if (uploads < 0)
        return NL_IO;
    int folder = s3_folder_make(uploads, id, 0700);
    int rc = folder < 0 ? nl_fail_errno(err, errno, "cannot make the upload's folder") : NL_OK;
    if (!rc)
        rc = s3_writer_open(b, &w, err);
    if (!rc)
        rc = seal(&w, key, meta, err);
    if (!rc)
        rc = move_into(&w, folder, "upload", id, err);
    if (!rc)
        rc = s3_disk_sync(b->disk, uploads, "the folder of uploads", err);
    s3_writer_abort(&w);
    if (folder >= 0)
        close(folder);
    close(uploads);
    return rc;
}

/* The trailer of a file of the folder. */
static int read_trailer(int folder, const char *name, nl_arena *arena, s3_slice *key, s3_meta *meta, nl_error *err)
{
    int fd = openat(folder, name, READ_FLAGS);
    if (fd < 0)
        return nl_fail_errno(err, errno, "cannot open %s", name);
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
    int folder = open_folder(b, id, err);
    if (folder < 0)
        return status_of(err);
    int rc = read_trailer(folder, "upload", arena, &inside, meta, err);
    close(folder);
    if (rc == NL_NOT_FOUND || (!rc && s3_slice_compare(inside, key)))
        return no_such_upload(id, err);
    return rc;
}

static int by_key_and_time(const void *a, const void *b)
{
    const s3_upload_info *x = a, *y = b;
    int c = strcmp(x->key, y->key);
    if (!c)
        c = (x->initiated_ns > y->initiated_ns) - (x->initiated_ns < y->initiated_ns);
    return c ? c : strcmp(x->id, y->id);
}

/* Append one upload; one that was aborted meanwhile is left out. */
static int take_upload(int uploads, const char *id, nl_arena *arena, nl_buf *list, nl_error *err)
{
    s3_slice key;
    s3_meta meta;
    int folder = is_id(id) ? s3_folder_open(uploads, id) : -1;
    if (folder < 0)
        return NL_OK;
    int rc = read_trailer(folder, "upload", arena, &key, &meta, NULL);
    close(folder);
    if (rc)
        return rc == NL_NO_MEMORY ? nl_fail_memory(err) : NL_OK;
    s3_upload_info u = {nl_arena_strndup(arena, key.data, key.len), nl_arena_strdup(arena, id), meta.mtime_ns};
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
        qsort(*out, count, sizeof(**out), by_key_and_time);
        *n = count;
    }
    nl_buf_free(&list);
    return rc;
}

int s3_upload_abort(s3_bucket *b, const char *id, nl_error *err)
{
    int uploads = s3_bucket_folder(b, "uploads");
    if (uploads < 0)
        return nl_fail_errno(err, errno, "cannot open the folder of uploads");
    int rc = s3_folder_remove(uploads, id, err);
    if (!rc)
        rc = s3_disk_sync(b->disk, uploads, "the folder of uploads", err);
    close(uploads);
    return rc;
}

/* ── parts ── */

static void part_name(int number, char out[static 16])
{
    snprintf(out, 16, "%05d", number);
}

int s3_upload_put_part(s3_writer *w, const char *id, int number, s3_slice key, s3_meta *meta, nl_error *err)
{
    char name[16];
    nl_error local = {0};
    if (!err)
        err = &local;
    int folder = open_folder(w->bucket, id, err);
    int rc = folder < 0 ? status_of(err) : seal(w, key, meta, err);
    part_name(number, name);
    if (!rc)
        rc = move_into(w, folder, name, id, err);
    if (folder >= 0)
        close(folder);
    s3_writer_abort(w);
    return rc;
}

static int by_number(const void *a, const void *b)
{
    return ((const s3_part *)a)->number - ((const s3_part *)b)->number;
}

static int take_part(int folder, const char *name, nl_arena *arena, nl_buf *list, nl_error *err)
{
    s3_slice key;
    s3_meta meta;
    int64_t number;
    if (strlen(name) != 5 || !nl_parse_i64(name, &number) || number < 1 || number > S3_PARTS_MAX)
        return NL_OK;
    int rc = read_trailer(folder, name, arena, &key, &meta, err);
    if (rc)
        return rc == NL_NOT_FOUND ? NL_OK : rc;
    s3_part p = {.number = (int)number, .checksum = meta.checksum, .size = meta.size, .mtime_ns = meta.mtime_ns};
    memcpy(p.etag, meta.etag, sizeof(p.etag) - 1);
    return nl_buf_append(list, &p, sizeof(p), err);
}

int s3_upload_parts(s3_bucket *b, const char *id, nl_arena *arena, s3_part **out, size_t *n, nl_error *err)
{
    nl_error local = {0};
    nl_buf list = {0};
    *out = NULL;
    *n = 0;
    if (!err)
        err = &local;
    int folder = open_folder(b, id, err);
    if (folder < 0)
        return status_of(err);
    DIR *d = fdopendir(folder);
    if (!d) {
        close(folder);
        return nl_fail_memory(err);
    }
    int rc = NL_OK;
    const struct dirent *e;
    while (!rc && (e = readdir(d)))
        rc = take_part(folder, e->d_name, arena, &list, err);
    closedir(d);
    size_t count = list.len / sizeof(**out);
    if (!rc && !(*out = nl_arena_array(arena, count, sizeof(**out))))
        rc = nl_fail_memory(err);
    if (!rc && count) {
        memcpy(*out, list.data, list.len);
        qsort(*out, count, sizeof(**out), by_number);
        *n = count;
    }
    nl_buf_free(&list);
    return rc;
}

/* Copy one part behind what the writer has, after a look that it is still the one that was meant. */
static int append_part(s3_writer *w, int folder, const s3_part *p, nl_error *err)
{
    char name[16];
    nl_arena arena = {0};
    s3_slice key;
    s3_meta meta;
    part_name(p->number, name);
    int fd = openat(folder, name, READ_FLAGS);
    int rc = fd < 0 ? nl_fail_errno(err, errno, "cannot open part %d", p->number)
                    : s3_trailer_read(fd, &arena, &key, &meta, err);
    if (!rc && (strcmp(meta.etag, p->etag) || meta.size != p->size))
        rc = nl_fail(err, NL_CONFLICT, "part %d was sent again meanwhile", p->number);
    if (!rc)
        rc = s3_file_copy(fd, 0, w->fd, w->size, p->size, err);
    if (!rc)
        w->size += p->size;
    if (fd >= 0)
        close(fd);
    nl_arena_free(&arena);
    return rc;
}

int s3_upload_complete(s3_bucket *b, const char *id, const s3_part *parts, size_t n, s3_slice key, s3_meta *meta,
                       const s3_guard *guard, nl_error *err)
{
    s3_writer w = {0};
    nl_error local = {0};
    if (!err)
        err = &local;
    int folder = open_folder(b, id, err);
    if (folder < 0)
        return status_of(err);
    int rc = s3_writer_open(b, &w, err);
    for (size_t i = 0; i < n && !rc; i++)
        rc = append_part(&w, folder, &parts[i], err);
    if (!rc)
        rc = s3_writer_commit(&w, key, meta, guard, err);
    s3_writer_abort(&w);
    close(folder);
    /* The object is there: that the folder stays would only cost space. */
    if (!rc)
        s3_upload_abort(b, id, NULL);
    return rc;
}
