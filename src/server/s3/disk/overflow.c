/* overflow.c: the sorted array of overflow keys. */
#include "server/s3/disk/overflow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "s3proto/hash.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/trailer.h"

int s3_slice_compare(s3_slice a, s3_slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.data, b.data, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

void s3_overflow_path(s3_slice key, char out[static S3_OVERFLOW_PATH], size_t *folder_len)
{
    char hex[S3_SHA256_HEX];
    s3_sha256_hex(key.data, key.len, hex);
    *folder_len = (size_t)snprintf(out, S3_OVERFLOW_PATH, S3_RESERVED "/overflow/%.2s", hex);
    snprintf(out + *folder_len, S3_OVERFLOW_PATH - *folder_len, "/%s", hex);
}

/* Where key is, or would be. */
static size_t find(const s3_overflow *o, s3_slice key, bool *found)
{
    size_t lo = 0, hi = o->n;
    *found = false;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = s3_slice_compare((s3_slice){o->keys[mid], strlen(o->keys[mid])}, key);
        if (c == 0) {
            *found = true;
            return mid;
        }
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Make room for one more. */
static int reserve(s3_overflow *o, nl_error *err)
{
    if (o->n < o->room)
        return NL_OK;
    size_t room = o->room ? 2 * o->room : 64;
    char **more = realloc(o->keys, room * sizeof(*more));
    if (!more)
        return nl_fail_memory(err);
    o->keys = more;
    o->room = room;
    return NL_OK;
}

int s3_overflow_add(s3_overflow *o, s3_slice key, nl_error *err)
{
    bool found;
    pthread_rwlock_wrlock(&o->lock);
    size_t at = find(o, key, &found);
    int rc = found ? NL_OK : reserve(o, err);
    if (!rc && !found) {
        char *copy = strndup(key.data, key.len);
        if (copy) {
            memmove(o->keys + at + 1, o->keys + at, (o->n - at) * sizeof(*o->keys));
            o->keys[at] = copy;
            o->n++;
        } else {
            rc = nl_fail_memory(err);
        }
    }
    pthread_rwlock_unlock(&o->lock);
    return rc;
}

void s3_overflow_remove(s3_overflow *o, s3_slice key)
{
    bool found;
    pthread_rwlock_wrlock(&o->lock);
    size_t at = find(o, key, &found);
    if (found) {
        free(o->keys[at]);
        o->n--;
        memmove(o->keys + at, o->keys + at + 1, (o->n - at) * sizeof(*o->keys));
    }
    pthread_rwlock_unlock(&o->lock);
}

bool s3_overflow_has(s3_overflow *o, s3_slice key)
{
    bool found;
    pthread_rwlock_rdlock(&o->lock);
    find(o, key, &found);
    pthread_rwlock_unlock(&o->lock);
    return found;
}

bool s3_overflow_next(s3_overflow *o, s3_slice from, bool after, nl_buf *out)
{
    bool found;
    nl_buf_clear(out);
    pthread_rwlock_rdlock(&o->lock);
    size_t at = find(o, from, &found);
    at += found && after;
    bool any = at < o->n && nl_buf_puts(out, o->keys[at], NULL) == NL_OK;
    pthread_rwlock_unlock(&o->lock);
    return any;
}

size_t s3_overflow_count(s3_overflow *o)
{
    pthread_rwlock_rdlock(&o->lock);
    size_t n = o->n;
    pthread_rwlock_unlock(&o->lock);
    return n;
}

/* Append the key of one file, unsorted. A file that is no overflow object is left out. */
static int load_file(s3_overflow *o, int folder, const char *name, nl_error *err)
{
    nl_arena arena = {0};
    s3_slice key;
    s3_meta meta;
    nl_error why = {0};
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int rc = fd < 0 ? nl_fail_errno(&why, errno, "cannot open") : s3_trailer_read(fd, &arena, &key, &meta, &why);
    if (rc) {
        nl_log("server/s3", NL_LOG_WARN, "overflow file %s is left out: %s", name, why.message);
        rc = NL_OK;
    } else if ((rc = reserve(o, err)) == NL_OK) {
        char *copy = strndup(key.data, key.len);
        if (copy)
            o->keys[o->n++] = copy;
        else
            rc = nl_fail_memory(err);
    }
    if (fd >= 0)
        close(fd);
    nl_arena_free(&arena);
    return rc;
}

/* All files of one of the 256 folders. */
static int load_folder(s3_overflow *o, int parent, const char *name, nl_error *err)
{
    int rc = NL_OK;
    int fd = s3_folder_open(parent, name);
    if (fd < 0)
        return errno == ENOTDIR || errno == ENOENT ? NL_OK : nl_fail_errno(err, errno, "cannot open overflow/%s", name);
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return nl_fail_memory(err);
    }
    const struct dirent *e;
    while (!rc && (e = readdir(d)))
        if (strlen(e->d_name) == 64)
            rc = load_file(o, fd, e->d_name, err);
    closedir(d);
    return rc;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int s3_overflow_open(s3_overflow *o, int fd, nl_error *err)
{
    int rc = NL_OK;
    *o = (s3_overflow){0};
    pthread_rwlock_init(&o->lock, NULL);
    int all = openat(fd, S3_RESERVED "/overflow", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (all < 0)
        return NL_OK;
    for (int i = 0; i < 256 && !rc; i++) {
        char name[3];
        snprintf(name, sizeof(name), "%02x", i);
        rc = load_folder(o, all, name, err);
    }
    close(all);
    if (o->n)
        qsort(o->keys, o->n, sizeof(*o->keys), by_bytes);
    return rc;
}

void s3_overflow_close(s3_overflow *o)
{
    for (size_t i = 0; i < o->n; i++)
        free(o->keys[i]);
    free(o->keys);
    pthread_rwlock_destroy(&o->lock);
}
