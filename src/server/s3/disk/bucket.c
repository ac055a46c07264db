/* bucket.c: buckets are the folders of the root whose names S3 allows; no other record of them exists.
 *
 * A bucket in use keeps its folder open and its overflow index in memory. It is found again by name and inode, so that a
 * folder that was replaced by hand is noticed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "server/s3/disk/disk.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/seam.h"

#define IDLE_BUCKETS 64 /* kept open though nobody uses them */

static int no_such_bucket(const char *name, nl_error *err)
{
    return nl_fail(err, NL_NOT_FOUND, "the bucket %s does not exist", name);
}

static void free_bucket(s3_bucket *b)
{
    s3_overflow_close(&b->overflow);
    close(b->fd);
    free(b);
}

/* Drop buckets that nobody uses beyond IDLE_BUCKETS, and all of that name (NULL: none); with the mutex held. One that is
 * in use leaves the list at its last release. */
static void drop_idle(s3_disk *d, const char *name)
{
    size_t idle = 0;
    for (s3_bucket **p = &d->buckets; *p;) {
        s3_bucket *b = *p;
        if (b->refs == 0 && ((name && !strcmp(b->name, name)) || ++idle > IDLE_BUCKETS)) {
            *p = b->next;
            free_bucket(b);
        } else {
            p = &b->next;
        }
    }
}

/* Open a bucket that is not in the list; with the mutex held. */
static int open_bucket(s3_disk *d, const char *name, s3_bucket **out, nl_error *err)
{
    int fd = s3_folder_open(d->root, name);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
                   ? no_such_bucket(name, err)
                   : nl_fail_errno(err, errno, "cannot open the folder of the bucket %s", name);
    struct stat st;
    s3_bucket *b = calloc(1, sizeof(*b));
    int rc = !b ? nl_fail_memory(err) : fstat(fd, &st) ? nl_fail_errno(err, errno, "fstat") : NL_OK;
    if (!rc && d->durable)
        rc = s3_known_sync(&d->known, d->root, fd, err);
    if (rc) {
        free(b);
        close(fd);
        return rc;
    }
    b->disk = d;
    b->fd = fd;
    b->dev = st.st_dev;
    b->ino = st.st_ino;
    memcpy(b->name, name, strlen(name) + 1);
    rc = s3_overflow_open(&b->overflow, fd, err);
    if (rc) {
        free_bucket(b);
        return rc;
    }
    b->next = d->buckets;
    d->buckets = b;
    *out = b;
    return NL_OK;
}

/* Is b what the name stands for? A folder that was removed has no links left, whoever got its inode since. */
static bool is_folder_of(const s3_bucket *b, const char *name, const struct stat *st)
{
    struct stat open;
    return !strcmp(b->name, name) && b->ino == st->st_ino && b->dev == st->st_dev && !fstat(b->fd, &open) &&
           open.st_nlink > 0;
}

int s3_bucket_get(s3_disk *d, const char *name, s3_bucket **out, nl_error *err)
{
    struct stat st;
    *out = NULL;
    if (s3_bucket_check(name, strlen(name), NULL))
        return no_such_bucket(name, err);
    if (fstatat(d->root, name, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? no_such_bucket(name, err)
                               : nl_fail_errno(err, errno, "cannot open the folder of the bucket %s", name);
    int rc = NL_OK;
    pthread_mutex_lock(&d->mutex);
    s3_bucket *b = d->buckets;
    while (b && !is_folder_of(b, name, &st))
        b = b->next;
    if (!b) {
        drop_idle(d, name);
        rc = open_bucket(d, name, &b, err);
    }
    if (!rc) {
        b->refs++;
        *out = b;
    }
    pthread_mutex_unlock(&d->mutex);
    return rc;
}

void s3_bucket_release(s3_bucket *b)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->disk->mutex);
    b->refs--;
    pthread_mutex_unlock(&b->disk->mutex);
}

int s3_bucket_create(s3_disk *d, const char *name, nl_error *err)
{
    int rc = s3_bucket_check(name, strlen(name), err);
    if (rc)
        return rc;
    if (s3_seam_mkdirat(d->root, name, 0777))
        return errno == EEXIST ? nl_fail(err, NL_CONFLICT, "the bucket %s exists", name)
                               : nl_fail_errno(err, errno, "cannot make the folder of the bucket %s", name);
    return s3_disk_sync(d, d->root, "the root", err);
}

/* Remove everything but our own folder, which must be folders that hold nothing but folders. NL_CONFLICT: a file is there. */
static int remove_empty_folders(int bucket, nl_error *err)
{
    int rc = NL_OK;
    int fd = openat(bucket, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        int saved = errno;
        if (fd >= 0)
            close(fd);
        return nl_fail_errno(err, saved, "cannot read the bucket's folder");
    }
    const struct dirent *e;
    while (!rc && (e = readdir(d)))
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && strcmp(e->d_name, S3_RESERVED))
            rc = s3_folder_remove_empty(bucket, e->d_name, err);
    closedir(d);
    return rc;
}

/* Our own folder in a bucket: what is under way goes, an object in the overflow folder does not. */
static int remove_reserved(int bucket, nl_error *err)
{
    int fd = s3_folder_open(bucket, S3_RESERVED);
    if (fd < 0)
        return errno == ENOENT ? NL_OK : nl_fail_errno(err, errno, "cannot open the folder " S3_RESERVED);
    int rc = s3_folder_remove(fd, "tmp", err);
    if (!rc)
        rc = s3_folder_remove(fd, "uploads", err);
    if (!rc)
        rc = s3_folder_remove(fd, "config", err);
    close(fd);
    return rc ? rc : s3_folder_remove_empty(bucket, S3_RESERVED, err);
}

int s3_bucket_delete(s3_disk *d, const char *name, nl_error *err)
{
    s3_bucket *b;
    int rc = s3_bucket_get(d, name, &b, err);
    if (rc)
        return rc;
    if (s3_overflow_count(&b->overflow) > 0)
        rc = nl_fail(err, NL_CONFLICT, "the bucket %s is not empty", name);
    if (!rc)
        rc = remove_empty_folders(b->fd, err);
    /* A writer that comes between makes rmdir fail, or finds no bucket: the kernel decides, once. */
    if (!rc)
        rc = remove_reserved(b->fd, err);
    if (!rc && s3_seam_unlinkat(d->root, name, AT_REMOVEDIR))
        rc = errno == ENOTEMPTY || errno == EEXIST ? nl_fail(err, NL_CONFLICT, "the bucket %s is not empty", name)
             : errno == ENOENT                     ? no_such_bucket(name, err)
                                                   : nl_fail_errno(err, errno, "cannot remove the bucket %s", name);
    s3_bucket_release(b);
    if (rc)
        return rc;
    pthread_mutex_lock(&d->mutex);
    drop_idle(d, name);
    pthread_mutex_unlock(&d->mutex);
    return s3_disk_sync(d, d->root, "the root", err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const s3_bucket_info *)a)->name, ((const s3_bucket_info *)b)->name);
}

/* When the folder was made; where the file system does not tell, when it was last changed. */
static int64_t created_at(int root, const char *name)
{
    struct statx s;
    if (statx(root, name, AT_SYMLINK_NOFOLLOW, STATX_BTIME | STATX_MTIME, &s))
        return 0;
    return s.stx_mask & STATX_BTIME ? s.stx_btime.tv_sec : s.stx_mtime.tv_sec;
}

/* Append one folder where it is a bucket. */
static int take_bucket(s3_disk *d, nl_arena *arena, const char *name, nl_buf *list, nl_error *err)
{
    struct stat st;
    if (s3_bucket_check(name, strlen(name), NULL) || fstatat(d->root, name, &st, AT_SYMLINK_NOFOLLOW) ||
        !S_ISDIR(st.st_mode))
        return NL_OK;
    s3_bucket_info info = {nl_arena_strdup(arena, name), created_at(d->root, name)};
    return info.name ? nl_buf_append(list, &info, sizeof(info), err) : nl_fail_memory(err);
}

int s3_bucket_list(s3_disk *d, nl_arena *arena, s3_bucket_info **out, size_t *n, nl_error *err)
{
    nl_buf list = {0};
    int rc = NL_OK;
    *out = NULL;
    *n = 0;
    int fd = openat(d->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        int saved = errno;
        if (fd >= 0)
            close(fd);
        return nl_fail_errno(err, saved, "cannot read the root");
    }
    const struct dirent *e;
    while (!rc && (e = readdir(dir)))
        rc = take_bucket(d, arena, e->d_name, &list, err);
    closedir(dir);
    size_t count = list.len / sizeof(**out);
    if (!rc && (*out = nl_arena_array(arena, count, sizeof(**out))) != NULL) {
        if (count) {
            memcpy(*out, list.data, list.len);
            qsort(*out, count, sizeof(**out), by_name);
        }
        *n = count;
    } else if (!rc) {
        rc = nl_fail_memory(err);
    }
    nl_buf_free(&list);
    return rc;
}

pthread_mutex_t *s3_key_lock(s3_bucket *b, s3_slice key)
{
    uint64_t h = nl_hash64_seed(key.data, key.len, (uint64_t)b->ino);
    return &b->disk->stripes[h % S3_KEY_STRIPES];
}

int s3_bucket_folder(s3_bucket *b, const char *name)
{
    int reserved = s3_folder_make(b->fd, S3_RESERVED, 0700);
    if (reserved < 0)
        return -1;
    int fd = s3_folder_make(reserved, name, 0700);
    int saved = errno;
    close(reserved);
    errno = saved;
    return fd;
}

int s3_bucket_folder_durable(s3_bucket *b, const char *name, nl_error *err)
{
    int reserved = s3_folder_make(b->fd, S3_RESERVED, 0700);
    int fd = reserved < 0 ? -1 : s3_folder_make(reserved, name, 0700);
    int rc = fd < 0 ? nl_fail_errno(err, errno, "cannot make the folder " S3_RESERVED "/%s", name) : NL_OK;
    if (!rc && b->disk->durable)
        rc = s3_known_sync(&b->disk->known, b->fd, reserved, err);
    if (!rc && b->disk->durable)
        rc = s3_known_sync(&b->disk->known, reserved, fd, err);
    if (reserved >= 0)
        close(reserved);
    if (rc && fd >= 0)
        close(fd);
    return rc ? -1 : fd;
}
