/* writer.c: the commit of an object. */
#include "server/s3/disk/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "server/s3/disk/file.h"
#include "server/s3/disk/place.h"
#include "server/s3/disk/seam.h"
#include "server/s3/disk/trailer.h"

#define EARLY ((uint64_t)8 << 20) /* bytes of a large object that are handed to the disk at once */

/* Make up a temporary name, and open the folder that it is for. False: errno. */
static bool open_tmp(s3_writer *w)
{
    w->tmp = s3_bucket_folder(w->bucket, "tmp");
    snprintf(w->name, sizeof(w->name), "%llx", (unsigned long long)atomic_fetch_add(&w->bucket->disk->next_tmp, 1));
    return w->tmp >= 0;
}

int s3_writer_open(s3_bucket *b, s3_writer *out, nl_error *err)
{
    *out = (s3_writer){.bucket = b, .fd = -1, .tmp = -1};
    if (!open_tmp(out))
        return nl_fail_errno(err, errno, "cannot make the bucket's temporary folder");
    out->fd = s3_seam_create(out->tmp, out->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (out->fd >= 0)
        return NL_OK;
    int saved = errno;
    close(out->tmp);
    return nl_fail_errno(err, saved, "cannot make a temporary file");
}

/* Is there something under this key now? Only a guess: it may come or go before the commit. */
static bool seems_new(s3_bucket *b, s3_slice key)
{
    char path[S3_PLACE_PATH];
    struct stat st;
    return s3_place_path(key, path) && fstatat(b->fd, path, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT;
}

int s3_writer_open_key(s3_bucket *b, s3_slice key, s3_writer *out, nl_error *err)
{
    if (b->disk->nameless && seems_new(b, key)) {
        *out = (s3_writer){.bucket = b, .fd = -1, .tmp = -1};
        out->fd = s3_seam_nameless(b->fd, O_RDWR | O_CLOEXEC, 0666);
        if (out->fd >= 0)
            return NL_OK;
        /* The file system cannot, or something is wrong: then the other way will say what. */
    }
    return s3_writer_open(b, out, err);
}

int s3_writer_write(s3_writer *w, const void *data, size_t len, nl_error *err)
{
    uint64_t from = w->size / EARLY * EARLY;
    int rc = s3_file_pwrite(w->fd, data, len, w->size, err);
    if (rc)
        return rc;
    w->size += len;
    /* What will be synced begins to be written now, while more arrives; only a hint, so that its failure is none. */
    if (w->bucket->disk->durable && w->size / EARLY * EARLY > from)
        sync_file_range(w->fd, (off_t)from, (off_t)(w->size / EARLY * EARLY - from), SYNC_FILE_RANGE_WRITE);
    return NL_OK;
}

/* Close everything; the temporary name is removed unless it was renamed away. */
static void end_writer(s3_writer *w, bool renamed)
{
    if (!renamed && !w->kept)
        s3_seam_unlinkat(w->tmp, w->name, 0);
    close(w->fd);
    close(w->tmp);
    w->fd = w->tmp = -1;
}

void s3_writer_abort(s3_writer *w)
{
    if (w->bucket && w->fd >= 0)
        end_writer(w, false);
}

/* Its size, and its time as the file system keeps it: that of the last write, unless it shall have another. */
static int stamp(s3_writer *w, s3_meta *meta, nl_error *err)
{
    int64_t t = w->mtime_ns;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {t / 1000000000, (long)(t % 1000000000)}};
    struct stat st;
    if ((t && s3_seam_futimens(w->fd, times)) || fstat(w->fd, &st))
        return nl_fail_errno(err, errno, "cannot set the file's time");
    meta->size = w->size;
    meta->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return NL_OK;
}

int s3_object_attach(int fd, const s3_meta *meta, bool *fits, nl_error *err)
{
    nl_buf packed = {0};
    int rc = s3_meta_pack(meta, &packed, err);
    *fits = !rc && packed.len <= S3_META_XATTR_MAX;
    if (*fits && s3_seam_fsetxattr(fd, S3_META_XATTR, packed.data, packed.len)) {
        *fits = false;
        if (errno != ENOTSUP && errno != ENOSPC && errno != E2BIG && errno != ERANGE && errno != EPERM)
            rc = nl_fail_errno(err, errno, "cannot set the object's metadata");
    }
    nl_buf_free(&packed);
    return rc;
}

/* Put the file under its name. Returns 0 or errno. */
static int put_name(s3_writer *w, int dir, const char *name)
{
    if (w->tmp < 0) {
        if (!s3_seam_link(w->fd, dir, name))
            return 0;
        /* Something is there by now, which only a rename replaces: so it needs a temporary name after all. */
        if (errno != EEXIST || !open_tmp(w))
            return errno;
        if (s3_seam_link(w->fd, w->tmp, w->name)) {
            int saved = errno;
            close(w->tmp);
            w->tmp = -1;
            return saved;
        }
    }
    return s3_seam_renameat(w->tmp, w->name, dir, name) ? errno : 0;
}

/* Rename to the plain path. *taken: M3, a folder is in the way. The folder is synced. */
static int rename_plain(s3_writer *w, s3_slice key, bool *taken, nl_error *err)
{
    s3_place place;
    *taken = false;
    for (int tries = 0; tries < 100; tries++) {
        switch (s3_place_find(w->bucket, key, true, &place, err)) {
        case S3_PLACE_FAILED:
            return NL_IO;
        case S3_PLACE_NONE:
            *taken = true;
            return NL_OK;
        case S3_PLACE_MISSING: /* D6: somebody removed it as we made it */
            continue;
        case S3_PLACE_FOUND:
            break;
        }
        int failed = put_name(w, place.dir, place.name);
        int rc = failed ? NL_OK : s3_disk_sync_folder(w->bucket->disk, place.dir, "the object's folder", err);
        close(place.dir);
        if (!failed)
            return rc;
        *taken = failed == EISDIR || failed == ENOTEMPTY || failed == EEXIST || failed == ENOTDIR;
        if (*taken)
            return NL_OK;
        if (failed != ENOENT)
            return nl_fail_errno(err, failed, "cannot name the object's file");
    }
    return nl_fail(err, NL_NOT_FOUND, "the bucket's folder is gone");
}

/* The folder of an overflow path, made, with its name on the disk (D3). Returns -1 with err. */
static int make_overflow_folder(s3_bucket *b, const char *path, nl_error *err)
{
    const char *const names[] = {S3_RESERVED, "overflow", path + sizeof(S3_RESERVED "/overflow/") - 1};
    int dir = b->fd;
    for (size_t i = 0; i < 3; i++) {
        int down = s3_folder_make(dir, names[i], 0700);
        int rc = down < 0 ? nl_fail_errno(err, errno, "cannot make the overflow folder") : NL_OK;
        if (!rc && b->disk->durable)
            rc = s3_known_sync(&b->disk->known, dir, down, err);
        if (dir != b->fd)
            close(dir);
        if (rc) {
            if (down >= 0)
                close(down);
            return -1;
        }
        dir = down;
    }
    return dir;
}

/* Into the overflow folder, with a trailer; then the plain file, where there is one, goes (M4). */
static int rename_overflow(s3_writer *w, s3_slice key, const s3_meta *meta, nl_error *err)
{
    s3_bucket *b = w->bucket;
    char path[S3_OVERFLOW_PATH];
    size_t folder;
    int rc = s3_trailer_write(w->fd, key, meta, err);
    if (!rc)
        rc = s3_disk_sync(b->disk, w->fd, "the object", err);
    if (rc)
        return rc;
    s3_overflow_path(key, path, &folder);
    path[folder] = '\0';
    int dir = make_overflow_folder(b, path, err);
    if (dir < 0)
        return NL_IO;
    int failed = put_name(w, dir, path + folder + 1);
    if (failed)
        rc = nl_fail_errno(err, failed, "cannot name the object's file");
    /* The index second: until then readers find the old object. A key that is in it already needs no memory. */
    if (!rc && (rc = s3_overflow_add(&b->overflow, key, err)) != NL_OK)
        s3_seam_unlinkat(dir, path + folder + 1, 0);
    if (!rc)
        rc = s3_disk_sync_folder(b->disk, dir, "the overflow folder", err);
    close(dir);
    return rc;
}

/* Under the key's lock. *renamed: the temporary name is gone. */
static int publish(s3_writer *w, s3_slice key, const s3_meta *meta, bool fits, bool *renamed, nl_error *err)
{
    bool taken = true;
    *renamed = false;
    if (fits && !s3_overflow_has(&w->bucket->overflow, key)) {
        int rc = rename_plain(w, key, &taken, err);
        *renamed = !rc && !taken;
        if (rc || !taken)
            return rc;
    }
    int rc = rename_overflow(w, key, meta, err);
    *renamed = !rc;
    return rc ? rc : s3_object_delete_plain(w->bucket, key, err);
}

int s3_writer_commit(s3_writer *w, s3_slice key, s3_meta *meta, const s3_guard *guard, nl_error *err)
{
    bool fits = false, renamed = false;
    int rc = stamp(w, meta, err);
    if (!rc)
        rc = s3_object_attach(w->fd, meta, &fits, err);
    if (!rc && fits)
        rc = s3_disk_sync(w->bucket->disk, w->fd, "the object", err);
    if (!rc) {
        pthread_mutex_t *lock = s3_key_lock(w->bucket, key);
        pthread_mutex_lock(lock);
        rc = s3_guard_check(guard, w->bucket, key, err);
        if (!rc)
            rc = publish(w, key, meta, fits, &renamed, err);
        pthread_mutex_unlock(lock);
    }
    end_writer(w, renamed);
    return rc;
}
