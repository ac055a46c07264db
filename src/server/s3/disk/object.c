/* object.c: reading and deleting; writer.h has the writing. */
#include "server/s3/disk/object.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/log.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/place.h"
#include "server/s3/disk/seam.h"
#include "server/s3/disk/trailer.h"

#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) /* O_NONBLOCK: a FIFO put there must not block */

static int no_such_key(s3_slice key, nl_error *err)
{
    return nl_fail(err, NL_NOT_FOUND, "the key \"%.*s\" does not exist", (int)key.len, key.data);
}

/* Metadata of a plain file; one that cannot be read is as one that is missing (A3). */
static int read_meta(int fd, s3_object *o, nl_error *err)
{
    struct stat st;
    char packed[S3_META_XATTR_MAX];
    if (fstat(fd, &st))
        return nl_fail_errno(err, errno, "fstat");
    if (!S_ISREG(st.st_mode))
        return nl_fail(err, NL_NOT_FOUND, "not a regular file");
    ssize_t n = fgetxattr(fd, S3_META_XATTR, packed, sizeof(packed));
    if (n > 0 && s3_meta_unpack(&o->arena, packed, (size_t)n, &o->meta, err)) {
        nl_log("server/s3", NL_LOG_WARN, "inode %llu: its metadata is damaged", (unsigned long long)st.st_ino);
        o->meta = (s3_meta){0};
    }
    s3_meta_settle(&o->meta, &st);
    return NL_OK;
}

/* Walk to a key's file, folder by folder, and open it. Returns the descriptor, or -1 with errno. */
static int walk_to(s3_bucket *b, s3_slice key)
{
    s3_place place;
    nl_error err = {0};
    errno = ENOENT;
    switch (s3_place_find(b, key, false, &place, &err)) {
    case S3_PLACE_FOUND:
        break;
    case S3_PLACE_FAILED:
        errno = EIO;
        return -1;
    case S3_PLACE_MISSING:
    case S3_PLACE_NONE:
        errno = ENOENT;
        return -1;
    }
    int fd = openat(place.dir, place.name, OPEN_FLAGS), saved = errno;
    close(place.dir);
    errno = saved;
    return fd;
}

/* Open a key's file by its path, at once where the kernel can do that without following links. -1 with errno. */
static int open_path(s3_bucket *b, s3_slice key, const char *path)
{
    const struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_NO_SYMLINKS};
    if (!atomic_load_explicit(&b->disk->walks, memory_order_relaxed)) {
        int fd = (int)syscall(SYS_openat2, b->fd, path, &how, sizeof(how));
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
            return fd;
        atomic_store_explicit(&b->disk->walks, true, memory_order_relaxed); /* an old kernel, or a sandbox */
    }
    return walk_to(b, key);
}

/* NL_NOT_FOUND: nothing that is an object is there. */
static int open_plain(s3_bucket *b, s3_slice key, s3_object *out, nl_error *err)
{
    char path[S3_PLACE_PATH];
    if (!s3_place_path(key, path))
        return no_such_key(key, err);
    out->fd = open_path(b, key, path);
    if (out->fd < 0)
        return errno == ENOENT || errno == ELOOP || errno == ENXIO || errno == ENOTDIR
                   ? no_such_key(key, err)
                   : nl_fail_errno(err, errno, "cannot open the object's file");
    int rc = read_meta(out->fd, out, err);
    return rc == NL_NOT_FOUND ? no_such_key(key, err) : rc;
}

static int open_overflow(s3_bucket *b, s3_slice key, s3_object *out, nl_error *err)
{
    char path[S3_OVERFLOW_PATH];
    size_t folder;
    s3_slice inside;
    s3_overflow_path(key, path, &folder);
    out->fd = openat(b->fd, path, OPEN_FLAGS);
    if (out->fd < 0)
        return errno == ENOENT ? no_such_key(key, err) : nl_fail_errno(err, errno, "cannot open the object's file");
    int rc = s3_trailer_read(out->fd, &out->arena, &inside, &out->meta, err);
    if (!rc && s3_slice_compare(inside, key))
        rc = nl_fail(err, NL_CORRUPT, "the overflow file holds another key");
    return rc;
}

int s3_object_open(s3_bucket *b, s3_slice key, s3_object *out, nl_error *err)
{
    int rc = NL_NOT_FOUND;
    /* A writer may move the key to the overflow folder between our two looks: so look again before saying no. */
    for (int tries = 0; tries < 3 && rc == NL_NOT_FOUND; tries++) {
        bool before = s3_overflow_has(&b->overflow, key);
        *out = (s3_object){.fd = -1};
        rc = before ? open_overflow(b, key, out, err) : open_plain(b, key, out, err);
        if (rc)
            s3_object_close(out);
        if (s3_overflow_has(&b->overflow, key) == before)
            break;
    }
    if (!rc)
        nl_error_clear(err);
    return rc;
}

void s3_object_close(s3_object *o)
{
    if (o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    nl_arena_free(&o->arena);
}

int s3_guard_check(const s3_guard *guard, s3_bucket *b, s3_slice key, nl_error *err)
{
    s3_object o;
    if (!guard || !guard->check)
        return NL_OK;
    int rc = s3_object_open(b, key, &o, err);
    if (rc == NL_NOT_FOUND) {
        nl_error_clear(err);
        return guard->check(guard->ctx, NULL, err);
    }
    if (rc)
        return rc;
    rc = guard->check(guard->ctx, &o.meta, err);
    s3_object_close(&o);
    return rc;
}

int s3_object_delete_plain(s3_bucket *b, s3_slice key, nl_error *err)
{
    s3_place place;
    struct stat st;
    enum s3_place_status found = s3_place_find(b, key, false, &place, err);
    if (found != S3_PLACE_FOUND)
        return found == S3_PLACE_FAILED ? NL_IO : NL_OK;
    int rc = NL_OK;
    if (fstatat(place.dir, place.name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
        if (s3_seam_unlinkat(place.dir, place.name, 0) && errno != ENOENT)
            rc = nl_fail_errno(err, errno, "cannot remove the object's file");
        if (!rc)
            rc = s3_disk_sync_folder(b->disk, place.dir, "the object's folder", err);
        if (!rc)
            s3_place_prune(b, key);
    }
    close(place.dir);
    return rc;
}

static int delete_overflow(s3_bucket *b, s3_slice key, nl_error *err)
{
    char path[S3_OVERFLOW_PATH];
    size_t folder;
    s3_overflow_path(key, path, &folder);
    if (s3_seam_unlinkat(b->fd, path, 0) && errno != ENOENT)
        return nl_fail_errno(err, errno, "cannot remove the object's file");
    s3_overflow_remove(&b->overflow, key);
    path[folder] = '\0';
    int fd = s3_folder_open(b->fd, path);
    if (fd < 0)
        return errno == ENOENT ? NL_OK : nl_fail_errno(err, errno, "cannot open the overflow folder");
    int rc = s3_disk_sync_folder(b->disk, fd, "the overflow folder", err);
    close(fd);
    return rc;
}

int s3_object_delete(s3_bucket *b, s3_slice key, const s3_guard *guard, nl_error *err)
{
    pthread_mutex_t *lock = s3_key_lock(b, key);
    pthread_mutex_lock(lock);
    int rc = s3_guard_check(guard, b, key, err);
    /* M4: the plain file first, or a crash would bring back what the overflow folder shadows. */
    if (!rc)
        rc = s3_object_delete_plain(b, key, err);
    if (!rc && s3_overflow_has(&b->overflow, key))
        rc = delete_overflow(b, key, err);
    pthread_mutex_unlock(lock);
    return rc;
}
